import type { AuditEntry, DrillView, JsonObject, ReceiptsView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { DEFAULT_DRILL_PLAN, DRILL_FLAG, drillPlanOf, judgeDrill, waitMsOf } from "../../domain/drill.ts";
import { instantOf } from "../../domain/instant.ts";
import { isOver } from "../../domain/rollout/state.ts";
import type { Fact } from "../../gates/facts.ts";
import { authorizeIn, isFor, type Grant } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import { PLAN_BODY_MAX_BYTES, planIn } from "../plan-texts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import { legs as legsShown } from "../schemas-receipts.ts";

const TAG = "Drills";
const RECORDED = "drill.recorded";
const FAILED = "drill.failed";
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
    withinMs: z.number().optional().openapi({ description: "30 s, or what the drilled plan's own settings allow" }),
    trigger: z.string().optional(),
    condition: z.string().optional(),
    waitMs: z.number().optional().openapi({ description: "From the breach to the sample that it was decided on" }),
    legs: legsShown.optional(),
  })
  .openapi("Drill");

const drillPlanShown = z
  .object({
    text: z.string().openapi({ description: "The plan to start a rollout of" }),
    trigger: z.string(),
    condition: z.string(),
    intervalMs: z.number(),
    forMs: z.number(),
    withinMs: z.number(),
  })
  .openapi("DrillPlan");

/** Rehearsed rollbacks: kept in the audit, and told to every rollout that asks for one. */
export function drillRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), getRoute(parts), planRoute(parts), breachRoute(parts), recordRoute(parts)];
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

function getRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/drills/{id}",
      tag: TAG,
      summary: "Get a drill",
      description: "By the id of its rollout, among the last hundred.",
      lane: "admin",
      answers: { 200: { description: "The drill", schema: drillShown } },
      problems: ["DRILL_NOT_FOUND"],
    },
    async ({ grant, params }) => {
      const drill = (await drillsIn(parts)).find(({ rollout }) => rollout === params.id);
      return drill !== undefined && isFor(grant, drill.environment)
        ? json(200, drill)
        : problemReply({
            code: "DRILL_NOT_FOUND",
            detail: `There is no drill of the rollout ${JSON.stringify(params.id)} among the last ${SHOWN_MAX}.`,
            hint: "List them with GET /api/v1/drills.",
          });
    },
  );
}

function planRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/drills/plan",
      tag: TAG,
      summary: "Make the plan of a drill",
      description:
        "Takes a plan's first rollback trigger on a metric, with its condition, interval and `for`, over to the flag rampart-drill, with a metric that is healthy until a breach is fed in.",
      lane: "admin",
      body: z
        .strictObject({
          environment: z.string().max(64),
          text: z.string().max(PLAN_BODY_MAX_BYTES).optional(),
          name: z.string().max(128).optional(),
        })
        .openapi("NewDrillPlan"),
      bodyMaxBytes: 2 * PLAN_BODY_MAX_BYTES,
      answers: { 200: { description: "What is rehearsed", schema: drillPlanShown } },
      problems: ["ENVIRONMENT_NOT_FOUND", "PLAN_INVALID", "PLAN_NOT_FOUND", "DRILL_PROVES_NOTHING"],
    },
    async ({ grant, body: { environment, text, name } }) => {
      authorizeIn(grant, environment, parts.feeds.keys());
      const source = text ?? (name === undefined ? DEFAULT_DRILL_PLAN : await storedText(parts, name));
      if (source === undefined) {
        return problemReply({
          code: "PLAN_NOT_FOUND",
          detail: `There is no stored plan named ${JSON.stringify(name)}.`,
          hint: "List the plans with GET /api/v1/plans.",
        });
      }
      const plan = drillPlanOf(await planIn(parts, source), environment);
      if (plan === undefined) {
        return problemReply({
          code: "DRILL_PROVES_NOTHING",
          detail: "The plan has no rollback trigger that watches a metric.",
          hint: "Give it one, or drill without a plan.",
        });
      }
      await parts.drills.calm(environment);
      return json(200, plan);
    },
  );
}

function breachRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/drills/breach",
      tag: TAG,
      summary: "Feed a drill's breach",
      description:
        "From now on the metrics of the environment's drill are in breach. Concerns nothing but the flag rampart-drill.",
      lane: "admin",
      body: z.strictObject({ environment: z.string().max(64) }).openapi("DrillBreach"),
      answers: { 200: { description: "Since when", schema: z.object({ at: z.string() }) } },
      problems: ["ENVIRONMENT_NOT_FOUND"],
    },
    async ({ grant, body: { environment } }) => {
      authorizeIn(grant, environment, parts.feeds.keys());
      const at = parts.clock.now();
      await parts.drills.breach(environment, at);
      return json(200, { at: instantOf(at) });
    },
  );
}

async function storedText({ rollouts }: HttpParts, name: string): Promise<string | undefined> {
  return (await rollouts.plans({ name, limit: 1 })).at(0)?.text;
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
        "Names the revision at which a trigger rolled the flag rampart-drill back. It counts when every client's receipt is there, and against older ones when not; `rampart drill` does all of it.",
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
      const breachedAt = await parts.drills.breachedAt(environment);
      const verdict = judgeDrill(receipts, breachedAt);
      if (verdict.kind === "failed") await tellOf(parts, await noteFailure(parts, grant, receipts));
      if (verdict.kind !== "good") {
        return problemReply({
          code: "DRILL_PROVES_NOTHING",
          detail: `The drill proves nothing: ${verdict.detail}.`,
          hint: `${verdict.hint}.`,
        });
      }
      const rollout = receipts.rollout ?? "";
      const waitMs = waitMsOf(receipts, breachedAt);
      const after = {
        revision,
        rollout,
        tookMs: verdict.tookMs,
        clients: receipts.expected,
        ...(await rehearsedOf(parts, rollout, environment)),
        ...(waitMs !== undefined && { waitMs }),
        legs: { ...receipts.legs } as unknown as JsonObject,
      };
      await parts.drills.calm(environment);
      const entry = await parts.store.appendAudit(
        { target: `drill/${environment}`, environment, after },
        metaOf(parts, grant, { action: RECORDED }),
      );
      await tellOf(parts, entry);
      return json(201, drillOf(entry));
    },
  );
}

/** A drill that not every client confirmed is no proof of anything, but of this: an older success is none any more. */
function noteFailure(parts: HttpParts, grant: Grant, receipts: ReceiptsView): Promise<AuditEntry> {
  const { environment, revision, rollout = "", expected, acknowledged } = receipts;
  return parts.store.appendAudit(
    { target: `drill/${environment}`, environment, after: { revision, rollout, expected, acknowledged } },
    metaOf(parts, grant, { action: FAILED }),
  );
}

/** Tells every rollout that goes on. */
async function tellOf({ runner }: Pick<HttpParts, "runner">, entry: AuditEntry): Promise<void> {
  await runner.tell(factOf(entry), ({ row }) => !isOver(row.state));
}

/** Tells a rollout that was just made of the last drill, which may be all that it needs. */
export async function tellLastDrill(
  { store, runner }: Pick<HttpParts, "store" | "runner">,
  rollout: string,
): Promise<void> {
  const newest = await Promise.all(
    [RECORDED, FAILED].map((action) => store.audit({ action, order: "newest", limit: 1 })),
  );
  const [last] = newest.flat().toSorted((a, b) => b.seq - a.seq);
  if (last !== undefined) await runner.tell(factOf(last), ({ row }) => row.id === rollout);
}

const factOf = (entry: AuditEntry): Fact => ({
  kind: "drillRecorded",
  drilledAt: Date.parse(entry.at),
  ...(entry.action === RECORDED && { tookMs: drillOf(entry).tookMs }),
});

async function drillsIn({ store }: Pick<HttpParts, "store">): Promise<readonly DrillView[]> {
  return (await store.audit({ action: RECORDED, order: "newest", limit: SHOWN_MAX })).map(drillOf);
}

/** Which trigger it was, and how long it may take. */
async function rehearsedOf(
  { runner }: HttpParts,
  rollout: string,
  environment: string,
): Promise<Pick<DrillView, "trigger" | "condition" | "withinMs">> {
  const running = await runner.find(rollout);
  const drilled = running?.plan.flag === DRILL_FLAG ? drillPlanOf(running.plan, environment) : undefined;
  if (drilled === undefined) return {};
  const { trigger, condition, withinMs } = drilled;
  return { trigger, condition, withinMs };
}

/** The audit holds what this file wrote there. */
function drillOf(entry: AuditEntry): DrillView {
  const after = entry.after as unknown as Omit<DrillView, "at" | "environment" | "by">;
  return { ...after, at: instantOf(Date.parse(entry.at)), environment: entry.environment ?? "", by: entry.actor };
}
