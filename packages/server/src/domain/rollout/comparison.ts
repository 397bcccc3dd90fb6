import type { MetricUnit } from "../plan/types.ts";
import type { EpochMs } from "./instant.ts";
import { own, type Dictionary } from "./lookup.ts";

/**
 * What a look at both cohorts says of one metric: which tests ring, what is proven, and whether the two can be compared at all. Finite
 * numbers only, fit for JSON.
 */
export interface Comparison {
  readonly standing: Standing;
  /** Epochs begun in this rollout: its false alarms are spent over them. */
  readonly epoch: number;
  /** By `testKey`: the comparisons that triggers act upon. */
  readonly tests: Dictionary<TestResult>;
  /** By the criterion's id. */
  readonly proofs: Dictionary<ProofResult>;
  /** Both cohorts as they are now; missing while nobody was seen. */
  readonly point?: ComparisonPoint;
}

/** Whether the cohorts can be compared. Anything but `compared` keeps the percentage down, and no test counts then. */
export type Standing =
  | { readonly kind: "compared" }
  /** Too few users were seen for any statement. */
  | { readonly kind: "tooFew" }
  /** The share of users that are on is not what the percentage says. */
  | { readonly kind: "mismatch"; readonly evidence: number }
  /** Nobody is off by percentage: there is nothing to compare with. */
  | { readonly kind: "noControl" }
  /** The SDKs have reported nothing since then. */
  | { readonly kind: "stale"; readonly since: EpochMs };

/** How far a test is: it rings when `evidence` reaches `needed`, and enough users bear it out. */
export interface TestResult {
  readonly evidence: number;
  readonly needed: number;
  readonly isAlarm: boolean;
  /** What the numbers are of: the sequential test of every second, or the rarer one over sums. */
  readonly layer: "fast" | "slow";
}

/** Whether harm beyond the margin is ruled out. */
export interface ProofResult {
  readonly isProven: boolean;
  /** By how much worse it may be at most, as a ratio; missing while too little was seen. */
  readonly upper?: number;
  readonly reason: string;
}

/** Both cohorts at an instant: a point of the chart. */
export interface ComparisonPoint {
  readonly at: EpochMs;
  /** Failures count users and requests that failed; of values a cohort's 95th percentile is shown. */
  readonly of: "failures" | "values";
  /** What the cohorts' `rate` is in; a ratio for failures. */
  readonly unit: MetricUnit;
  /** Odds ratio of failing, or how many times longer it takes; missing while unknown. */
  readonly ratio?: number;
  /** Where it lies with 99 % certainty, however often one looks; missing without a bound on that side. */
  readonly low?: number;
  readonly high?: number;
  readonly on: CohortPoint;
  readonly off: CohortPoint;
}

/** What was seen of one cohort up to one point of the chart. */
export interface CohortPoint {
  /** Users seen in the current epoch … */
  readonly users: number;
  /** … those of them that failed … */
  readonly failing: number;
  /** … those of them whose first failure was in the last half minute … */
  readonly failingLately: number;
  /** … and their requests that failed. */
  readonly failures: number;
  /** The share of requests of the last half minute that failed, or the 95th percentile of users' first values in the current epoch; missing without requests. */
  readonly rate?: number;
}

/** The newest comparison of a metric, with what the rollout remembers of the ones before. */
export interface KeptComparison extends Comparison {
  readonly at: EpochMs;
  /** By `testKey`; only tests that ring. */
  readonly alarms: Dictionary<Alarm>;
  /** The open stage's, thinned; the oldest first. */
  readonly series: readonly ComparisonPoint[];
  /** Points of the series are at least this far apart. */
  readonly spacingMs: number;
}

/** A test that rings. */
export interface Alarm {
  readonly since: EpochMs;
  /** The triggers that fired for it; each fires once. */
  readonly fired: readonly string[];
}

/** Enough to draw a stage; when there are more, every other one goes. */
const SERIES_MAX = 64;
const SPACING_MIN_MS = 1000;

/** The kept comparison after a new one. */
export function keepComparison(known: KeptComparison | undefined, comparison: Comparison, at: EpochMs): KeptComparison {
  const alarms: { [key: string]: Alarm } = {};
  for (const [key, { isAlarm }] of Object.entries(comparison.tests)) {
    if (isAlarm && comparison.standing.kind === "compared")
      alarms[key] = (known && own(known.alarms, key)) ?? { since: at, fired: [] };
  }
  return { ...comparison, at, alarms, ...grow(known, comparison.point) };
}

/** The same comparisons, with these triggers having fired for their alarms. */
export function markRung(
  comparisons: Dictionary<KeptComparison>,
  rung: readonly { readonly metric: string; readonly key: string; readonly id: string }[],
): Dictionary<KeptComparison> {
  const marked: { [metric: string]: KeptComparison } = { ...comparisons };
  for (const { metric, key, id } of rung) {
    const kept = own(marked, metric);
    const alarm = kept && own(kept.alarms, key);
    if (alarm)
      marked[metric] = { ...kept, alarms: { ...kept.alarms, [key]: { ...alarm, fired: [...alarm.fired, id] } } };
  }
  return marked;
}

function grow(
  known: Pick<KeptComparison, "series" | "spacingMs"> | undefined,
  point: ComparisonPoint | undefined,
): Pick<KeptComparison, "series" | "spacingMs"> {
  const { series, spacingMs } = known ?? { series: [], spacingMs: SPACING_MIN_MS };
  const last = series.at(-1);
  if (point === undefined || (last && point.at - last.at < spacingMs)) return { series, spacingMs };
  if (series.length < SERIES_MAX) return { series: [...series, point], spacingMs };
  const thinned = series.filter((_, index) => index % 2 === 0);
  return { series: [...thinned, point], spacingMs: spacingMs * 2 };
}
