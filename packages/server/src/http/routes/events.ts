import { z } from "@hono/zod-openapi";
import type { HttpParts } from "../parts.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";

export const SDK_TAG = "SDKs";

/** A thousand series with all their latency bins. */
const EVENTS_MAX_BYTES = 256 * 1024;

/** Series in one report, at most: what an SDK keeps apart between two reports. */
const SERIES_MAX = 1_000;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epochMs = z.number().int();
const name = z.string().min(1).max(128);

const run = z.object({
  flag: name,
  cohort: z.enum(["on", "off"]),
  count,
  failures: count,
  latencySumMs: z.number().min(0),
  latencyBins: z
    .array(z.tuple([z.number().int().min(0).max(95), count]))
    .max(96)
    .openapi({
      type: "array",
      items: { type: "array", items: { type: "integer" } },
      description: "[bin, count] of the bins that are not empty",
    }),
});

const report = z
  .object({
    instanceId: z.string().max(64),
    seq: z.number().int().min(1).openapi({ description: "Counts the client's reports" }),
    from: epochMs,
    to: epochMs,
    runs: z.array(run).max(SERIES_MAX),
    tracks: z.array(z.object({ metric: name, count, sum: z.number() })).max(SERIES_MAX),
    dropped: count.openapi({ description: "Calls that are in no series" }),
  })
  .openapi("EventReport", { description: "Numbers of users' calls since the last report, never who they were" });

/** What SDKs measured. */
export function eventsRoute(parts: HttpParts): Route {
  return route(
    { scope: "sdk:write", reach: "key" },
    {
      method: "post",
      path: "/sdk/v1/events",
      tag: SDK_TAG,
      summary: "Report what was measured",
      lane: "events",
      bodyMaxBytes: EVENTS_MAX_BYTES,
      body: report,
      answers: { 204: { description: "Counted" } },
      problems: ["INVALID_BODY"],
    },
    ({ grant, body }) => {
      countReport(parts, grant.environment, body);
      return { status: 204, headers: { "cache-control": "no-store" } };
    },
  );
}

function countReport(parts: HttpParts, environment: string, { runs, tracks, dropped }: z.output<typeof report>): void {
  const totals = parts.events.get(environment);
  const ruleset = parts.feeds.get(environment)?.ruleset;
  let lost = dropped;
  for (const { flag, cohort, count: calls, failures, latencySumMs } of runs) {
    // A flag that isn't there would be a series that nothing bounds.
    if (ruleset?.has(flag) !== true) {
      lost += calls;
      continue;
    }
    const measured = { count: calls, failures, latencySumMs };
    totals?.ran(flag, cohort, measured);
    parts.meter.ran(environment, flag, cohort, measured);
  }
  for (const { metric, count: calls, sum } of tracks) totals?.tracked(metric, { count: calls, sum });
  totals?.drop(lost);
  if (lost > 0) parts.meter.eventsDropped(environment, lost);
}
