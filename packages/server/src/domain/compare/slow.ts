import { upperQuantile } from "./normal.ts";

/**
 * Sums of one cohort's units, index by index: requests (or values counted), and failures (or the sum of values). Units without
 * requests don't count.
 */
export interface Arm {
  readonly requests: ArrayLike<number>;
  readonly failures: ArrayLike<number>;
}

/** Both cohorts, over the same time. */
export interface Arms {
  readonly on: Arm;
  readonly off: Arm;
}

/** `alpha`: of all looks together. */
export interface Look {
  readonly alpha: number;
  /** From 1. */
  readonly look: number;
}

/** Units that an arm needs for its mean to be taken for normal. */
export const ARM_UNITS_MIN = 100;

/** The k-th look (from 1) is taken this many seconds after the percentage was set: 600·2^(k−1). */
export function lookAtSeconds(look: number): number {
  return 600 * 2 ** (look - 1);
}

/** `z_k`: the one-sided normal quantile of what the k-th look may spend, `alpha·6/(π²k²)`, which adds up to alpha. */
export function lookQuantile({ alpha, look }: Look): number {
  return upperQuantile((alpha * 6) / (Math.PI ** 2 * look ** 2));
}

/** `tooFew`: units in an arm. */
export type SlowHarm =
  | { readonly kind: "tooFew" }
  | { readonly kind: "looked"; readonly z: number; readonly needed: number; readonly alarm: boolean };

/**
 * Harm that is small and lasts: whether users who are on fail more often than their requests would have it at the pooled ratio R, by
 * `d_u = failures_u − R·requests_u` and Welch's z of the two means of d. Users are what varies, so their requests may fail together.
 */
export function slowHarm({ on, off }: Arms, options: Look): SlowHarm {
  const [totalOn, totalOff] = [totalsOf(on), totalsOf(off)];
  if (totalOn.units < ARM_UNITS_MIN || totalOff.units < ARM_UNITS_MIN) return { kind: "tooFew" };
  const pooled = (totalOn.failures + totalOff.failures) / (totalOn.requests + totalOff.requests);
  const difference = excess(totalOn, pooled) - excess(totalOff, pooled);
  const spread = Math.sqrt(
    variance(on, totalOn, pooled) / totalOn.units + variance(off, totalOff, pooled) / totalOff.units,
  );
  const z = difference === 0 ? 0 : difference / spread;
  const needed = lookQuantile(options);
  return { kind: "looked", z, needed, alarm: z >= needed };
}

/** `ratio` and `upper` are of on over off. `noFailures`: in an arm, so that nothing bounds their ratio. */
export type NoHarm =
  | { readonly kind: "tooFew" | "noFailures" }
  | { readonly kind: "looked"; readonly ratio: number; readonly upper: number; readonly proven: boolean };

/**
 * Enough evidence of no harm: the upper bound of the ratio of both arms' failures by requests, with the delta method's variances
 * `v_a = Σ (failures_u − R_a·requests_u)² / (Σ requests_u)²` on the logarithmic scale, lies below `margin`.
 */
export function noHarm({ on, off }: Arms, { margin, ...look }: Look & { readonly margin: number }): NoHarm {
  const [totalOn, totalOff] = [totalsOf(on), totalsOf(off)];
  if (totalOn.units < ARM_UNITS_MIN || totalOff.units < ARM_UNITS_MIN) return { kind: "tooFew" };
  if (totalOn.failures === 0 || totalOff.failures === 0) return { kind: "noFailures" };
  const ratio = totalOn.failures / totalOn.requests / (totalOff.failures / totalOff.requests);
  const spread = Math.sqrt(relativeVariance(on, totalOn) + relativeVariance(off, totalOff));
  const upper = ratio * Math.exp(lookQuantile(look) * spread);
  return { kind: "looked", ratio, upper, proven: upper < margin };
}

interface Totals {
  readonly units: number;
  readonly requests: number;
  readonly failures: number;
}

function totalsOf({ requests, failures }: Arm): Totals {
  const totals = { units: 0, requests: 0, failures: 0 };
  for (let unit = 0; unit < requests.length; unit++) {
    const count = requests[unit] ?? 0;
    if (count === 0) continue;
    totals.units += 1;
    totals.requests += count;
    totals.failures += failures[unit] ?? 0;
  }
  return totals;
}

/** `Σ (failures_u − R·requests_u − mean)²` over the arm's units. */
function squares({ requests, failures }: Arm, ratio: number, mean: number): number {
  let sum = 0;
  for (let unit = 0; unit < requests.length; unit++) {
    const count = requests[unit] ?? 0;
    if (count > 0) sum += ((failures[unit] ?? 0) - ratio * count - mean) ** 2;
  }
  return sum;
}

/** The mean of d over the arm's units. */
function excess({ units, requests, failures }: Totals, pooled: number): number {
  return (failures - pooled * requests) / units;
}

/** Of d over the arm's units, unbiased. */
function variance(arm: Arm, totals: Totals, pooled: number): number {
  return squares(arm, pooled, excess(totals, pooled)) / (totals.units - 1);
}

/** `v_a/R_a²`: the sums of requests cancel out. */
function relativeVariance(arm: Arm, { requests, failures }: Totals): number {
  return squares(arm, failures / requests, 0) / failures ** 2;
}
