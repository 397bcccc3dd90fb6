/**
 * Bets on a change that begins at an unknown window: for each bet j a mixture over start times,
 * `M_j ← (M_j + w_k)·exp(l_k(j))`, kept as logarithms so that neither end of a double is ever reached. What of the weights has not
 * started yet is computed, not subtracted, because that would drift. (Shin, Ramdas & Rinaldo, "E-detectors", 2023.)
 */
export interface Mixture {
  /** Windows taken in this epoch. */
  readonly window: number;
  /** `ln M_j`; empty before the first window. */
  readonly logWealth: readonly number[];
  /** `ln E` after the last window; 0 before the first. */
  readonly logEvidence: number;
}

/** Before the first window: nothing was bet. */
export const EMPTY_MIXTURE: Mixture = { window: 0, logWealth: [], logEvidence: 0 };

/** `w_k` of window k = 1, 2, …: half on the first, the other half evenly on the other `planned` ones, none beyond. */
export function startWeight(window: number, planned: number): number {
  if (window === 1) return 1 / 2;
  return window <= planned ? 1 / (2 * (planned - 1)) : 0;
}

/** The weight of all starts after window k: what has not been bet yet and so stands at its stake. */
export function weightLeft(window: number, planned: number): number {
  if (window === 0) return 1;
  return window < planned ? ((1 / 2) * (planned - window)) / (planned - 1) : 0;
}

/** One window: `increments` are `l_k(j)`, a logarithm for each bet, the same number in every window of an epoch; `planned` = H. */
export function mixtureStep({ window, logWealth }: Mixture, increments: readonly number[], planned: number): Mixture {
  const next = window + 1;
  const logWeight = Math.log(startWeight(next, planned));
  const moved = increments.map((increment, j) => logAdd(logWealth[j] ?? -Infinity, logWeight) + increment);
  return { window: next, logWealth: moved, logEvidence: logEvidenceOf(moved, next, planned) };
}

function logEvidenceOf(logWealth: readonly number[], window: number, planned: number): number {
  return logAdd(logMeanExp(logWealth), Math.log(weightLeft(window, planned)));
}

/** `ln(e^a + e^b)`; either may be -Infinity. */
export function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  return b === -Infinity ? a : a + Math.log1p(Math.exp(b - a));
}

/** `ln` of the mean of `e^value`. */
export function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values);
  if (top === -Infinity) return top;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - top);
  return top + Math.log(sum / values.length);
}
