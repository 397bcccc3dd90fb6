import type { EpochMs } from "./instant.ts";

/**
 * What a metric's provider answered for one sampling. `noData`: it answered, and there is no usable number (nothing, NaN, several
 * series). `error`: it did not answer (refused, timed out). Neither is a breach, and neither ever passes.
 */
export type Sample =
  | {
      readonly kind: "value";
      /** In the metric's unit. Anything but a finite number counts as no data. */
      readonly value: number;
      /** How old the observation was when it was sampled; 0 when the provider doesn't say. */
      readonly ageMs: number;
    }
  | { readonly kind: "noData"; readonly reason: string }
  | { readonly kind: "error"; readonly reason: string };

/** The newest sample of a metric, and the instant that it counts for: the aligned instant of a sampling, or when a signal was pushed. */
export interface Observation {
  readonly sample: Sample;
  readonly at: EpochMs;
}
