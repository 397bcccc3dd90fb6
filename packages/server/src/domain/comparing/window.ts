import type { BySide } from "../compare/units.ts";

/** What came in of one measured metric since the last look, by units of users; "first" is within what is said with each. */
export interface ComparedWindow {
  /** The percentage that it was measured at, in thousandths of a percent. */
  readonly thousandths: number;
  /** Units heard of for the first time since the percentage was set. */
  readonly exposed: BySide;
  /** Units heard of for the first time in this epoch of failures. */
  readonly seen: BySide;
  /** Units whose first failure in this epoch of failures it is. */
  readonly failed: BySide;
  /** First values of units in this epoch of values, a count for each bin of the whole scale. */
  readonly values: { readonly on: ArrayLike<number>; readonly off: ArrayLike<number> };
  readonly requests: BySide;
  readonly failures: BySide;
}

/** Requests and failures of each unit since the percentage was set; the first `onEnd` are on, those from `offStart` on are off. */
export interface ComparedSums {
  readonly onEnd: number;
  readonly offStart: number;
  readonly requests: Uint32Array;
  readonly failures: Uint32Array;
}

/** What begins anew: every unit can fail, or have a value, "first" again. */
export type EpochOf = "failures" | "values";
