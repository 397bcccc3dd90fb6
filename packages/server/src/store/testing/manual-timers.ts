import type { Timers } from "../../ports/timers.ts";

/** Timers that run when `advance` is called, in the order in which they are due. */
export interface ManualTimers extends Timers {
  /** Moves time on, and lets everything that was waiting run. */
  advance(ms: number): Promise<void>;
}

/** Starts at 0. */
export function manualTimers(): ManualTimers {
  let now = 0;
  const due = new Set<{ at: number; readonly run: () => void; readonly everyMs: number | undefined }>();
  const add = (delayMs: number, run: () => void, everyMs: number | undefined) => {
    const one = { at: now + delayMs, run, everyMs };
    due.add(one);
    return () => void due.delete(one);
  };
  return {
    after: (delayMs, run) => add(delayMs, run, undefined),
    every: (intervalMs, run) => add(intervalMs, run, intervalMs),
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        // Promises that were just resolved may ask for the next timer.
        for (let turn = 0; turn < 10; turn++) await Promise.resolve();
        const [next] = [...due].filter((one) => one.at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        now = next.at;
        if (next.everyMs === undefined) due.delete(next);
        else next.at += next.everyMs;
        next.run();
      }
      now = end;
    },
  };
}
