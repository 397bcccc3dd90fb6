import type { MetricUnitName } from "./metric-unit.ts";
import type { CauseView, RolloutStatus, SeverityName } from "./rollouts.ts";
import type { Instant } from "./types.ts";

/** Answer of `POST /api/v1/plans/backtest`, and of `rampart plan backtest --json`: a plan against what its metrics said in the past. */
export interface BacktestView {
  readonly plan: { readonly name: string; readonly title: string; readonly digest: string };
  /** The first sampling and the last. */
  readonly from: Instant;
  readonly to: Instant;
  /** Between two samplings: the plan's interval, or the longer one that was asked for. */
  readonly intervalMs: number;
  /** The metrics that were read. */
  readonly metrics: readonly BacktestMetricView[];
  /** Every trigger, watched over the whole time as if users had been exposed all along. */
  readonly triggers: readonly BacktestTriggerView[];
  /** Every criterion, over the same time. */
  readonly criteria: readonly BacktestCriterionView[];
  /** Where data was missing for so long that the plan's `noData` would have acted. */
  readonly gaps: readonly BacktestGapView[];
  /** Rollouts of the plan that might have been started in that time. */
  readonly rollouts: readonly BacktestRolloutView[];
  /** What the past says nothing about. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  /** What comes of it, in some sentences. */
  readonly summary: string;
  /** What was taken for granted, and what cut it short. */
  readonly notes: readonly string[];
}

/** How much was found of a metric. */
export interface BacktestMetricView {
  readonly name: string;
  readonly unit: MetricUnitName;
  readonly samples: number;
  /** Of these, without a number. */
  readonly noData: number;
  /** Of these, where the query gave several series. */
  readonly errors: number;
  /** The first sample with a number, and the last; missing: there was none. */
  readonly firstAt?: Instant;
  readonly lastAt?: Instant;
}

/** How a condition fared. */
export interface BacktestConditionView {
  readonly condition: string;
  readonly forMs: number;
  readonly unit: MetricUnitName;
  /** Stages that have it. */
  readonly stages: readonly string[];
  readonly samples: number;
  /** Of these, how many it was true of. */
  readonly trueSamples: number;
  /** Of these, how many said nothing: no data, an error, no baseline. */
  readonly unknownSamples: number;
  /** The longest time without a break for which it was true; missing: it never was. */
  readonly longest?: { readonly since: Instant; readonly ms: number };
  /**
   * Of a trigger the value that came nearest to its limit, or went furthest beyond; of a criterion the one that passed least, or failed most.
   * Missing: there was no value, or the operator is `==` or `!=`.
   */
  readonly extreme?: { readonly value: number; readonly threshold: number; readonly at: Instant };
}

/** A trigger, and when it would have fired. */
export interface BacktestTriggerView extends BacktestConditionView {
  readonly name: string;
  readonly action: "rollback" | "pause" | "notify";
  readonly severity: SeverityName;
  readonly fired: number;
  /** The first of them. */
  readonly firings: readonly BacktestFiringView[];
}

/** Once that a trigger would have fired. */
export interface BacktestFiringView {
  readonly at: Instant;
  /** When its condition became true. */
  readonly since: Instant;
  /** The last sample that it was true of: from `since` to then is what `for` counts. Missing: it still was at the end. */
  readonly until?: Instant;
  /** The value furthest over the threshold; of a condition with `==` or `!=`, the one that fired. */
  readonly peak: number;
  readonly threshold: number;
}

/** A criterion, and how long it would have held. */
export interface BacktestCriterionView extends BacktestConditionView {
  /** Samples at which it had held for its `for`. */
  readonly heldSamples: number;
}

/** Data that was missing for longer than the plan's `noDataAfter`. */
export interface BacktestGapView {
  readonly metric: string;
  readonly since: Instant;
  /** When the plan would have acted. */
  readonly at: Instant;
  readonly reason: string;
  readonly action: "hold" | "pause" | "rollback";
}

/** A rollout that was not made. */
export interface BacktestRolloutView {
  readonly startAt: Instant;
  /** Where it stood at the end. A rollback counts as done when it is decided: whether it would have helped, the past can't say. */
  readonly outcome: RolloutStatus;
  /** When it was completed, taken back or paused. */
  readonly at?: Instant;
  /** The stage that was open last; null: none. */
  readonly stage: string | null;
  /** Of the pause or the rollback. */
  readonly cause?: CauseView;
  /** The same in a sentence. */
  readonly sentence: string;
}
