import { z } from "@hono/zod-openapi";
import { STATUSES } from "../domain/rollout/state.ts";
import { cause } from "./schemas-rollouts.ts";

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const ms = z.number().openapi({ description: "Milliseconds" });
const count = z.number().int();
const unit = z.enum(["ratio", "percent", "seconds", "milliseconds", "count", "none"]);

const condition = {
  condition: z.string(),
  forMs: ms,
  unit,
  stages: z.array(z.string()),
  samples: count,
  trueSamples: count,
  unknownSamples: count,
  longest: z.object({ since: instant, ms }).optional(),
  extreme: z.object({ value: z.number(), threshold: z.number(), at: instant }).optional(),
};

const trigger = z
  .object({
    name: z.string(),
    action: z.enum(["rollback", "pause", "notify"]),
    severity: z.enum(["P0", "P1", "P2", "P3"]),
    ...condition,
    fired: count,
    firings: z.array(
      z.object({ at: instant, since: instant, until: instant.optional(), peak: z.number(), threshold: z.number() }),
    ),
  })
  .openapi("BacktestTrigger");

/** What core calls `BacktestView`. */
export const backtestView = z
  .object({
    plan: z.object({ name: z.string(), title: z.string(), digest: z.string() }),
    from: instant,
    to: instant,
    intervalMs: ms,
    metrics: z.array(
      z.object({
        name: z.string(),
        unit,
        samples: count,
        noData: count,
        errors: count,
        firstAt: instant.optional(),
        lastAt: instant.optional(),
      }),
    ),
    triggers: z.array(trigger),
    criteria: z.array(z.object({ ...condition, heldSamples: count })),
    gaps: z.array(
      z.object({
        metric: z.string(),
        since: instant,
        at: instant,
        reason: z.string(),
        action: z.enum(["hold", "pause", "rollback"]),
      }),
    ),
    rollouts: z.array(
      z.object({
        startAt: instant,
        outcome: z.enum(STATUSES),
        at: instant.optional(),
        stage: z.string().nullable(),
        cause: cause.optional(),
        sentence: z.string(),
      }),
    ),
    leftOut: z.array(z.object({ what: z.string(), why: z.string() })),
    summary: z.string(),
    notes: z.array(z.string()),
  })
  .openapi("Backtest");
