/** Stops a timer; calling it again does nothing. */
export type Cancel = () => void;

/** Timers, handed in so that tests can move time by hand. A timer alone never keeps the process alive. */
export interface Timers {
  /** Runs `run` once after `delayMs` (at most 2^31 − 1; beyond that Node fires at once). */
  after(delayMs: number, run: () => void): Cancel;
  /** Runs `run` each `intervalMs`, the first time after one interval. */
  every(intervalMs: number, run: () => void): Cancel;
}

/** Runs a function in the next turn of the event loop, after the input that is waiting now. */
export type NextTurn = (run: () => void) => void;

/** Resolves after `delayMs`. */
export function pause(timers: Pick<Timers, "after">, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
}
