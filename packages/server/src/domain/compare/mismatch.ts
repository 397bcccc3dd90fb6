/** Evidence above which the cohort is not what the percentage says. */
export const MISMATCH_EVIDENCE = 1000;

/** First exposures: distinct units seen that are on, and off; `share`: `shareOf` the percentage. */
export interface Exposures {
  readonly on: number;
  readonly off: number;
  readonly share: number;
}

/** `ln` of the evidence for a sample-ratio mismatch, by a mixture of beta-binomials around the configured share. */
export function mismatchLogEvidence(_exposures: Exposures): number {
  throw new Error("not yet");
}

export function isMismatch(exposures: Exposures): boolean {
  return mismatchLogEvidence(exposures) >= Math.log(MISMATCH_EVIDENCE);
}
