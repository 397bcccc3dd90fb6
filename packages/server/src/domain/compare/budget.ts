import { logAdd } from "./mixture.ts";

/** Of a metric's false alarms, what the fast layer may spend; the rest is the slow layer's. */
const FAST_SHARE = 0.8;

/** A metric's false-alarm budget, split over the test of every second and the one over sums. */
export function layersOf(alpha: number): { readonly fast: number; readonly slow: number } {
  return { fast: alpha * FAST_SHARE, slow: alpha * (1 - FAST_SHARE) };
}

/**
 * `ln Σ w_i·E_i` of metrics with the same epochs, whose weights add up to 1: enough when it reaches what one metric with all of
 * their budget needs. Whenever one of them alone has enough for its own share, so has the sum: it is never worse than splitting.
 */
export function logSumOfEvidence(
  metrics: readonly { readonly weight: number; readonly logEvidence: number }[],
): number {
  return metrics.reduce((sum, { weight, logEvidence }) => logAdd(sum, Math.log(weight) + logEvidence), -Infinity);
}
