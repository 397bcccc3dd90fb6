import { randomBytes } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { NextTurn, Timers } from "../ports/timers.ts";

/** What a server takes from the outside: real here, moved by hand in tests. */
export interface Platform {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly nextTurn: NextTurn;
  /** For jitter. */
  readonly random: Random;
  /** For secrets and ids. */
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
}

/** The machine's clocks, timers and randomness. */
export const realPlatform: Platform = {
  clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
  timers: {
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
    every(intervalMs, run) {
      const timer = setInterval(run, intervalMs).unref();
      return () => clearInterval(timer);
    },
  },
  nextTurn: (run) => void setImmediate(run),
  random: { next: () => Math.random() },
  randomBytes,
};
