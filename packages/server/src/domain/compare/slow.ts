/** Sums of one cohort's units, index by index: requests (or values counted), and failures (or the sum of values). Units without requests don't count. */
export interface Arm {
  readonly requests: ArrayLike<number>;
  readonly failures: ArrayLike<number>;
}

/** The k-th look (from 1) is taken this many seconds after the stage began: 600·2^(k−1). */
export function lookAtSeconds(look: number): number {
  return 600 * 2 ** (look - 1);
}

/** What the k-th look may spend of `alpha`: `alpha·6/(π²k²)`, which adds up to alpha. */
export function lookAlpha(alpha: number, look: number): number {
  return (alpha * 6) / (Math.PI ** 2 * look ** 2);
}

/** `tooFew`: fewer than 100 units in an arm. */
export type SlowHarm =
  | { readonly kind: "tooFew" }
  | { readonly kind: "looked"; readonly z: number; readonly needed: number; readonly alarm: boolean };

export function slowHarm(
  _arms: { readonly on: Arm; readonly off: Arm },
  _options: { readonly alpha: number; readonly look: number },
): SlowHarm {
  throw new Error("not yet");
}

/** `inconclusive`: too few units, or an arm without a failure. `ratio` and `upper` are of on over off. */
export type NoHarm =
  | { readonly kind: "inconclusive"; readonly reason: string }
  | { readonly kind: "looked"; readonly ratio: number; readonly upper: number; readonly proven: boolean };

export function noHarm(
  _arms: { readonly on: Arm; readonly off: Arm },
  _options: { readonly alpha: number; readonly look: number; readonly margin: number },
): NoHarm {
  throw new Error("not yet");
}
