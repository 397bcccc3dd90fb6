/*
 * The reducer has no clock: every instant comes with an event. They must come from a clock that doesn't go back (the wall clock once, then
 * monotonic time; after a restart no earlier than `state.now`): while instants lie in the past of a rollout, its samplings count for nothing.
 */
export type { EpochMs } from "../records.ts";
