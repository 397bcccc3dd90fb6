import { randomBytes } from "node:crypto";
import type { Platform } from "../main/platform.ts";

/** A platform whose time moves only by `advance`. */
export interface ManualPlatform extends Platform {
  /** Moves time on, runs what is due on the way, and lets sockets do their work in between. */
  advance(ms: number): Promise<void>;
}

/** Begins at 2026-01-05T02:00:00Z. `chance` is what jitter is made of. */
export function manualPlatform(chance: () => number = () => 0.5): ManualPlatform {
  const startedAt = Date.parse("2026-01-05T02:00:00Z");
  let elapsedMs = 0;
  const due = new Set<{ atMs: number; readonly run: () => void; readonly everyMs: number | undefined }>();
  const add = (delayMs: number, run: () => void, everyMs?: number): (() => void) => {
    const timer = { atMs: elapsedMs + delayMs, run, everyMs };
    due.add(timer);
    return () => void due.delete(timer);
  };
  return {
    clock: { now: () => startedAt + elapsedMs, monotonicMs: () => elapsedMs },
    timers: {
      after: (delayMs, run) => add(delayMs, run),
      every: (intervalMs, run) => add(intervalMs, run, intervalMs),
    },
    nextTurn: (run) => void setImmediate(run),
    random: { next: chance },
    randomBytes,
    async advance(ms) {
      const endMs = elapsedMs + ms;
      for (;;) {
        await turns();
        const [next] = [...due].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        elapsedMs = next.atMs;
        if (next.everyMs === undefined) due.delete(next);
        else next.atMs += next.everyMs;
        next.run();
      }
      elapsedMs = endMs;
      await turns();
    },
  };
}

/** A few turns of the event loop: enough for what is already on its way inside this process. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
