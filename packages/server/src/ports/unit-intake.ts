import type { JsonValue } from "@rampart/core";

/** The flag of a rollout, and what is measured of it: a tracked metric, or `run`. */
export interface Measured {
  readonly environment: string;
  readonly flag: string;
  readonly metric: string;
}

/** A number for users who are on, and one for those who are off. */
export interface BySide<T> {
  readonly on: T;
  readonly off: T;
}

/**
 * What came in between two drains, by units (see `UNITS` in core) and by arrival. "First" is within what is said with each; whatever
 * was sent twice counts once.
 */
export interface UnitWindow {
  /** The percentage that all of it was measured at, in thousandths of a percent, above 0 and below 100,000. */
  readonly thousandths: number;
  /** Units heard of for the first time since the percentage was set. For the check that the cohort is what the percentage says. */
  readonly exposed: BySide<number>;
  /** Units heard of for the first time in this epoch of failures. */
  readonly seen: BySide<number>;
  /** Units whose first failure in this epoch of failures it is. */
  readonly failed: BySide<number>;
  /** First values of units in this epoch of values, by bin of the whole scale (`VALUE_BINS`). */
  readonly values: BySide<Uint32Array>;
  /** All calls, and those of them that failed. */
  readonly requests: BySide<number>;
  readonly failures: BySide<number>;
}

/** Requests and failures of each unit since the percentage was set; its first `onEnd` units are on, those from `offStart` on are off. */
export interface UnitSums {
  readonly thousandths: number;
  readonly onEnd: number;
  readonly offStart: number;
  readonly requests: Uint32Array;
  readonly failures: Uint32Array;
}

/** What SDKs report of flags under a rollout, kept by unit. Calls are synchronous: a window, the step taken on it and `keep` are one turn. */
export interface UnitIntake {
  /**
   * Takes out what came since the last call; undefined: nothing was ever reported at the flag's present percentage. When the percentage
   * was changed, everything begins anew: both epochs, the exposures and the sums.
   */
  drain(measured: Measured): UnitWindow | undefined;
  /** Every unit can fail, or have a value, "first" again. Call it after a drain. */
  beginEpoch(measured: Measured, of: "failures" | "values"): void;
  /** Not a copy: it changes with what comes in. Undefined: nothing was reported at the present percentage. */
  sums(measured: Measured): UnitSums | undefined;
  /**
   * Holds what the caller made of the windows so far, to be stored in one transaction with the units that it was made of: after a crash both
   * are back as they were at one moment, so that no unit's first failure counts twice. At most 64 KiB of JSON.
   */
  keep(measured: Measured, state: JsonValue): void;
  /** What was kept for the present percentage. */
  kept(measured: Measured): JsonValue | undefined;
}
