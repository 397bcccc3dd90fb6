import { logGammaRatio } from "./gamma.ts";
import { logMeanExp } from "./mixture.ts";
import type { BySide } from "./units.ts";

/** Evidence from which on the cohort is not what the percentage says: a healthy one gets there once in a thousand, at most. */
export const MISMATCH_EVIDENCE = 1000;
/** How closely the alternatives keep to the configured share: pseudo-counts. */
const CONCENTRATIONS: readonly number[] = [10, 100, 1000, 10_000];

/**
 * `ln` of the evidence for a sample-ratio mismatch in `exposed`, the units seen first, at the configured share (`shareOf`): the mean over c of
 * `B(c·rho + x, c(1−rho) + y) / (B(c·rho, c(1−rho))·rho^x·(1−rho)^y)`. (Lindon & Malek 2020.)
 */
export function mismatchLogEvidence({ on, off }: BySide, share: number): number {
  const atNull = on * Math.log(share) + off * Math.log1p(-share);
  const logs = CONCENTRATIONS.map(
    (c) => logGammaRatio(c * share, on) + logGammaRatio(c * (1 - share), off) - logGammaRatio(c, on + off) - atNull,
  );
  return logMeanExp(logs);
}
