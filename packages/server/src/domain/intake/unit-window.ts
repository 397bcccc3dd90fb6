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
