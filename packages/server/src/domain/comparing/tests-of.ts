import { RUN_METRIC } from "@rampart/core";
import { layersOf } from "../compare/budget.ts";
import { plannedEpochs } from "../compare/epochs.ts";
import { FAILURES_EPOCH_WINDOWS } from "../compare/failures.ts";
import { LATENCY_EPOCH_WINDOWS } from "../compare/latency.ts";
import { comparedMetrics, comparedProofs, comparedTests, type ComparedProof } from "../plan/compared.ts";
import type { MetricUnit, Plan } from "../plan/types.ts";
import type { EpochOf } from "./window.ts";

/** The cohorts are looked at this often: a window of the tests. */
export const LOOK_EVERY_MS = 1000;

/** A test as the detectors take it. */
export interface TestSettings {
  readonly key: string;
  readonly tolerated: number;
  readonly plannedEpochs: number;
  /** False alarms of the test of every second, over the whole rollout … */
  readonly fastAlpha: number;
  /** … and of the one over sums, for each stage; 0: it is not asked. */
  readonly slowAlpha: number;
  readonly unitsSeenMin?: number;
}

/** A metric of the plan that is compared. */
export interface ComparedMetric {
  readonly name: string;
  readonly of: EpochOf;
  readonly unit: MetricUnit;
  readonly tests: readonly TestSettings[];
  readonly proofs: readonly ComparedProof[];
}

/** What SDKs report under one name, and the plan's metrics that are made of it. */
export interface MeasuredMetric {
  /** A tracked metric, or `run`. */
  readonly measured: string;
  readonly metrics: readonly ComparedMetric[];
}

const byPlan = new WeakMap<Plan, readonly MeasuredMetric[]>();

/** Everything that the plan compares, by what SDKs call it. */
export function measuredMetrics(plan: Plan): readonly MeasuredMetric[] {
  const known = byPlan.get(plan);
  if (known) return known;
  const groups = new Map<string, ComparedMetric[]>();
  for (const name of comparedMetrics(plan)) {
    const compared = plan.metrics[name];
    if (compared?.source.kind !== "sdk") continue;
    const { source, unit } = compared;
    const measured = source.metric ?? RUN_METRIC;
    const of = source.measure === "error_rate" ? "failures" : "values";
    const proofs = comparedProofs(plan).filter(({ within }) => within.metric === name);
    const metric = { name, of, unit, tests: testsOf(plan, name, of), proofs } as const;
    groups.set(measured, [...(groups.get(measured) ?? []), metric]);
  }
  const all = [...groups].map(([measured, metrics]) => ({ measured, metrics }));
  byPlan.set(plan, all);
  return all;
}

function testsOf(plan: Plan, name: string, of: EpochOf): readonly TestSettings[] {
  // Where everybody has the flag nothing is compared, unless a share is held back.
  const compared = plan.stages.filter(({ percentage }) => percentage < 100 || plan.holdbackPercentage > 0);
  const windows = of === "failures" ? FAILURES_EPOCH_WINDOWS : LATENCY_EPOCH_WINDOWS;
  const durations = compared.map(({ durationMs }) => durationMs);
  return comparedTests(plan)
    .filter(({ compare }) => compare.metric === name)
    .map(({ key, alpha, compare: { worseBy, minSamples } }) => {
      // The test over sums asks for any harm, and sums know failures only.
      const layers = of === "failures" && worseBy === 1 ? layersOf(alpha) : { fast: alpha, slow: 0 };
      return {
        key,
        tolerated: worseBy,
        plannedEpochs: plannedEpochs(durations, windows * LOOK_EVERY_MS),
        fastAlpha: layers.fast,
        slowAlpha: layers.slow / Math.max(1, compared.length),
        ...(minSamples !== undefined && { unitsSeenMin: minSamples }),
      };
    });
}
