import type { ReachedRollout, SignalResult } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { instantOf } from "../../domain/instant.ts";
import type { Plan } from "../../domain/plan/types.ts";
import { isOver, statusOf } from "../../domain/rollout/state.ts";
import type { Told } from "../../gates/runner.ts";
import { authorizeIn, isFor } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { signalResult } from "../schemas-rollouts.ts";

/** The section of the reference page for facts from outside. */
export const SIGNAL_TAG = "Signals and alerts";

const SIGNAL_MAX_BYTES = 4 * 1024;

/** Facts that are pushed from outside. */
export function signalRoute({ runner, clock, feeds }: HttpParts): Route {
  return route(
    { scope: "signals:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/signals",
      tag: SIGNAL_TAG,
      summary: "Push a signal",
      description:
        "A number that metrics stand for, an event that triggers wait for, or both. It acts at once on every rollout whose plan knows it, in the environments that the token is good for, or in the one and on the flag that are named.",
      lane: "signals",
      anyContentType: true,
      bodyMaxBytes: SIGNAL_MAX_BYTES,
      body: z
        .strictObject({
          name: z.string().min(1).max(128).openapi({ example: "support_tickets" }),
          value: z.number().optional(),
          environment: z.string().max(64).optional(),
          flag: z.string().max(128).optional(),
        })
        .openapi("NewSignal"),
      answers: { 200: { description: "The rollouts that heard it, as they are right after", schema: signalResult } },
      problems: ["ENVIRONMENT_NOT_FOUND"],
    },
    async ({ grant, body: { name, value, environment, flag } }) => {
      if (environment !== undefined) authorizeIn(grant, environment, feeds.keys());
      const told = await runner.tell(
        { kind: "signal", signal: name, ...(value !== undefined && { value }) },
        ({ row, plan }) => {
          const isMeant = (environment ?? row.environment) === row.environment && (flag ?? row.flag) === row.flag;
          return isMeant && !isOver(row.state) && isFor(grant, row.environment) && knows(plan, name);
        },
      );
      const heard = reachedBy(told);
      return json(200, {
        name,
        ...(value !== undefined && { value }),
        at: instantOf(clock.now()),
        heard,
      } satisfies SignalResult);
    },
  );
}

function knows(plan: Plan, signal: string): boolean {
  const asMetric = Object.values(plan.metrics).some(
    ({ source }) => source.kind === "signal" && source.signal === signal,
  );
  return (
    asMetric ||
    plan.stages.some(({ triggers }) => triggers.some(({ test }) => test.kind === "signal" && test.signal === signal))
  );
}

/** The rollouts that were told something, right after. Throws when one of them could not take it: the sender must send it again. */
export function reachedBy(told: readonly Told[]): readonly ReachedRollout[] {
  return told.map(({ row: { id, flag, environment, state }, outcome }) => {
    if (outcome.kind === "failed") throw outcome.error;
    return { id, flag, environment, status: statusOf(state), percentage: state.percentage };
  });
}
