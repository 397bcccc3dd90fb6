/** False alarms that a whole rollout may have. */
export const ROLLOUT_ALPHA = 0.01;
/** Of a metric's share, what goes to the fast layer (coin test, tilts); the rest is the slow layer's. */
export const FAST_SHARE = 0.8;

export interface MetricShare {
  readonly metric: string;
  /** In proportion to the others'; 1 if not given. */
  readonly weight?: number;
  /** Fixed by the plan; what is left is split over the other metrics. */
  readonly alpha?: number;
}

export interface MetricBudget {
  readonly metric: string;
  readonly alpha: number;
  readonly fast: number;
  readonly slow: number;
}

/** Splits a rollout's budget over its metrics, and each one's share over its two layers. */
export function splitBudget(_metrics: readonly MetricShare[], _alpha = ROLLOUT_ALPHA): readonly MetricBudget[] {
  throw new Error("not yet");
}

export interface Weighed {
  /** The metric's part of the group's budget; the group's add up to 1 at most. */
  readonly weight: number;
  readonly logEvidence: number;
}

/** Metrics with the same epochs may be added: `Σ w_i·E_i ≥ 1/alpha`; `logNeeded` as of one metric with the group's alpha. */
export function isSumEnough(_metrics: readonly Weighed[], _logNeeded: number): boolean {
  throw new Error("not yet");
}
