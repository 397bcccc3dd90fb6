import { z } from "@hono/zod-openapi";
import { flagNotFound, rolloutBusy } from "../../domain/problems.ts";
import { refuseToBegin } from "../../domain/rollout/startable.ts";
import { rolloutSummary } from "../../domain/rollout/view/rollout.ts";
import type { Plan } from "../../domain/plan/types.ts";
import { creationOf } from "../../gates/commit.ts";
import type { Running } from "../../gates/runner.ts";
import type { RolloutRow } from "../../ports/rollout-store.ts";
import type { Grant } from "../grant.ts";
import { authorizeIn, isFor } from "../grant.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { PLAN_BODY_MAX_BYTES, runnablePlanIn, storePlan } from "../plan-texts.ts";
import { ProblemError, problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import { outcomeReply, rolloutFor, type RolloutViews } from "../rollout-views.ts";
import { tellLastDrill } from "./drills.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import { rolloutSummary as summaryShown, rolloutView as rolloutShown } from "../schemas-rollouts.ts";

/** The section of the reference page for rollouts. */
export const ROLLOUT_TAG = "Rollouts";

const ID_BYTES = 6;

const newRollout = z
  .strictObject({
    plan: z.string().optional().openapi({ description: "The plan's YAML; it is stored" }),
    planDigest: z.string().max(64).optional().openapi({ description: "In place of `plan`: a stored revision" }),
    startAt: z.iso
      .datetime({ error: "must be a UTC instant like 2026-01-05T02:00:00Z" })
      .optional()
      .openapi({ description: "Not before; at once when nothing is said" }),
  })
  .openapi("NewRollout");

/** Rollouts: executions of plans. */
export function rolloutRoutes(parts: HttpParts, views: RolloutViews): readonly Route[] {
  return [listRoute(parts), createRoute(parts, views), getRoute(parts, views), editRoute(parts, views)];
}

function listRoute(parts: HttpParts): Route {
  return route(
    { scope: "rollouts:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/rollouts",
      tag: ROLLOUT_TAG,
      summary: "List rollouts",
      description: "For the environments that the token is good for.",
      lane: "admin",
      query: z.strictObject({
        environment: z.string().max(64).optional(),
        flag: z.string().max(128).optional(),
        active: z.enum(["true", "false"]).default("false").openapi({ description: "Only those that have not ended" }),
        limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
      }),
      answers: { 200: { description: "The rollouts, the newest first", schema: pageOf(summaryShown) } },
    },
    async ({ grant, query }) => {
      const { environment, flag, active, limit } = query;
      const filter = { ...(environment !== undefined && { environment }), ...(flag !== undefined && { flag }) };
      const rows = await parts.rollouts.rollouts({ ...filter, active: active === "true", limit: PAGE_MAX });
      const shown = rows.filter((row) => isFor(grant, row.environment)).slice(0, limit);
      return json(200, {
        items: (await Promise.all(shown.map((row) => readable(parts, row)))).flat().map(rolloutSummary),
      });
    },
  );
}

/** One rollout whose plan this version can't read any more hides itself from the list, and nothing else. */
async function readable({ runner, logger }: HttpParts, row: RolloutRow): Promise<readonly Running[]> {
  try {
    return [await runner.running(row)];
  } catch (error) {
    logger.error({ rollout: row.id, err: error }, "a rollout can't be shown");
    return [];
  }
}

function createRoute(parts: HttpParts, views: RolloutViews): Route {
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/rollouts",
      tag: ROLLOUT_TAG,
      summary: "Start a rollout",
      description:
        "Flag and environment are the plan's. The flag must be boolean, on, at 0 %, and not in another rollout's hands.",
      lane: "admin",
      body: newRollout,
      bodyOfText: (yaml) => ({ plan: yaml }),
      bodyMaxBytes: PLAN_BODY_MAX_BYTES,
      answers: { 201: { description: "The rollout", schema: rolloutShown } },
      problems: [
        "INVALID_BODY",
        "PLAN_INVALID",
        "PLAN_NOT_FOUND",
        "ENVIRONMENT_NOT_FOUND",
        "FLAG_NOT_FOUND",
        "FLAG_DISABLED",
        "FLAG_EXPOSED",
        "ROLLOUT_BUSY",
        "NOT_BOOLEAN",
        "UNSUPPORTED_MEDIA_TYPE",
      ],
    },
    async ({ grant, body }) => {
      const plan = await planOf(parts, grant, body);
      const at = parts.clock.now();
      const startAt = body.startAt === undefined ? at : Date.parse(body.startAt);
      const id = Buffer.from(parts.randomBytes(ID_BYTES)).toString("hex");
      const { actor: by, traceId } = grant;
      const what = { id, plan, at, startAt, by, ...(traceId !== undefined && { traceId }) };
      const { row, records, outbox } = creationOf(what);
      const created = await parts.rollouts.createRollout(
        row,
        records,
        { actor: grant.actor, at },
        { outbox, refuse: refuseToBegin },
      );
      switch (created.kind) {
        case "created":
          await parts.runner.adopt(row);
          await tellLastDrill(parts, id);
          return json(201, await views.view(await rolloutFor(parts, grant, id)), {
            location: `/api/v1/rollouts/${id}`,
          });
        case "busy":
          return problemReply(rolloutBusy(plan.flag, plan.environment, created.id));
        case "flagMissing":
          return flagMissing(parts, plan.flag);
        case "refused":
          return problemReply(created.problem);
      }
    },
  );
}

interface WantedPlan {
  readonly plan?: string | undefined;
  readonly planDigest?: string | undefined;
}

/** The plan that is to run, stored. */
async function planOf(parts: HttpParts, grant: Grant, { plan: text, planDigest }: WantedPlan): Promise<Plan> {
  if ((text === undefined) === (planDigest === undefined)) {
    const detail = "exactly one of plan (its YAML) and planDigest (a stored revision) is needed";
    throw new ProblemError({
      code: "INVALID_BODY",
      detail: `${detail}.`,
      hint: 'Send the plan\'s YAML with the header content-type: application/yaml, or as "plan".',
      errors: [{ pointer: "/plan", detail }],
    });
  }
  if (text !== undefined) {
    const plan = await runnablePlanIn(parts, text);
    await storePlan(parts, grant, plan, text);
    return plan;
  }
  const stored = await parts.runner.plans.get(planDigest ?? "");
  if (stored === undefined) {
    throw new ProblemError({
      code: "PLAN_NOT_FOUND",
      detail: `There is no stored plan with the digest ${JSON.stringify(planDigest)}.`,
      hint: "List the plans with GET /api/v1/plans.",
    });
  }
  authorizeIn(grant, stored.plan.environment, parts.feeds.keys());
  return runnablePlanIn(parts, stored.record.text);
}

async function flagMissing({ store }: Pick<HttpParts, "store">, flag: string): Promise<Reply> {
  const { detail, hint, ...refusal } = flagNotFound(
    flag,
    (await store.flags()).map(({ definition }) => definition.key),
  );
  return problemReply({ ...refusal, detail: `spec.flag of the plan: ${detail}`, ...(hint !== undefined && { hint }) });
}

function getRoute(parts: HttpParts, views: RolloutViews): Route {
  return route(
    { scope: "rollouts:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/rollouts/{id}",
      tag: ROLLOUT_TAG,
      summary: "Get a rollout",
      description:
        "Where it is, what it waits for, how every criterion and trigger stands, and what can be asked of it now.",
      lane: "admin",
      answers: { 200: { description: "The rollout", schema: rolloutShown } },
      problems: ["ROLLOUT_NOT_FOUND"],
    },
    async ({ grant, params }) => json(200, await views.view(await rolloutFor(parts, grant, params.id))),
  );
}

function editRoute(parts: HttpParts, views: RolloutViews): Route {
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "put",
      path: "/api/v1/rollouts/{id}/plan",
      tag: ROLLOUT_TAG,
      summary: "Go on by another revision of the plan",
      description:
        "Its stages up to the open one must be what they are. Approvals that were given count for nothing any more.",
      lane: "admin",
      body: z.strictObject({ plan: z.string() }),
      bodyOfText: (yaml) => ({ plan: yaml }),
      bodyMaxBytes: PLAN_BODY_MAX_BYTES,
      answers: { 200: { description: "The rollout", schema: rolloutShown } },
      problems: ["ROLLOUT_NOT_FOUND", "PLAN_INVALID", "PLAN_MISMATCH", "PLAN_EDIT_TOO_LATE", "UNSUPPORTED_MEDIA_TYPE"],
    },
    async ({ grant, params, body }) => {
      const { row } = await rolloutFor(parts, grant, params.id);
      const plan = await runnablePlanIn(parts, body.plan);
      const differs = plan.flag !== row.flag || plan.environment !== row.environment || plan.name !== row.planName;
      if (differs) {
        return problemReply({
          code: "PLAN_MISMATCH",
          detail: `The rollout runs ${row.planName} for ${row.flag} in ${row.environment}; this is ${plan.name} for ${plan.flag} in ${plan.environment}.`,
          hint: "Send a revision of the same plan, or start another rollout.",
        });
      }
      await storePlan(parts, grant, plan, body.plan);
      return outcomeReply(parts, views, row.id, await parts.runner.edit(row.id, grant.actor, plan));
    },
  );
}
