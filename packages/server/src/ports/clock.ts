/** Time, as the server sees it. Two readings, because a wall clock can be set back while a promise of "within 30 s" can't. */
export interface Clock {
  /** Epoch milliseconds of the wall clock, for what is stored and shown. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back, for intervals. Has fractions. */
  monotonicMs(): number;
}
