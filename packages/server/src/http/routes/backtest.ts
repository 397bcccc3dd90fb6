import type { BacktestView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { prepareBacktest, type BacktestRequest } from "../../domain/backtest/settings.ts";
import { runBacktest } from "../../gates/backtest.ts";
import { authorizeIn } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { PLAN_BODY_MAX_BYTES, runnablePlanIn } from "../plan-texts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { backtestView } from "../schemas-backtest.ts";

/** Of all metrics together: a week of thirty metrics every minute. Each piece of the work is some ten thousand of them. */
const SAMPLES_MAX = 300_000;

/** Of the rollouts together: a second or two, in small pieces. */
const STEPS_MAX = 20_000;

/** A metrics server that is slower than this is not asked for more: somebody waits. */
const READ_MAX_MS = 60_000;

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 7;
const DAYS_MAX = 366;

const instant = z.iso.datetime({ offset: true }).openapi({ example: "2026-01-05T02:00:00Z" });

const body = z.strictObject({
  plan: z.string().openapi({ description: "YAML" }),
  from: instant.optional().openapi({ description: "In place of `days`" }),
  to: instant.optional().openapi({ description: "Default: now" }),
  days: z.number().positive().max(DAYS_MAX).default(DAYS_DEFAULT),
  stage: z.string().max(128).optional().openapi({ description: "Watch its triggers and criteria only" }),
  stepMs: z.number().int().min(1000).optional().openapi({ description: "Sample more rarely than the plan does" }),
  everyMs: z.number().int().min(1000).optional().openapi({ description: "Start a rollout this often" }),
  startAt: instant.optional().openapi({ description: "Start one rollout, then" }),
});

/** Plans against the past. The plan's variables go where it says, so that it takes what starting a rollout takes. */
export function backtestRoute(parts: HttpParts): Route {
  const { clock, feeds, history, rest } = parts;
  let isBusy = false;
  return route(
    { scope: "rollouts:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/plans/backtest",
      tag: "Plans",
      summary: "Play a plan against the past of its metrics",
      description:
        "Which triggers would have fired, and what would have become of rollouts. Reads the history of the metrics that are asked of Prometheus, and stores nothing.",
      lane: "admin",
      body,
      bodyMaxBytes: PLAN_BODY_MAX_BYTES,
      answers: { 200: { description: "What would have happened", schema: backtestView } },
      problems: ["PLAN_INVALID", "ENVIRONMENT_NOT_FOUND", "BACKTEST_INVALID", "METRIC_UNREADABLE"],
    },
    async ({ grant, body: asked }) => {
      const plan = await runnablePlanIn(parts, asked.plan);
      authorizeIn(grant, plan.environment, feeds.keys());
      const prepared = prepareBacktest(plan, requestOf(asked, clock.now()), SAMPLES_MAX);
      if (!prepared.ok) {
        const { reason, hint } = prepared;
        return problemReply({
          code: "BACKTEST_INVALID",
          detail: `The backtest can't be done: ${reason}.`,
          hint: `${hint}.`,
        });
      }
      if (isBusy) {
        const busy = {
          code: "RATE_LIMITED",
          detail: "Another backtest is going on.",
          hint: "Try again in some seconds, or do it on your machine: rampart plan backtest.",
        } as const;
        return problemReply(busy, { "retry-after": "5" });
      }
      isBusy = true;
      try {
        const until = clock.monotonicMs() + READ_MAX_MS;
        const mayGoOn = (): boolean => clock.monotonicMs() < until;
        const result = await runBacktest(prepared.backtest, { history, rest, mayGoOn, stepsMax: STEPS_MAX });
        if (result.kind === "done") return json(200, result.report satisfies BacktestView);
        const { metric, query, reason, hint } = result;
        const detail = `${metric} (${query}) can't be read: ${parts.scrub(reason)}.`;
        return problemReply({ code: "METRIC_UNREADABLE", detail, hint: `${hint}.` });
      } finally {
        isBusy = false;
      }
    },
  );
}

function requestOf(
  { from, to, days, stage, stepMs, everyMs, startAt }: z.infer<typeof body>,
  now: number,
): BacktestRequest {
  const end = Math.min(now, to === undefined ? now : Date.parse(to));
  return {
    from: from === undefined ? end - days * DAY_MS : Date.parse(from),
    to: end,
    ...(stage !== undefined && { stage }),
    ...(stepMs !== undefined && { stepMs }),
    ...(startAt !== undefined
      ? { starts: { kind: "at" as const, at: Date.parse(startAt) } }
      : everyMs !== undefined && { starts: { kind: "every" as const, everyMs } }),
  };
}
