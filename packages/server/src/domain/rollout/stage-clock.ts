import type { EpochMs } from "./instant.ts";
import type { StageClock } from "./state.ts";

/** The clock of a stage that opens now. */
export function startClock(now: EpochMs): StageClock {
  return { elapsedMs: 0, runningSince: now, timeoutFromMs: 0 };
}

/** The stage's own time up to `now`, without the times in which it was paused. */
export function elapsedMs(clock: StageClock, now: EpochMs): number {
  return clock.elapsedMs + (clock.runningSince === undefined ? 0 : Math.max(0, now - clock.runningSince));
}

/** The clock, standing still from `now` on. */
export function stopClock(clock: StageClock, now: EpochMs): StageClock {
  return { elapsedMs: elapsedMs(clock, now), timeoutFromMs: clock.timeoutFromMs };
}

/** Goes on. After a timeout the timeout counts anew: a person has decided to give the stage that time again. */
export function resumeClock(clock: StageClock, now: EpochMs, timedOut: boolean): StageClock {
  const timeoutFromMs = timedOut ? clock.elapsedMs : clock.timeoutFromMs;
  return { elapsedMs: clock.elapsedMs, runningSince: now, timeoutFromMs };
}

/** When `timeout` runs out; undefined while the clock stands still. */
export function timeoutAt(clock: StageClock, timeoutMs: number): EpochMs | undefined {
  return clock.runningSince === undefined
    ? undefined
    : clock.runningSince + (clock.timeoutFromMs + timeoutMs - clock.elapsedMs);
}
