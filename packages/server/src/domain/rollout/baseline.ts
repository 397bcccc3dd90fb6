import type { Condition, Plan } from "../plan/types.ts";
import { conditionsOf } from "./conditions.ts";
import { own, type Dictionary } from "./lookup.ts";
import { readMetric } from "./reading.ts";
import type { EpochMs } from "./instant.ts";
import type { Baselines, BaselineSlice, RolloutState } from "./state.ts";

/** A baseline window is kept in this many slices: enough to let the oldest go smoothly, few enough to store with every event. */
const SLICES = 12;

/**
 * What a metric was before exposure: the plan's fixed `baseline`, else what was captured, else the mean of what was sampled in the
 * last `baselineWindow` before exposure. Undefined: nothing is known, and conditions on it are inconclusive.
 */
export function baselineOf(plan: Plan, state: RolloutState, metric: string): number | undefined {
  const fixed = own(plan.metrics, metric)?.baseline;
  if (fixed !== undefined) return fixed;
  const captured = own(state.baselines.values, metric);
  if (captured !== undefined) return captured ?? undefined;
  return meanOf(own(state.baselines.slices, metric) ?? []);
}

/** Takes captured values over; those of metrics with a fixed baseline, and all of them once users are exposed, come too late. */
export function captureBaselines(plan: Plan, state: RolloutState, values: Dictionary<number | null>): Baselines {
  if (state.exposedAt !== undefined) return state.baselines;
  const usable = Object.entries(values).filter(([name]) => {
    const metric = own(plan.metrics, name);
    return metric !== undefined && metric.baseline === undefined;
  });
  const taken = Object.fromEntries(usable.map(([name, value]) => [name, Number.isFinite(value) ? value : null]));
  return {
    values: { ...state.baselines.values, ...taken },
    slices: Object.fromEntries(Object.entries(state.baselines.slices).filter(([name]) => !Object.hasOwn(taken, name))),
  };
}

/** The metrics whose past is to be asked for before exposure: those whose source has one, while nothing is known of it. */
export function metricsToCapture(plan: Plan, state: RolloutState): readonly string[] {
  if (state.exposedAt !== undefined) return [];
  return metricsWithBaseline(plan).filter((name) => {
    const metric = own(plan.metrics, name);
    return (
      metric?.source.kind === "prometheus" &&
      metric.baseline === undefined &&
      !Object.hasOwn(state.baselines.values, name)
    );
  });
}

/** Adds what the sampling at `at` saw, for metrics that a condition compares with their baseline and that have none yet. */
export function accumulateBaselines(plan: Plan, state: RolloutState, at: EpochMs): Baselines {
  const slices: { [name: string]: readonly BaselineSlice[] } = { ...state.baselines.slices };
  for (const name of metricsWithBaseline(plan)) {
    if (own(plan.metrics, name)?.baseline !== undefined || Object.hasOwn(state.baselines.values, name)) continue;
    const reading = readMetric(plan, state, name, at);
    if (reading.kind === "value") slices[name] = add(own(slices, name) ?? [], reading.value, at, plan.baselineWindowMs);
  }
  return { ...state.baselines, slices };
}

/** At exposure the baselines stop moving. */
export function freezeBaselines(baselines: Baselines): Baselines {
  const means = Object.entries(baselines.slices).map(([name, slices]) => [name, meanOf(slices) ?? null] as const);
  return { values: { ...Object.fromEntries(means), ...baselines.values }, slices: {} };
}

function add(slices: readonly BaselineSlice[], value: number, at: EpochMs, windowMs: number): readonly BaselineSlice[] {
  const widthMs = Math.max(1, windowMs / SLICES);
  const kept = slices.filter((slice) => slice.from + windowMs > at);
  const last = kept.at(-1);
  if (last && at < last.from + widthMs) {
    return [...kept.slice(0, -1), { from: last.from, sum: last.sum + value, count: last.count + 1 }];
  }
  return [...kept, { from: at, sum: value, count: 1 }];
}

function meanOf(slices: readonly BaselineSlice[]): number | undefined {
  const count = slices.reduce((total, slice) => total + slice.count, 0);
  return count === 0 ? undefined : slices.reduce((total, slice) => total + slice.sum, 0) / count;
}

const metricsByPlan = new WeakMap<Plan, readonly string[]>();

function metricsWithBaseline(plan: Plan): readonly string[] {
  const known = metricsByPlan.get(plan);
  if (known) return known;
  const relative = (condition: Condition) => condition.threshold.kind !== "absolute";
  const names = [
    ...new Set(
      conditionsOf(plan)
        .map((one) => one.condition)
        .filter(relative)
        .map((one) => one.metric),
    ),
  ];
  metricsByPlan.set(plan, names);
  return names;
}
