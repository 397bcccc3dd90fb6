import { valueBin } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { CohortRing } from "../domain/intake/cohort-ring.ts";
import type { Metric, MetricSource } from "../domain/plan/types.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import { createSdkProvider } from "./sdk.ts";

const NOW = Date.parse("2026-01-05T02:00:00Z");
const SUBJECT = { environment: "production", flag: "checkout" };
type Source = Extract<MetricSource, { readonly kind: "sdk" }>;

const aMetric = (source: Partial<Source>, unit: Metric["unit"] = "ratio"): Metric => ({
  name: "m",
  unit,
  source: { kind: "sdk", measure: "error_rate", cohort: "on", windowMs: 60_000, minEvents: 0, ...source },
});

const ring = new CohortRing();
const bins = (...values: readonly number[]) => values.map((value) => [valueBin(value), 1] as const);
ring.add(NOW - 120_000, "off", { count: 100, failures: 100, bins: [] });
ring.add(NOW - 30_000, "on", { count: 4, failures: 1, bins: bins(100, 100, 100, 2000) });
ring.add(NOW - 10_000, "off", { count: 16, failures: 1, bins: [[valueBin(50), 16]] });

const counts: CohortCounts = {
  total: ({ environment, flag, metric }, { from, to }, cohorts) =>
    environment === "production" && flag === "checkout" && metric === "run" ? ring.total(from, to, cohorts) : undefined,
};
const provider = createSdkProvider(counts);
const sample = (metric: Metric) => provider.sample(metric, NOW, SUBJECT);
const valueOf = async (metric: Metric) => {
  const measurement = await sample(metric);
  return measurement.kind === "value" ? measurement.value : measurement.reason;
};

describe("what SDKs report, as a metric", () => {
  it("is a share of failures, a rate or a number, of one cohort or of both", async () => {
    expect(await sample(aMetric({}))).toEqual({
      kind: "value",
      value: 0.25,
      observedAt: NOW - 30_000,
      raw: '{"events":4,"failures":1}',
    });
    expect(await valueOf(aMetric({ cohort: "off" }))).toBe(1 / 16);
    expect(await valueOf(aMetric({ cohort: "all" }))).toBe(0.1);
    expect(await valueOf(aMetric({ cohort: "all" }, "percent"))).toBe(10);
    expect(await valueOf(aMetric({ measure: "count", cohort: "all" }, "count"))).toBe(20);
    expect(await valueOf(aMetric({ measure: "rate", cohort: "off" }, "none"))).toBe(16 / 60);
  });

  it("is a quantile within 5 %, in the metric's unit", async () => {
    const p50 = await valueOf(aMetric({ measure: "p50" }, "milliseconds"));
    expect(Math.abs(Number(p50) / 100 - 1)).toBeLessThan(0.05);
    const p99 = await valueOf(aMetric({ measure: "p99" }, "seconds"));
    expect(Math.abs(Number(p99) / 2 - 1)).toBeLessThan(0.05);
    const p95 = await valueOf(aMetric({ measure: "p95", cohort: "off" }, "seconds"));
    expect(Math.abs(Number(p95) / 0.05 - 1)).toBeLessThan(0.05);
  });

  it("is no data, with the reason, where there is nothing, too little, or no value", async () => {
    expect(await valueOf(aMetric({ metric: "upload" }))).toBe(
      "no SDK has reported events of upload for users who are on of checkout in the last 60 s",
    );
    expect(await valueOf(aMetric({ windowMs: 5_000 }))).toBe(
      "no SDK has reported calls of run for users who are on of checkout in the last 5 s",
    );
    expect(await valueOf(aMetric({ minEvents: 5 }))).toBe("4 events in 60 s, fewer than the 5 that the plan asks for");
    const valueless = createSdkProvider({
      total: () => ({ count: 3, failures: 0, bins: new Float64Array(255), newestAt: NOW }),
    });
    expect(await valueless.sample(aMetric({ measure: "p95" }), NOW, SUBJECT)).toMatchObject({
      kind: "noData",
      reason: "none of 3 events has a value",
    });
  });

  it("has a past, for a baseline", async () => {
    const range = { from: NOW - 3_600_000, to: NOW };
    expect(await provider.baseline(aMetric({ cohort: "off" }), range, SUBJECT)).toMatchObject({ value: 101 / 116 });
  });
});
