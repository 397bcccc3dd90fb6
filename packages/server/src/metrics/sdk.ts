import { binOfQuantile, RUN_METRIC, valueOfBin, plural } from "@rampart/core";
import type { CohortTotal } from "../domain/intake/cohort-ring.ts";
import type { Metric, MetricSource } from "../domain/plan/types.ts";
import type { EpochMs } from "../domain/records.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import type { Measurement, MetricProvider, Subject } from "../ports/metric-provider.ts";

type Source = Extract<MetricSource, { readonly kind: "sdk" }>;

interface Range {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** Asks what SDKs report of the rollout's own flag: plain counts of every call, by cohort. */
export function createSdkProvider(counts: CohortCounts): MetricProvider {
  const over = (metric: Metric, range: Range, subject: Subject): Promise<Measurement> =>
    Promise.resolve(
      metric.source.kind === "sdk"
        ? measure(metric, metric.source, range, subject, counts)
        : { kind: "error", cause: "configuration", reason: `${metric.name} is not measured by SDKs` },
    );
  return {
    sample: (metric, at, subject) => {
      const windowMs = metric.source.kind === "sdk" ? metric.source.windowMs : 0;
      return over(metric, { from: at - windowMs, to: at }, subject);
    },
    baseline: over,
  };
}

function measure(
  metric: Metric,
  source: Source,
  range: Range,
  { environment, flag }: Subject,
  counts: CohortCounts,
): Measurement {
  const name = source.metric ?? RUN_METRIC;
  const total = counts.total({ environment, flag, metric: name }, range, source.cohort);
  const seconds = (range.to - range.from) / 1000;
  if (total === undefined || total.newestAt === undefined) {
    const whose = source.cohort === "all" ? "any user" : `users who are ${source.cohort}`;
    const what = source.metric === undefined ? "calls of run" : `events of ${source.metric}`;
    return noData(`no SDK has reported ${what} for ${whose} of ${flag} in the last ${seconds} s`, total);
  }
  if (total.count < source.minEvents)
    return noData(
      `${plural(total.count, "event")} in ${seconds} s, fewer than the ${source.minEvents} that the plan asks for`,
      total,
    );
  const value = valueOf(metric, source, total, seconds);
  return value === undefined
    ? noData(`none of ${plural(total.count, "event")} has a value`, total)
    : { kind: "value", value, observedAt: total.newestAt, raw: rawOf(total) };
}

function valueOf(metric: Metric, source: Source, total: CohortTotal, seconds: number): number | undefined {
  switch (source.measure) {
    case "error_rate": {
      const rate = total.failures / total.count;
      return metric.unit === "percent" ? rate * 100 : rate;
    }
    case "p50":
      return quantile(metric, source, total, 0.5);
    case "p95":
      return quantile(metric, source, total, 0.95);
    case "p99":
      return quantile(metric, source, total, 0.99);
    case "rate":
      return total.count / seconds;
    case "count":
      return total.count;
  }
}

/** Within 5 %, the width of a bin. What `run` reports is in milliseconds; a tracked value is in whatever unit it is tracked in. */
function quantile(metric: Metric, source: Source, { bins }: CohortTotal, share: number): number | undefined {
  const bin = binOfQuantile(bins, share);
  if (bin === undefined) return undefined;
  const value = valueOfBin(bin);
  return source.metric === undefined && metric.unit === "seconds" ? value / 1000 : value;
}

const noData = (reason: string, total: CohortTotal | undefined): Measurement => ({
  kind: "noData",
  reason,
  raw: rawOf(total),
});

const rawOf = (total: CohortTotal | undefined): string =>
  JSON.stringify({ events: total?.count ?? 0, failures: total?.failures ?? 0 });
