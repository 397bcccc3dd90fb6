import { EVALUATIONS_MAX, VALUE_BINS } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { parseJson } from "../body.ts";
import type { Scope } from "../../domain/tokens.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";

/** The section of the reference page for what SDKs call. */
export const SDK_TAG = "SDKs";
/** The heading in the reference of what pages call. */
export const CLIENT_TAG = "Browsers";

/** A thousand series with their bins, and all the units that an SDK keeps apart between two reports. */
export const EVENTS_MAX_BYTES = 512 * 1024;

/** Flags times metrics that an SDK counts by unit. */
const UNIT_SERIES_MAX = 32;

/** Series in one report, at most: what an SDK keeps apart between two reports. */
const SERIES_MAX = 1_000;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epochMs = z.number().int();
const name = z.string().min(1).max(128);

const bins = z
  .array(
    z.tuple([
      z
        .number()
        .int()
        .min(0)
        .max(VALUE_BINS - 1),
      count,
    ]),
  )
  .max(VALUE_BINS)
  .openapi({
    type: "array",
    items: { type: "array", items: { type: "integer" } },
    description: "[bin, count] of the bins that are not empty",
  });

const cohortName = z.enum(["on", "off"]);

const run = z.object({
  flag: name,
  cohort: cohortName,
  count,
  failures: count,
  latencySumMs: z.number().min(0),
  latencyBins: bins,
});

const cohortCounts = z.object({
  flag: name,
  metric: name,
  cohort: cohortName,
  count,
  failures: count,
  valueBins: bins,
});

const units = z.object({
  flag: name,
  metric: name,
  thousandths: z
    .number()
    .int()
    .min(1)
    .max(99_999)
    .openapi({ description: "The percentage that the client knew, in thousandths of a percent" }),
  data: z.string().max(EVENTS_MAX_BYTES).openapi({ description: "Counts by hash sub-bucket; see the SDKs' core" }),
});

/** More in one report are none that an SDK has counted. */
const EVALUATION_COUNT_MAX = 10_000_000_000;

const evaluations = z.object({
  counts: z
    .array(z.tuple([name, name.nullable(), z.number().int().min(1).max(EVALUATION_COUNT_MAX)]))
    .max(EVALUATIONS_MAX)
    .openapi({
      type: "array",
      items: { type: "array", items: {} },
      description: "[flag, variant, count]; the variant is null where the caller got the default",
    }),
  dropped: count.openapi({ description: "Evaluations that are not in the counts" }),
});

const report = z
  .object({
    instanceId: z.string().max(64),
    seq: z.number().int().min(1).openapi({ description: "Counts the client's reports" }),
    from: epochMs,
    to: epochMs,
    runs: z.array(run).max(SERIES_MAX),
    tracks: z.array(z.object({ metric: name, count, sum: z.number() })).max(SERIES_MAX),
    cohorts: z
      .array(cohortCounts)
      .max(SERIES_MAX)
      .optional()
      .openapi({ description: "Tracked metrics of flags under a rollout, by cohort" }),
    units: z
      .array(units)
      .max(UNIT_SERIES_MAX)
      .optional()
      .openapi({ description: "Calls for flags under a rollout, by unit" }),
    evaluations: evaluations.optional().openapi({
      description: "How often flags were asked for; of pages the server knows that itself, and leaves it out",
    }),
    dropped: count.openapi({ description: "Calls that are not in all that they should be in" }),
  })
  .openapi("EventReport", { description: "Numbers of users' calls since the last report, never who they were" });

/** Where a route stands that servers and browsers have each for themselves. */
export interface Where {
  readonly path: `/${string}`;
  readonly scope: Scope;
  readonly tag: string;
  /** Pages of other sites may call it, beacons included: their key is in the body. */
  readonly browsers?: boolean;
}

/** Where servers' SDKs report. */
export const SDK_EVENTS: Where = { path: "/sdk/v1/events", scope: "sdk:write", tag: SDK_TAG };

/** Where pages report. */
export const CLIENT_EVENTS: Where = {
  path: "/client/v1/events",
  scope: "client:write",
  tag: CLIENT_TAG,
  browsers: true,
};

/** What SDKs measured. */
export function eventsRoute(parts: HttpParts, { path, scope, tag, browsers = false }: Where): Route {
  return route(
    { scope, reach: "key" },
    {
      method: "post",
      path,
      tag,
      summary: "Report what was measured",
      ...(browsers
        ? {
            browsers,
            keyInBody: true,
            bodyOfText: parseJson,
            description:
              "A beacon, which has no headers, sends the same as `text/plain` with the client key as a field `key`.",
          }
        : {}),
      lane: "events",
      bodyMaxBytes: EVENTS_MAX_BYTES,
      body: report,
      answers: { 204: { description: "Counted" } },
      problems: ["INVALID_BODY"],
    },
    ({ grant, body }) => {
      const { environment } = grant;
      const { units: _, ...plain } = body;
      // A page's key is for everybody to see: whoever has it could make up users who fail, until a comparison rings.
      const taken = parts.intake.take(environment, browsers ? plain : body);
      if (taken.kind === "unreadable")
        return problemReply({
          code: "INVALID_BODY",
          detail: `units[${taken.index}].data can't be read.`,
          hint: "Send it as encodeUnits of @rampart/core writes it.",
        });
      if (taken.kind === "taken") {
        countReport(parts, environment, { ...body, dropped: body.dropped + taken.noRoom });
        // Anybody has a page's key, and what a page was given was counted here.
        if (!browsers && body.evaluations !== undefined) parts.evaluations.reported(environment, body.evaluations);
      }
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
