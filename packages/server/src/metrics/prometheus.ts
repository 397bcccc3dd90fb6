import type { Metric } from "../domain/plan/types.ts";
import type { EgressResult } from "../ports/egress.ts";
import type { MetricProvider, Measurement } from "../ports/metric-provider.ts";
import { ANSWER_BYTES_MAX, QUERY_TIMEOUT_MS, rawOf } from "./limits.ts";
import { readAnswer, type Reading } from "./prometheus-answer.ts";
import { questionFor, sourceOf, unixSeconds, type PrometheusOptions } from "./prometheus-question.ts";

/** Points asked for in a baseline's range: enough for a mean, few enough for any server. */
const BASELINE_POINTS = 60;
const STEP_SECONDS_MIN = 1;

/** Asks Prometheus, or anything that speaks its query API (Thanos, Mimir, VictoriaMetrics), one instant query a sample. */
export function createPrometheusProvider(options: PrometheusOptions): MetricProvider {
  const ask = async (
    metric: Metric,
    path: string,
    parameters: Readonly<Record<string, string>>,
    average: boolean,
  ): Promise<Measurement> => {
    const source = sourceOf(metric);
    const base = source.url ?? options.defaultUrl;
    if (base === undefined) {
      return {
        kind: "error",
        cause: "configuration",
        reason: "no Prometheus server is named; give the metric a url or set RAMPART_PROMETHEUS_URL",
      };
    }
    const limits = { timeoutMs: QUERY_TIMEOUT_MS, bodyBytesMax: ANSWER_BYTES_MAX };
    const question = questionFor(source, { base, path }, parameters, limits);
    return measurementOf(await options.egress.send(question), source.query, average);
  };
  return {
    sample: (metric, at) => ask(metric, "/api/v1/query", { time: unixSeconds(at) }, false),
    baseline: (metric, { from, to }) => {
      const step = Math.max(STEP_SECONDS_MIN, Math.ceil((to - from) / 1000 / BASELINE_POINTS));
      return ask(
        metric,
        "/api/v1/query_range",
        { start: unixSeconds(from), end: unixSeconds(to), step: String(step) },
        true,
      );
    },
  };
}

function measurementOf(result: EgressResult, query: string, average: boolean): Measurement {
  switch (result.kind) {
    case "refused":
      return { kind: "error", cause: "configuration", reason: `${result.reason}; ${result.hint}` };
    case "failed":
      return { kind: "error", cause: "provider", reason: result.reason };
    case "answer":
      return judge(result.status, readAnswer(result.body, query), rawOf(result.body), average);
  }
}

function judge(status: number, reading: Reading, raw: string, average: boolean): Measurement {
  if (status === 401 || status === 403)
    return {
      kind: "error",
      cause: "configuration",
      reason: `the server answered ${status}: check the metric's headers`,
    };
  if (reading.kind === "wrong")
    return {
      kind: "error",
      cause: reading.cause,
      reason: status === 200 ? reading.reason : `the server answered ${status}: ${reading.reason}`,
    };
  if (status !== 200) return { kind: "error", cause: "provider", reason: `the server answered ${status}` };
  if (reading.kind === "empty") return { kind: "noData", reason: "the query gives no series", raw };
  const finite = reading.points.filter((point) => Number.isFinite(point.value));
  const last = finite.at(-1);
  if (!last) return { kind: "noData", reason: `the value is ${reading.points.at(-1)?.value ?? "missing"}`, raw };
  const value = average ? finite.reduce((sum, point) => sum + point.value, 0) / finite.length : last.value;
  return { kind: "value", value, observedAt: last.atMs, raw };
}
