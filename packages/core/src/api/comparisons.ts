import type { MetricUnitName } from "./metric-unit.ts";
import type { Instant } from "./types.ts";

/** `compared`: the cohorts can be compared. Anything else keeps the percentage down. */
export type ComparisonStandingName = "compared" | "tooFew" | "mismatch" | "noControl" | "stale";

/** The users with the flag against those without it, at the same instants. */
export interface ComparisonView {
  readonly metric: string;
  /** Everything in one line: users, odds, evidence, control. */
  readonly line: string;
  readonly standing: ComparisonStandingName;
  /** Of `stale`. */
  readonly since?: Instant;
  /** Why the cohorts can't be compared now. */
  readonly reason?: string;
  /** What triggers wait for: it rings when `evidence` reaches `needed`. `slow`: over sums, where both are z values. */
  readonly tests: readonly {
    readonly name: string;
    readonly evidence: number;
    readonly needed: number;
    readonly isAlarm: boolean;
    readonly layer: "fast" | "slow";
  }[];
  /** The ratio below which criteria of the open stage call it safe. */
  readonly margin?: number;
  /** The stage that was open, thinned; the oldest first. */
  readonly series: readonly ComparisonPointView[];
}

/** A point of the chart. */
export interface ComparisonPointView {
  readonly at: Instant;
  /** `failures`: `ratio` is an odds ratio. `values`: how many times longer it takes. */
  readonly of: "failures" | "values";
  /** What the cohorts' `rate` is in. */
  readonly unit: MetricUnitName;
  readonly ratio?: number;
  /** Where it lies with 99 % certainty, however often one looks; missing without a bound on that side. */
  readonly low?: number;
  readonly high?: number;
  readonly on: CohortPointView;
  readonly off: CohortPointView;
}

/** One cohort at an instant. */
export interface CohortPointView {
  readonly users: number;
  readonly failing: number;
  /** Those of them whose first failure was in the last half minute. */
  readonly failingLately: number;
  readonly failures: number;
  /** The share of requests of the last half minute that failed, or the 95th percentile of users' first values. */
  readonly rate?: number;
}
