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

/** What somebody who waits for the store lets it be silent for: it answers in milliseconds, or hangs. */
export const SILENT_MS = 1_000;

/** What `asked` comes to, unless it says nothing for `SILENT_MS`: rejects then, and does not call it off. */
export async function unlessSilent<T>(timers: Pick<Timers, "after">, asked: Promise<T>): Promise<T> {
  let cancel: Cancel = () => undefined;
  const silence = new Promise<never>((_, reject) => {
    cancel = timers.after(SILENT_MS, () => reject(new Error(`no answer within ${SILENT_MS} ms`)));
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    cancel();
  }
}
