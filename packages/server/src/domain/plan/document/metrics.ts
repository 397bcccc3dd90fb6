import { z } from "zod";
import { METRIC_NAME_PATTERN } from "../grammar/condition.ts";
import { choice, duration, line, prose, query, template } from "./leaves.ts";

const headers = z
  .record(
    z.string().min(1).max(100),
    template("The header's value; `${NAME}` is a variable of the server.", "Bearer ${METRICS_TOKEN}"),
  )
  .meta({
    title: "map of templates",
    description: 'Headers of each request. Secrets go into variables: `authorization: "Bearer ${METRICS_TOKEN}"`.',
  });

const promql = query(
  "An instant query that gives one number: a scalar, or a vector with one series.",
  'sum(rate(http_requests_total{status=~"5.."}[2m])) / sum(rate(http_requests_total[2m]))',
);

const prometheus = z
  .union([
    promql,
    z.strictObject({
      query: promql,
      url: template("The Prometheus to ask. Default: `spec.prometheus`.", "${PROMETHEUS_URL}").optional(),
      headers: headers.optional(),
    }),
  ])
  .meta({ title: "PromQL or mapping", description: "A query to a Prometheus, or to anything that speaks its API." });

/** The Prometheus of queries that name none. */
export const prometheusServer = z
  .strictObject({ url: template("Where it is.", "${PROMETHEUS_URL}"), headers: headers.optional() })
  .meta({ description: "The Prometheus that queries without a `url` go to. Default: the server's own setting." });

const http = z
  .strictObject({
    url: template("What to call.", "https://portal.example/v1/health"),
    method: choice(["GET", "HEAD", "POST"], "How to call it.", "GET").optional(),
    headers: headers.optional(),
    expect: z
      .strictObject({
        status: z
          .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1).max(20)])
          .meta({ title: "status or list", description: "Good status codes.", examples: [200], default: 200 })
          .optional(),
        body: z
          .strictObject({
            pointer: line("JSON pointer into the answer.", "/status"),
            equals: z
              .unknown()
              .meta({ title: "JSON", description: "The value that has to stand there.", examples: ["healthy"] }),
          })
          .meta({ description: "A value that a good answer holds." })
          .optional(),
      })
      .meta({ description: "What a good answer is. Default: status 200." })
      .optional(),
    measure: z
      .union([
        z.enum(["success", "latency"]),
        z.strictObject({ pointer: line("JSON pointer to a number in the answer.", "/queue/lag_seconds") }),
      ])
      .meta({
        title: "choice or mapping",
        description:
          "What the metric's value is: the share of good answers over `window` (`success`), the seconds an answer took (`latency`), or a number in the answer (`{ pointer: /… }`).",
        examples: ["success"],
        default: "success",
      })
      .optional(),
    window: duration("`success` is the share of good answers over this time.", {
      examples: ["1m", "5m"],
      default: "1m",
    }).optional(),
    every: duration("Between two calls. Default: the plan's interval.", { examples: ["30s"] }).optional(),
  })
  .meta({ description: "A call to a URL: is it up, how long does it take, what does it say." });

const sdk = z
  .strictObject({
    measure: choice(
      ["error_rate", "p50", "p95", "p99", "rate", "count"],
      "What is computed from the reports: the share of failures, a latency in seconds (or a percentile of the tracked value), events a second, or their number.",
    ),
    metric: line("The `track` metric. Default: what `run` of the plan's flag reports.", "upload_ms").optional(),
    cohort: choice(["on", "off", "all"], "Whose reports: users with the flag on, off, or both.", "on").optional(),
    window: duration("How far back each value looks.", { examples: ["1m", "5m"], default: "1m" }).optional(),
    minEvents: z
      .int()
      .min(0)
      .max(1_000_000)
      .meta({
        description: "With fewer events in the window there is no data, so that a single failure decides nothing.",
        examples: [5],
        default: 0,
      })
      .optional(),
  })
  .meta({ description: "What the SDKs report: `run` and `track`, by cohort." });

const signal = line("The signal's name in `POST /api/v1/signals`.", "support_tickets");

/** One of the four sources, and what its numbers are. */
export const metric = z
  .strictObject({
    prometheus: prometheus.optional(),
    http: http.optional(),
    signal: signal
      .meta({
        title: "text",
        description: "Numbers that somebody pushes with `POST /api/v1/signals`; the last one holds until the next.",
      })
      .optional(),
    sdk: sdk.optional(),
    unit: choice(
      ["ratio", "percent", "seconds", "milliseconds", "count", "none"],
      "What the numbers are: 0…1, 0…100, times, a count, or anything. Default: known for http and sdk, else taken from the conditions (`5%` means ratio, `500ms` means seconds).",
    ).optional(),
    baseline: z
      .union([z.number(), z.string()])
      .meta({
        title: "number with unit",
        description: "What `baseline` means in conditions. Default: what was seen before exposure.",
        examples: ["200ms", 40],
      })
      .optional(),
    maxAge: duration("An older sample is stale, and counts as no data.", { examples: ["2m"] }).optional(),
    description: prose("What it measures, for people.", "Share of requests answered with 5xx").optional(),
  })
  .meta({
    description: "A number that is watched: exactly one of `prometheus`, `http`, `signal`, `sdk`.",
    oneOf: [{ required: ["prometheus"] }, { required: ["http"] }, { required: ["signal"] }, { required: ["sdk"] }],
  });

/** Metrics by name. */
export const metrics = z
  .record(z.string().meta({ pattern: METRIC_NAME_PATTERN }), metric)
  .meta({ title: "map of metrics", description: "The numbers that conditions are about, by name." });
