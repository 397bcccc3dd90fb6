import { isDeepStrictEqual } from "node:util";
import type { Metric, MetricSource } from "../domain/plan/types.ts";
import type { Egress, EgressResult } from "../ports/egress.ts";
import type { MetricProvider, Measurement } from "../ports/metric-provider.ts";
import { atPointer } from "./json-pointer.ts";
import { ANSWER_BYTES_MAX, QUERY_TIMEOUT_MS, rawOf } from "./limits.ts";

type HttpSource = Extract<MetricSource, { kind: "http" }>;
type Answer = Extract<EgressResult, { kind: "answer" }>;

/** Different checks remembered at once; the longest unused goes first. */
const CHECKS_MAX = 2000;
const OUTCOMES_MAX = 4096;

/** What is remembered of one check: its last measurement, and the outcomes inside its window. */
interface History {
  last: { readonly at: number; readonly measurement: Measurement } | undefined;
  outcomes: { readonly at: number; readonly good: boolean }[];
}

/**
 * Polls an address and looks at what comes back. Rollouts that make the very same check share it. For the share of
 * good answers (`success`), no answer at all is a bad one: a dead endpoint is what the check is there to find. For a latency or a value it is an
 * error, since there is nothing to compare.
 */
export function createHttpCheckProvider(options: { readonly egress: Egress }): MetricProvider {
  const histories = new Map<string, History>();
  const historyOf = (source: HttpSource): History => {
    const key = JSON.stringify(source);
    const history = histories.get(key) ?? { last: undefined, outcomes: [] };
    histories.delete(key);
    histories.set(key, history);
    const [oldest] = histories.keys();
    if (histories.size > CHECKS_MAX && oldest !== undefined) histories.delete(oldest);
    return history;
  };

  return {
    async sample(metric, at) {
      const source = sourceOf(metric);
      const history = historyOf(source);
      if (history.last && at >= history.last.at && at - history.last.at < (source.everyMs ?? 0))
        return history.last.measurement;
      const result = await options.egress.send({
        url: source.url,
        method: source.method,
        headers: source.headers,
        timeoutMs: QUERY_TIMEOUT_MS,
        bodyBytesMax: ANSWER_BYTES_MAX,
      });
      const measurement = observe(source, result, history, at);
      history.last = { at, measurement };
      return measurement;
    },
    async baseline(metric) {
      return { kind: "noData", reason: `${metric.name} is an HTTP check, which has no past`, raw: "" };
    },
  };
}

function sourceOf(metric: Metric): HttpSource {
  if (metric.source.kind !== "http")
    throw new Error(`the HTTP provider was asked for a metric of kind ${metric.source.kind}`);
  return metric.source;
}

function observe(source: HttpSource, result: EgressResult, history: History, at: number): Measurement {
  if (result.kind === "refused")
    return { kind: "error", cause: "configuration", reason: `${result.reason}; ${result.hint}` };
  const { measure } = source;
  switch (measure.kind) {
    case "success":
      return successShare(
        history,
        { at, good: result.kind === "answer" && isGood(source, result) },
        measure.windowMs,
        result,
      );
    case "latency":
      if (result.kind === "failed") return { kind: "error", cause: "provider", reason: result.reason };
      return { kind: "value", value: result.durationMs / 1000, observedAt: at, raw: `${result.status}` };
    case "value":
      if (result.kind === "failed") return { kind: "error", cause: "provider", reason: result.reason };
      return isGood(source, result)
        ? valueAt(result, measure.pointer, at)
        : { kind: "error", cause: "provider", reason: `the answer was ${result.status}, not what is expected` };
  }
}

function successShare(
  history: History,
  outcome: { readonly at: number; readonly good: boolean },
  windowMs: number,
  result: EgressResult,
): Measurement {
  history.outcomes = [...history.outcomes, outcome]
    .filter((one) => one.at > outcome.at - windowMs)
    .slice(-OUTCOMES_MAX);
  const good = history.outcomes.filter((one) => one.good).length;
  const raw =
    result.kind === "answer" ? `${result.status} ${rawOf(result.body)}` : result.kind === "failed" ? result.reason : "";
  return { kind: "value", value: good / history.outcomes.length, observedAt: outcome.at, raw };
}

function isGood(source: HttpSource, answer: Answer): boolean {
  const { status, body } = source.expect;
  if (!status.includes(answer.status)) return false;
  return body === undefined || isDeepStrictEqual(atPointer(parseJson(answer.body), body.pointer), body.equals);
}

function valueAt(answer: Answer, pointer: string, at: number): Measurement {
  const value = atPointer(parseJson(answer.body), pointer);
  if (typeof value === "number" && Number.isFinite(value))
    return { kind: "value", value, observedAt: at, raw: rawOf(answer.body) };
  if (typeof value === "boolean")
    return { kind: "value", value: value ? 1 : 0, observedAt: at, raw: rawOf(answer.body) };
  return {
    kind: "noData",
    reason: `there is no number at ${pointer === "" ? "the top" : pointer}`,
    raw: rawOf(answer.body),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
