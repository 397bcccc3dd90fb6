import type { SimulationView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { planSchema } from "../../domain/plan/json-schema.ts";
import { atLeisure } from "../../domain/pieces.ts";
import { planSummary, validatingPlan, viewingPlan } from "../../domain/plan/view.ts";
import { planNotFound } from "../../domain/problems.ts";
import { parsingScenario } from "../../domain/simulate/parse-scenario.ts";
import { reportOf } from "../../domain/simulate/report.ts";
import { simulating } from "../../domain/simulate/simulate.ts";
import type { PlanRecord } from "../../ports/rollout-store.ts";
import { isFor } from "../grant.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { invalidText, PLAN_BODY_MAX_BYTES, planIn, storePlan } from "../plan-texts.ts";
import { ProblemError, problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { openRoute, route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import {
  planSummary as summaryShown,
  planValidation,
  planView as planShown,
  simulationView,
} from "../schemas-rollouts.ts";

const TAG = "Plans";

/** Revisions of one plan that are listed. */
const REVISIONS_MAX = 100;

/** A real plan takes some hundreds. This many take a second or two, in small pieces. */
const SIMULATION_STEPS_MAX = 20_000;

/** Simulations at a time: they share one processor with everything else. */
const SIMULATIONS_MAX = 2;

const text = z.string().openapi({ description: "YAML", example: "apiVersion: rampart/v1\nkind: RolloutPlan\n…" });
const planText = z.strictObject({ text });

/** Plans: documents, each revision of which is kept. */
export function planRoutes(parts: HttpParts): readonly Route[] {
  return [
    listRoute(parts),
    storeRoute(parts),
    getRoute(parts),
    validateRoute(parts),
    simulateRoute(parts),
    schemaRoute(),
  ];
}

function listRoute({ rollouts, runner }: HttpParts): Route {
  return route(
    { scope: "plans:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/plans",
      tag: TAG,
      summary: "List plans",
      description: "The newest revision of each, for the environments that the token is good for.",
      lane: "admin",
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX) }),
      answers: { 200: { description: "The plans, the newest first", schema: pageOf(summaryShown) } },
    },
    async ({ grant, query }) => {
      const records = await rollouts.plans({ newest: true, limit: query.limit });
      const plans = await Promise.all(records.map(({ digest }) => runner.plans.get(digest)));
      const shown = plans.flatMap((stored) =>
        stored && isFor(grant, stored.plan.environment) ? [planSummary(stored.record, stored.plan)] : [],
      );
      return json(200, { items: shown });
    },
  );
}

function storeRoute(parts: HttpParts): Route {
  return route(
    { scope: "plans:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/plans",
      tag: TAG,
      summary: "Store a plan",
      description:
        "As a new revision of its name; one that is stored already stays the revision that it is. Comments and formatting make no new one.",
      lane: "admin",
      body: planText,
      bodyOfText: (yaml) => ({ text: yaml }),
      bodyMaxBytes: PLAN_BODY_MAX_BYTES,
      answers: { 201: { description: "The stored revision", schema: planShown } },
      problems: ["PLAN_INVALID", "ENVIRONMENT_NOT_FOUND", "UNSUPPORTED_MEDIA_TYPE"],
    },
    async ({ grant, body }) => {
      const plan = await planIn(parts, body.text);
      const record = await storePlan(parts, grant, plan, body.text);
      const revisions = await revisionsOf(parts, plan.name);
      const view = await atLeisure(viewingPlan({ record, plan }, revisions, parts.variables), parts.rest);
      return json(201, view, {
        location: `/api/v1/plans/${encodeURIComponent(plan.name)}`,
      });
    },
  );
}

function getRoute(parts: HttpParts): Route {
  return route(
    { scope: "plans:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/plans/{name}",
      tag: TAG,
      summary: "Get a plan",
      description: "The newest revision, or the one that `version` or `digest` names.",
      lane: "admin",
      query: z.strictObject({
        version: z.coerce.number().int().min(1).optional(),
        digest: z.string().max(64).optional(),
      }),
      answers: { 200: { description: "The plan", schema: planShown } },
      problems: ["PLAN_NOT_FOUND"],
    },
    async ({ grant, params, query }) => {
      const revisions = await revisionsOf(parts, params.name);
      const wanted = revisions.find(
        ({ version, digest }) => (query.version ?? version) === version && (query.digest ?? digest) === digest,
      );
      const stored = wanted && (await parts.runner.plans.get(wanted.digest));
      if (stored === undefined || !isFor(grant, stored.plan.environment))
        throw await planMissing(parts, params.name, revisions);
      return json(200, await atLeisure(viewingPlan(stored, revisions, parts.variables), parts.rest));
    },
  );
}

function validateRoute({ variables, rest }: HttpParts): Route {
  return route(
    { scope: "plans:read", reach: "some" },
    {
      method: "post",
      path: "/api/v1/plans/validate",
      tag: TAG,
      summary: "Check a plan",
      description:
        "Everything that is wrong with it at once, by line and column; or what is worth a second thought. Stores nothing.",
      lane: "admin",
      body: planText,
      bodyOfText: (yaml) => ({ text: yaml }),
      bodyMaxBytes: PLAN_BODY_MAX_BYTES,
      answers: { 200: { description: "What was found, whether the plan is valid or not", schema: planValidation } },
      problems: ["UNSUPPORTED_MEDIA_TYPE"],
    },
    async ({ body }) => json(200, await atLeisure(validatingPlan(body.text, variables), rest)),
  );
}

function simulateRoute({ rest }: HttpParts): Route {
  let running = 0;
  return route(
    { scope: "plans:read", reach: "some" },
    {
      method: "post",
      path: "/api/v1/plans/simulate",
      tag: TAG,
      summary: "Play a scenario against a plan",
      description: "With the reducer that runs rollouts, on a virtual clock. Stores nothing.",
      lane: "admin",
      body: z.strictObject({
        plan: text,
        scenario: z.string().default("{}").openapi({ description: "YAML", example: "metrics:\n  error_rate: 0.2%\n" }),
      }),
      bodyMaxBytes: 2 * PLAN_BODY_MAX_BYTES,
      answers: { 200: { description: "What would happen, and when", schema: simulationView } },
      problems: ["PLAN_INVALID", "SCENARIO_INVALID"],
    },
    async ({ body }) => {
      const plan = await planIn({ rest }, body.plan);
      const scenario = await atLeisure(parsingScenario(body.scenario, plan), rest);
      if (!scenario.ok) throw invalidText("SCENARIO_INVALID", "scenario", scenario.problems);
      if (running >= SIMULATIONS_MAX) {
        const busy = {
          code: "RATE_LIMITED",
          detail: `${SIMULATIONS_MAX} simulations are running already.`,
          hint: "Try again in a second, or simulate on your machine: rampart plan simulate.",
        } as const;
        return problemReply(busy, { "retry-after": "1" });
      }
      running += 1;
      try {
        const work = simulating(plan, scenario.scenario, { stepsMax: SIMULATION_STEPS_MAX });
        const simulation = await atLeisure(work, rest);
        const { summary, notes } = simulation;
        return json(200, { ...reportOf(simulation), summary, notes } satisfies SimulationView);
      } finally {
        running -= 1;
      }
    },
  );
}

function schemaRoute(): Route {
  return openRoute(
    "editors load it by its address, and it says nothing of this server",
    {
      method: "get",
      path: "/schemas/rollout-plan.json",
      tag: TAG,
      summary: "The plan format as JSON Schema",
      description: "For editors that complete YAML: `# yaml-language-server: $schema=…` in a plan's first line.",
      lane: "open",
      answers: { 200: { description: "JSON Schema, draft 7" } },
    },
    () => json(200, planSchema(), { "cache-control": "public, max-age=3600" }),
  );
}

function revisionsOf({ rollouts }: Pick<HttpParts, "rollouts">, name: string): Promise<readonly PlanRecord[]> {
  return rollouts.plans({ name, limit: REVISIONS_MAX });
}

async function planMissing(
  { rollouts }: Pick<HttpParts, "rollouts">,
  name: string,
  revisions: readonly PlanRecord[],
): Promise<ProblemError> {
  const [newest] = revisions;
  if (newest !== undefined) {
    return new ProblemError({
      code: "PLAN_NOT_FOUND",
      detail: `The plan ${JSON.stringify(newest.name)} has no such revision here.`,
      hint: `Its newest is version ${newest.version}.`,
    });
  }
  const known = await rollouts.plans({ newest: true, limit: PAGE_MAX });
  return new ProblemError(
    planNotFound(
      name,
      known.map((plan) => plan.name),
    ),
  );
}
