import type { Metric, Plan } from "../plan/types.ts";
import { own } from "./lookup.ts";
import type { Observation } from "./sample.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";

/** What was sampled stands for the present for this many samplings, so that one late answer isn't missing data yet … */
const FRESH_SAMPLINGS = 3;

/** … and for at least this long: with short intervals three samplings are less than a restart takes. */
const FRESH_MIN_MS = 30_000;

/** What a metric says at an instant. */
export type Reading =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "noData"; readonly reason: string }
  | { readonly kind: "error"; readonly reason: string };

/** Whether the server asks for it, in contrast to signals, which are pushed. No-data policies concern polled metrics. */
export function isPolled(metric: Metric): boolean {
  return metric.source.kind !== "signal";
}

/** After this long without a sampling nobody has looked, and a criterion has to be seen to hold anew. */
export function unseenAfterMs(plan: Plan): number {
  return Math.max(FRESH_SAMPLINGS * plan.intervalMs, FRESH_MIN_MS);
}

/** How long an observation stands for the present, in milliseconds; Infinity for a signal without `maxAge`. */
export function freshForMs(plan: Plan, metric: Metric): number {
  if (metric.maxAgeMs !== undefined) return metric.maxAgeMs;
  if (!isPolled(metric)) return Infinity;
  const everyMs = metric.source.kind === "http" ? (metric.source.everyMs ?? 0) : 0;
  return Math.max(FRESH_SAMPLINGS * everyMs, unseenAfterMs(plan));
}

/** The metric's value at `at`, unless there is none that is usable and fresh. */
export function readMetric(plan: Plan, state: RolloutState, name: string, at: EpochMs): Reading {
  const metric = own(plan.metrics, name);
  if (!metric) return { kind: "error", reason: "the plan has no such metric" };
  const observation = own(state.observations, name);
  if (!observation) return { kind: "noData", reason: isPolled(metric) ? "not sampled yet" : "never pushed" };
  return readObservation(observation, freshForMs(plan, metric), at);
}

function readObservation({ sample, at: seenAt }: Observation, freshMs: number, at: EpochMs): Reading {
  if (sample.kind !== "value") return { kind: sample.kind, reason: sample.reason };
  const ageMs = at - seenAt + sample.ageMs;
  if (ageMs > freshMs) return { kind: "noData", reason: "stale" };
  return { kind: "value", value: sample.value };
}
