import type { ClientPorts } from "@rampart/core";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Turns of the event loop for half a second of virtual time: enough for an exchange on the loopback. */
const TURNS_PER_STEP = 200;

/** The client's clocks and timers, moved by the test, while its sockets are real. */
export class VirtualTime {
  nowMs = 0;
  readonly startedAt = 1_700_000_000_000;
  #timers: Timer[] = [];
  #turns = 1;

  readonly ports: Pick<ClientPorts, "now" | "wallNow" | "setTimer" | "random"> = {
    now: () => this.nowMs,
    wallNow: () => this.startedAt + this.nowMs,
    random: () => 0.5,
    setTimer: (afterMs, callback) => {
      const timer = { atMs: this.nowMs + afterMs, callback };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    },
  };

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      const due = next;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.callback();
    }
    this.nowMs = untilMs;
  }

  /** Moves the clock in half seconds, with time for the sockets in between. */
  async advanceUntil(condition: () => boolean, what: string): Promise<void> {
    await until(() => {
      if (condition()) return true;
      if (this.#turns++ % TURNS_PER_STEP === 0) this.advance(500);
      return false;
    }, what);
  }

  #next(untilMs: number): Timer | undefined {
    const due = this.#timers.filter((timer) => timer.atMs <= untilMs);
    return due.reduce<Timer | undefined>((a, b) => (a !== undefined && a.atMs <= b.atMs ? a : b), undefined);
  }
}

const PATIENCE_MS = 5_000;

/** Waits for sockets and files to have done their work; fails after 5 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
