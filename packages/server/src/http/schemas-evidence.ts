import { z } from "@hono/zod-openapi";
import { comparisonView } from "./schemas-comparisons.ts";
import { receiptsView } from "./schemas-receipts.ts";
import { cause, judged, rolloutEvent, rolloutPlan, rolloutSummary, waiting } from "./schemas-rollouts.ts";

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const count = z.number().int().min(0);
const ms = z.number().min(0);
const unit = z.enum(["ratio", "percent", "seconds", "milliseconds", "count", "none"]);
const pair = z.object({ by: z.string(), at: instant });

const answer = z
  .object({
    metric: z.string(),
    askedAt: instant,
    kind: z.enum(["value", "noData", "error"]),
    value: z.number().optional(),
    observedAt: instant.optional(),
    reason: z.string().optional(),
    answer: z.string().optional().openapi({
      description: "The source's answer; text that may be a secret is left out and stands as […]",
    }),
  })
  .openapi("KeptAnswer");

const summary = {
  metric: z.string(),
  unit,
  samples: count,
  noData: count,
  errors: count,
  min: z.number().optional(),
  max: z.number().optional(),
  mean: z.number().optional(),
  last: z.number().optional(),
};

const point = z.object({ at: instant, samples: count, min: z.number(), max: z.number(), last: z.number() });

const decision = z.object({
  at: instant,
  what: z.enum(["exposure", "stageDone", "rollback", "recovery", "completed", "review"]),
  stage: z.string().nullable(),
  planDigest: z.string(),
  criteria: z.array(z.object({ criterion: z.string(), ...judged, heldMs: ms })),
  cause: cause.optional(),
  comparisons: z.array(comparisonView).optional(),
  skipped: z.array(waiting).optional().openapi({ description: "What was missing when a person promoted" }),
  answers: z.array(answer).optional().openapi({ description: "What the sources said at the sampling before" }),
});

/** A rollout's evidence: what the incident report and the other documents are written from. */
export const evidence = z
  .object({
    madeAt: instant,
    rollout: rolloutSummary,
    plan: rolloutPlan.extend({
      owner: z.string().optional(),
      release: z.string().optional(),
      change: z
        .object({
          id: z.string().optional(),
          type: z.string().optional(),
          risk: z.string().optional(),
          impact: z.string().optional(),
        })
        .optional(),
      labels: z.record(z.string(), z.string()),
      contacts: z.array(z.object({ role: z.string(), contact: z.string() })),
      links: z.array(z.object({ title: z.string(), url: z.string() })),
      text: z.string().openapi({ description: "As it came, without what may be a secret" }),
    }),
    stages: z.array(
      z.object({
        name: z.string(),
        percentage: z.number(),
        outcome: z.enum(["passed", "promoted", "stopped", "open", "notReached"]),
        openedAt: instant.optional(),
        closedAt: instant.optional(),
        metrics: z.array(z.object(summary)),
      }),
    ),
    series: z.array(z.object({ ...summary, query: z.string(), points: z.array(point) })),
    samplesDroppedBefore: instant.optional(),
    approvals: z.array(
      z.object({ stage: z.string(), ...pair.shape, roles: z.array(z.string()), planDigest: z.string() }),
    ),
    ticks: z.array(z.object({ item: z.string(), ...pair.shape })),
    checklist: z.array(
      z.object({
        text: z.string(),
        of: z.enum(["precondition", "stage", "rollback", "completion"]),
        name: z.string().optional(),
        withinMs: ms.optional(),
        ticked: pair.optional(),
      }),
    ),
    decisions: z.array(decision),
    events: z.array(rolloutEvent),
    rollback: receiptsView.optional().openapi({ description: "Who applied the rollback, and where the time went" }),
  })
  .openapi("Evidence");
