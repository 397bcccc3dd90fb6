/** Epoch milliseconds. The reducer has no clock: every instant comes with an event. */
export type EpochMs = number;
