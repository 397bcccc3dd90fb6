import type { AuditEntry, DrillView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { judgeDrill } from "../../domain/drill.ts";
import { instantOf } from "../../domain/instant.ts";
import { isOver } from "../../domain/rollout/state.ts";
import { authorizeIn, isFor } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";

const TAG = "Drills";
const ACTION = "drill.recorded";
const SHOWN_MAX = 100;

const drillShown = z
  .object({
    at: z.string().openapi({ format: "date-time" }),
    environment: z.string(),
    revision: z.number().int(),
    rollout: z.string(),
    tookMs: z.number().openapi({ description: "From the breach to the last client's having applied the rollback" }),
    clients: z.number().int(),
    by: z.string(),
  })
  .openapi("Drill");

/** Rehearsed rollbacks: kept in the audit, and told to every rollout that asks for one. */
export function drillRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), recordRoute(parts)];
}

function listRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/drills",
      tag: TAG,
      summary: "List drills",
      lane: "admin",
      answers: { 200: { description: "The newest first", schema: pageOf(drillShown) } },
    },
    async ({ grant }) => {
      const drills = (await drillsIn(parts)).filter((drill) => isFor(grant, drill.environment));
      return json(200, { items: drills });
    },
  );
}

function recordRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/drills",
      tag: TAG,
      summary: "Record a drill",
      description:
        "Names the revision at which a trigger rolled the flag rampart-drill back. It counts when every client's receipt is there; `rampart drill` does all of it.",
      lane: "admin",
      body: z.strictObject({ environment: z.string().max(64), revision: z.number().int().min(1) }).openapi("NewDrill"),
      answers: { 201: { description: "The drill", schema: drillShown } },
      problems: ["ENVIRONMENT_NOT_FOUND", "RECEIPTS_NOT_FOUND", "DRILL_PROVES_NOTHING"],
    },
    async ({ grant, body: { environment, revision } }) => {
      authorizeIn(grant, environment, parts.feeds.keys());
      const receipts = parts.hub.receiptsView(environment)?.find((one) => one.revision === revision);
      if (receipts === undefined) {
        return problemReply({
          code: "RECEIPTS_NOT_FOUND",
          detail: `No receipts are kept of revision ${revision} of ${environment}.`,
          hint: "Run rampart drill: it rolls the drill flag back and records what came of it.",
        });
      }
      const verdict = judgeDrill(receipts);
      if (verdict.kind === "bad") {
        return problemReply({
          code: "DRILL_PROVES_NOTHING",
          detail: `The drill proves nothing: ${verdict.detail}.`,
          hint: `${verdict.hint}.`,
        });
      }
      const after = { revision, rollout: receipts.rollout ?? "", tookMs: verdict.tookMs, clients: receipts.expected };
      const entry = await parts.store.appendAudit(
        { target: `drill/${environment}`, environment, after },
        metaOf(parts, grant.actor, { action: ACTION }),
      );
      await parts.runner.tell(
        { kind: "drillRecorded", drilledAt: Date.parse(entry.at), tookMs: verdict.tookMs },
        ({ row }) => !isOver(row.state),
      );
      return json(201, drillOf(entry));
    },
  );
}

/** Tells a rollout that was just made of the last drill, which may be all that it needs. */
export async function tellLastDrill(parts: Pick<HttpParts, "store" | "runner">, rollout: string): Promise<void> {
  const [last] = await drillsIn(parts, 1);
  if (last === undefined) return;
  await parts.runner.tell(
    { kind: "drillRecorded", drilledAt: Date.parse(last.at), tookMs: last.tookMs },
    ({ row }) => row.id === rollout,
  );
}

async function drillsIn({ store }: Pick<HttpParts, "store">, limit: number = SHOWN_MAX): Promise<readonly DrillView[]> {
  return (await store.audit({ action: ACTION, order: "newest", limit })).map(drillOf);
}

/** The audit holds what this file wrote there. */
function drillOf(entry: AuditEntry): DrillView {
  const { revision, rollout, tookMs, clients } = entry.after as unknown as Pick<
    DrillView,
    "revision" | "rollout" | "tookMs" | "clients"
  >;
  return {
    at: instantOf(Date.parse(entry.at)),
    environment: entry.environment ?? "",
    revision,
    rollout,
    tookMs,
    clients,
    by: entry.actor,
  };
}
