import { changesOf, samplingsOf, type Grid, type PastChange } from "../domain/backtest/history.ts";
import type { Sample } from "../domain/rollout/sample.ts";
import type { EgressResult } from "../ports/egress.ts";
import type { MetricHistory, MetricPast } from "../ports/metric-history.ts";
import { readRange, severalSeries, type RangeReading, type Series } from "./prometheus-answer.ts";
import {
  questionFor,
  sourceOf,
  unixSeconds,
  type PrometheusOptions,
  type PrometheusSource,
} from "./prometheus-question.ts";

/** Instants asked for at once: a fifth of what Prometheus answers at most, five and a half hours of a sampling every ten seconds. */
export const PIECE_SAMPLINGS = 2_000;
/** A range is more work than an instant, and nobody's rollout waits for it. */
const RANGE_TIMEOUT_MS = 30_000;
/** Some fifteen series of one piece; a query has one. */
const RANGE_BYTES_MAX = 1024 * 1024;

type Failed = Extract<MetricPast, { readonly kind: "failed" }>;

/** Asks Prometheus, or what speaks its query API, for the past: piece by piece, one question at a time. */
export function createPrometheusHistory({ egress, defaultUrl }: PrometheusOptions): MetricHistory {
  return {
    async read(metric, grid, mayGoOn = () => true) {
      const source = sourceOf(metric);
      const base = source.url ?? defaultUrl;
      if (base === undefined)
        return failed("no Prometheus server is named", "give the metric a url, or set RAMPART_PROMETHEUS_URL");
      const changes: PastChange[] = [];
      for (const piece of piecesOf(grid)) {
        if (!mayGoOn()) return failed("it takes too long to read", `${ASK_LESS}; or look at a shorter time`);
        const result = await egress.send(rangeQuestion(source, base, piece));
        const reading = readResult(result, source.query);
        if (reading.kind === "failed") return reading;
        changes.push(...changesOf(samplesOf(reading.series, piece)));
      }
      return { kind: "read", changes: changesOf(changes) };
    },
  };
}

/** The same, with every metric asked for at one server, whichever the plan names. Its headers go there, too. */
export function historyAt(history: MetricHistory, url: string): MetricHistory {
  return {
    read: (metric, grid, mayGoOn) => history.read({ ...metric, source: { ...sourceOf(metric), url } }, grid, mayGoOn),
  };
}

function rangeQuestion(source: PrometheusSource, base: string, { from, to, everyMs }: Grid) {
  const parameters = { start: unixSeconds(from), end: unixSeconds(to), step: String(everyMs / 1000) };
  const limits = { timeoutMs: RANGE_TIMEOUT_MS, bodyBytesMax: RANGE_BYTES_MAX };
  return questionFor(source, { base, path: "/api/v1/query_range" }, parameters, limits);
}

function piecesOf({ from, to, everyMs }: Grid): readonly Grid[] {
  const samplings = samplingsOf({ from, to, everyMs });
  return Array.from({ length: Math.ceil(samplings / PIECE_SAMPLINGS) }, (_, index) => {
    const start = from + index * PIECE_SAMPLINGS * everyMs;
    return { from: start, to: Math.min(to, start + (PIECE_SAMPLINGS - 1) * everyMs), everyMs };
  });
}

function readResult(result: EgressResult, query: string): Extract<RangeReading, { readonly kind: "series" }> | Failed {
  switch (result.kind) {
    case "refused":
      return failed(result.reason, result.hint);
    case "failed":
      return failed(result.reason, result.cause === "network" ? CHECK_ADDRESS : ASK_LESS);
    case "answer":
      return judge(result.status, readRange(result.body, query));
  }
}

const CHECK_ADDRESS = "check that the address is right, and reachable from here";
const ASK_LESS = "sample more rarely, make a recording rule of the query, or aggregate its series";
const CHECK_QUERY = "try the query in Prometheus' own console";

function judge(status: number, reading: RangeReading): Extract<RangeReading, { readonly kind: "series" }> | Failed {
  if (status === 401 || status === 403) return failed(`the server answered ${status}`, "check the metric's headers");
  if (reading.kind === "wrong") {
    const hint = reading.cause === "configuration" ? CHECK_QUERY : status === 503 ? ASK_LESS : CHECK_ADDRESS;
    return failed(status === 200 ? reading.reason : `the server answered ${status}: ${reading.reason}`, hint);
  }
  return status === 200 ? reading : failed(`the server answered ${status}`, CHECK_ADDRESS);
}

/** What a sampling at each instant would have seen. */
function* samplesOf(series: readonly Series[], { from, to, everyMs }: Grid): Generator<PastChange> {
  const cursors = series.map(({ labels, points }) => ({ labels, points, next: 0 }));
  for (let at = from; at <= to; at += everyMs) {
    const present: { readonly labels: string; readonly value: number }[] = [];
    for (const cursor of cursors) {
      while ((cursor.points[cursor.next]?.atMs ?? Infinity) < at) cursor.next++;
      const point = cursor.points[cursor.next];
      if (point?.atMs === at) present.push({ labels: cursor.labels, value: point.value });
    }
    yield { at, sample: sampleOf(present) };
  }
}

function sampleOf([first, second, ...rest]: readonly { readonly labels: string; readonly value: number }[]): Sample {
  if (first === undefined) return { kind: "noData", reason: "the query gives no series" };
  if (second !== undefined)
    return { kind: "error", reason: severalSeries(rest.length + 2, first.labels, second.labels) };
  if (!Number.isFinite(first.value)) return { kind: "noData", reason: `the value is ${first.value}` };
  return { kind: "value", value: first.value, ageMs: 0 };
}

const failed = (reason: string, hint: string): Failed => ({ kind: "failed", reason, hint });
