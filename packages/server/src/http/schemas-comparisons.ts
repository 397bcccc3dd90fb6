import { z } from "@hono/zod-openapi";

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const count = z.number().int();

const cohortPoint = z
  .object({
    users: count,
    failing: count,
    failingLately: count,
    failures: count,
    rate: z.number().optional().openapi({
      description:
        "The share of requests of the last half minute that failed, or the 95th percentile of users' first values",
    }),
  })
  .openapi("CohortPoint");

const comparisonPoint = z
  .object({
    at: instant,
    of: z.enum(["failures", "values"]),
    unit: z
      .enum(["ratio", "percent", "seconds", "milliseconds", "count", "none"])
      .openapi({ description: "What the cohorts' rate is in" }),
    ratio: z.number().optional().openapi({ description: "Odds ratio of failing, or how many times longer it takes" }),
    low: z.number().optional(),
    high: z.number().optional(),
    on: cohortPoint,
    off: cohortPoint,
  })
  .openapi("ComparisonPoint");

/** The users with the flag against those without it. */
export const comparisonView = z
  .object({
    metric: z.string(),
    line: z.string().openapi({ description: "Everything in one line" }),
    standing: z.enum(["compared", "tooFew", "mismatch", "noControl", "stale"]).openapi({
      description: "Whether the cohorts can be compared; anything but `compared` keeps the percentage down",
    }),
    since: instant.optional(),
    reason: z.string().optional(),
    tests: z.array(
      z.object({
        name: z.string(),
        evidence: z.number(),
        needed: z.number(),
        isAlarm: z.boolean(),
        layer: z.enum(["fast", "slow"]),
      }),
    ),
    margin: z.number().optional(),
    series: z.array(comparisonPoint),
  })
  .openapi("Comparison", { description: "The users with the flag against those without it, at the same instants" });
