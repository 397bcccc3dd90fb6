import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { z } from "@hono/zod-openapi";
import { ExportWriter, fingerprintOf } from "../../domain/audit-export.ts";
import { instantOf } from "../../domain/instant.ts";
import type { AuditQuery } from "../../ports/store.ts";
import type { Grant } from "../grant.ts";
import { authorizeAll, authorizeIn } from "../grant.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { json, SECURITY_HEADERS, TAKEN_OVER } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { auditEntry, pageOf } from "../schemas.ts";

const TAG = "Audit";

const auditKey = z
  .object({
    algorithm: z.literal("Ed25519"),
    publicKey: z.string().openapi({ description: "64 hexadecimal digits" }),
    fingerprint: z.string().openapi({ example: "3f2a 91c0 77de 0b14" }),
  })
  .openapi("AuditKey");

const seq = z.coerce.number().int().min(0);
const filters = {
  environment: z.string().max(64).optional(),
  target: z.string().max(200).optional().openapi({ example: "flag/checkout" }),
  action: z.string().max(64).optional().openapi({ example: "flag.killed" }),
  actor: z.string().max(200).optional(),
};

/** Who changed what, when and why. */
export function auditRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), exportRoute(parts), keyRoute(parts)];
}

function listRoute(parts: HttpParts): Route {
  return route(
    { scope: "audit:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/audit",
      tag: TAG,
      summary: "List audit entries",
      description:
        "Newest first unless `order` or `after` says otherwise. A token that is bound to environments must name one of them.",
      lane: "admin",
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
        cursor: seq.optional().openapi({ description: "`next` of the page before" }),
        after: seq.optional().openapi({ description: "Only entries after this number" }),
        before: seq.optional().openapi({ description: "Only entries before this number" }),
        order: z.enum(["oldest", "newest"]).default("newest"),
        ...filters,
      }),
      answers: { 200: { description: "A page of entries", schema: pageOf(auditEntry) } },
      problems: ["ENVIRONMENT_NOT_FOUND"],
    },
    async ({ grant, query: { cursor, ...query } }) => {
      checkReach(parts, grant, query.environment);
      const from =
        cursor === undefined
          ? {}
          : query.order === "newest"
            ? { before: Math.min(cursor, query.before ?? cursor) }
            : { after: Math.max(cursor, query.after ?? cursor) };
      const items = await parts.store.audit(defined({ ...query, ...from }));
      const last = items.at(-1);
      return json(
        200,
        items.length === query.limit && last !== undefined ? { items, next: String(last.seq) } : { items },
      );
    },
  );
}

function exportRoute(parts: HttpParts): Route {
  return route(
    { scope: "audit:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/audit/export",
      tag: TAG,
      summary: "Export the audit",
      description:
        "One entry a line, oldest first, and a last line that signs them. Without filters they are the whole hash chain. `rampart audit verify FILE` checks either offline.",
      lane: "admin",
      query: z.strictObject({ after: seq.optional(), ...filters }),
      answers: { 200: { description: "One JSON object a line", contentType: "application/x-ndjson" } },
      problems: ["ENVIRONMENT_NOT_FOUND"],
    },
    async ({ grant, query, outgoing }): Promise<typeof TAKEN_OVER> => {
      checkReach(parts, grant, query.environment);
      await exportTo(outgoing, parts, defined({ ...query, order: "oldest", limit: PAGE_MAX }));
      return TAKEN_OVER;
    },
  );
}

function keyRoute({ signer }: HttpParts): Route {
  const { publicKey } = signer;
  return route(
    { scope: "audit:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/audit/key",
      tag: TAG,
      summary: "Get the key that exports are signed with",
      description: "Note it somewhere else: who holds it can tell this server's exports from any other's.",
      lane: "admin",
      answers: { 200: { description: "The public key", schema: auditKey } },
    },
    async () => json(200, { algorithm: "Ed25519", publicKey, fingerprint: fingerprintOf(publicKey) }),
  );
}

function checkReach({ feeds }: HttpParts, grant: Grant, environment: string | undefined): void {
  if (environment === undefined) authorizeAll(grant);
  else authorizeIn(grant, environment, feeds.keys());
}

/** Page by page, at the pace of the reader: the audit may be larger than memory. */
async function exportTo(
  outgoing: ServerResponse,
  { store, signer, clock }: Pick<HttpParts, "store" | "signer" | "clock">,
  query: AuditQuery,
): Promise<void> {
  const writer = new ExportWriter();
  const { order: _, limit: __, ...filter } = query;
  let page = await store.audit(query);
  outgoing.writeHead(200, { ...SECURITY_HEADERS, "content-type": "application/x-ndjson", "cache-control": "no-store" });
  while (page.length > 0 && !outgoing.destroyed) {
    const wantsMore = outgoing.write(page.map((entry) => writer.line(entry)).join(""));
    if (!wantsMore) await Promise.race([once(outgoing, "drain"), once(outgoing, "close")]);
    const last = page.at(-1);
    page = last === undefined || page.length < query.limit ? [] : await store.audit({ ...query, after: last.seq });
  }
  // A reader that sees no last line has not got all of it.
  const isWhole = Object.keys(filter).length === 0;
  outgoing.end(outgoing.destroyed ? undefined : writer.end({ isWhole, exportedAt: instantOf(clock.now()) }, signer));
}

/** Without the fields that are undefined, as the store's exact types want it. */
function defined(query: { readonly [key in keyof AuditQuery]: AuditQuery[key] | undefined }): AuditQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as unknown as AuditQuery;
}
