import type { CreatedToken, TokenKind } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { environmentNotFound, tokenNotFound } from "../../domain/problems.ts";
import { mintContextSecret, mintToken } from "../../domain/tokens.ts";
import { tokenView } from "../../domain/view.ts";
import type { BrowserRules, TokenRecord } from "../../ports/store.ts";
import { pageAfter, pageQuery } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import type { Authenticator } from "../authenticator.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { createdToken, pageOf, tokenKind, tokenView as tokenShown } from "../schemas.ts";

const TAG = "Tokens";

/** The kinds that programs with an SDK hold, and those that stand between: each is good for one environment, and takes it from the key. */
const KEY_KINDS: ReadonlySet<TokenKind> = new Set(["server", "client", "relay"]);

const origin = z
  .string()
  .max(200)
  .refine(isOrigin, "must be an origin as browsers send it, like https://shop.example or http://localhost:5173")
  .openapi({ example: "https://shop.example" });

const newToken = z
  .strictObject({
    kind: tokenKind,
    name: z
      .string()
      .trim()
      .min(1, "must not be empty")
      .max(100, "must be at most 100 characters")
      .openapi({ example: "checkout service" }),
    environments: z
      .array(z.string().max(32))
      .min(1, 'must name at least one environment, or "*" for all')
      .max(50)
      .default(["*"]),
    roles: z
      .array(z.string().regex(/^[a-z0-9-]{1,64}$/, "must be small letters, digits and -, at most 64"))
      .max(20)
      .default([]),
    expiresAt: z.iso.datetime({ error: "must be a UTC instant like 2026-12-31T00:00:00Z" }).optional(),
    origins: z
      .array(origin)
      .max(50)
      .optional()
      .openapi({ description: "Of client keys: whose pages may use it. Without any, those of every site" }),
    secure: z.boolean().optional().openapi({ description: "Of client keys: contexts must be signed" }),
  })
  .openapi("NewToken");

/** Tokens of people, pipelines and SDKs. */
export function tokenRoutes(parts: HttpParts, authenticator: Authenticator): readonly Route[] {
  return [listRoute(parts), createRoute(parts), revokeRoute(parts, authenticator)];
}

function listRoute({ store }: HttpParts): Route {
  return route(
    { scope: "tokens:admin", reach: "all" },
    {
      method: "get",
      path: "/api/v1/tokens",
      tag: TAG,
      summary: "List tokens",
      description: "Without their text: that is shown once, when they are made. Revoked ones stay in the list.",
      lane: "admin",
      query: pageQuery,
      answers: { 200: { description: "A page of tokens, by id", schema: pageOf(tokenShown) } },
    },
    async ({ query }) => {
      const page = pageAfter(await store.tokens(), ({ id }) => id, query);
      return json(200, { ...page, items: page.items.map(tokenView) });
    },
  );
}

function createRoute(parts: HttpParts): Route {
  return route(
    { scope: "tokens:admin", reach: "all" },
    {
      method: "post",
      path: "/api/v1/tokens",
      tag: TAG,
      summary: "Make a token",
      description: "Keys (server, client, relay) are for exactly one environment.",
      lane: "admin",
      body: newToken,
      answers: { 201: { description: "The token, with its text: it is shown this once", schema: createdToken } },
      problems: ["INVALID_BODY", "ENVIRONMENT_NOT_FOUND"],
    },
    async ({ grant, body }) => {
      const { kind, environments } = body;
      const known = [...parts.feeds.keys()];
      const unknown = environments.find((environment) => environment !== "*" && !known.includes(environment));
      if (unknown !== undefined) return problemReply(environmentNotFound(unknown, known));
      if (KEY_KINDS.has(kind) && (environments.length !== 1 || environments[0] === "*")) {
        const detail = `a ${kind} key is for exactly one environment, not for ${environments.join(", ")}`;
        return problemReply({
          code: "INVALID_BODY",
          detail: `/environments: ${detail}.`,
          hint: "Make one key for each environment.",
          errors: [{ pointer: "/environments", detail }],
        });
      }
      const wrong = body.origins !== undefined ? "origins" : body.secure === undefined ? undefined : "secure";
      if (kind !== "client" && wrong !== undefined) {
        const detail = `is for client keys, and this is to be a ${kind} key`;
        return problemReply({
          code: "INVALID_BODY",
          detail: `/${wrong} ${detail}.`,
          hint: "Leave it out.",
          errors: [{ pointer: `/${wrong}`, detail }],
        });
      }
      const secret = body.secure === true ? mintContextSecret(parts.randomBytes) : undefined;
      const browsers = browserRules(body.origins, secret);
      const expiresAt = body.expiresAt === undefined ? undefined : Date.parse(body.expiresAt);
      const { name, roles } = body;
      const { record, text } = issue(parts, { kind, environments, name, roles, expiresAt, browsers });
      await parts.store.createToken(record, metaOf(parts, grant, { action: "token.created" }));
      return json(201, { ...tokenView(record), token: text, ...(secret && { secret }) } satisfies CreatedToken);
    },
  );
}

function revokeRoute(parts: HttpParts, authenticator: Authenticator): Route {
  return route(
    { scope: "tokens:admin", reach: "all" },
    {
      method: "delete",
      path: "/api/v1/tokens/{id}",
      tag: TAG,
      summary: "Revoke a token",
      description: "At once: streams that it opened are closed. Idempotent.",
      lane: "admin",
      answers: { 200: { description: "The revoked token", schema: tokenShown } },
      problems: ["TOKEN_NOT_FOUND"],
    },
    async ({ grant, params }) => {
      const revoked = await parts.store.revokeToken(params.id, metaOf(parts, grant, { action: "token.revoked" }));
      switch (revoked.kind) {
        case "written":
          authenticator.forget(params.id);
          parts.tickets.revoke(params.id);
          parts.hub.revoke(params.id);
          parts.eventStreams.revoke(params.id);
          return json(200, tokenView(revoked.after));
        case "kept":
          return json(200, tokenView(revoked.record));
        case "missing":
          return problemReply(tokenNotFound(params.id));
        case "refused":
          return revoked.problem;
      }
    },
  );
}

function browserRules(origins: readonly string[] = [], secret: string | undefined): BrowserRules | undefined {
  return origins.length === 0 && secret === undefined
    ? undefined
    : { origins: origins.map((one) => one.toLowerCase()), ...(secret === undefined ? {} : { secret }) };
}

/** Scheme, host and port, and nothing that a browser would leave out. */
function isOrigin(text: string): boolean {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.origin === text.toLowerCase();
}

/** A new token, as it is stored and as it is shown. */
export function issue(
  { randomBytes, clock }: Pick<HttpParts, "randomBytes" | "clock">,
  {
    expiresAt,
    browsers,
    ...of
  }: Pick<TokenRecord, "kind" | "name" | "environments" | "roles"> & {
    readonly expiresAt?: number | undefined;
    readonly browsers?: BrowserRules | undefined;
  },
): { readonly record: TokenRecord; readonly text: string } {
  const [only, ...others] = of.environments;
  const label = only === undefined || only === "*" || others.length > 0 ? "all" : only;
  const { text, hash, prefix } = mintToken({ kind: of.kind, environment: label, random: randomBytes });
  const id = Buffer.from(randomBytes(6)).toString("hex");
  return {
    text,
    record: {
      ...of,
      id,
      hash,
      prefix,
      createdAt: clock.now(),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(browsers === undefined ? {} : { browsers }),
    },
  };
}
