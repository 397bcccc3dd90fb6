import type { NextTurn } from "../ports/timers.ts";

/** How fast streams are let in. */
export interface AdmissionRate {
  /** Streams a second, in the long run. */
  readonly perSecond: number;
  /** Streams at once after a quiet time: a whole fleet that comes back after a restart. */
  readonly burst: number;
}

/**
 * A gate that lets a bounded number through in each turn of the event loop, in order: a batch of ten thousand arrivals becomes a hundred
 * short turns with everything else in between, instead of one long one.
 */
export class TurnGate {
  readonly #nextTurn: NextTurn;
  readonly #perTurn: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #scheduled = false;

  constructor(perTurn: number, nextTurn: NextTurn) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
    this.#nextTurn = nextTurn;
  }

  /** Nothing: the caller may go on at once. A promise: when it resolves. */
  pass(): Promise<void> | undefined {
    this.#schedule();
    if (this.#left > 0) {
      this.#left -= 1;
      return undefined;
    }
    return new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextTurn(() => {
      this.#scheduled = false;
      const next = this.#waiting.splice(0, this.#perTurn);
      this.#left = this.#perTurn - next.length;
      if (next.length > 0) this.#schedule();
      for (const resume of next) resume();
    });
  }
}

/**
 * A token bucket for accepting streams, so that ten thousand clients coming back at once don't stall those already
 * there. It also knows how many it has sent away, and asks the next ones to come back spread over the time it will
 * take to let those in: a fixed Retry-After would only move the storm.
 */
export class Admission {
  readonly #rate: AdmissionRate;
  #tokens: number;
  #waiting = 0;
  #atMs: number;

  constructor(rate: AdmissionRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** True: let it in. Here and below `nowMs` is monotonic. */
  admit(nowMs: number): boolean {
    if (!this.isOpen(nowMs)) {
      this.#waiting += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }

  /** Whether the next one would be let in. */
  isOpen(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#rate.perSecond;
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#waiting = Math.max(0, this.#waiting - gained);
    return this.#tokens >= 1;
  }

  /** Whole seconds for `Retry-After`, 1…30, spread over the time that those sent away will need. `chance`: 0 ≤ x < 1. */
  retryAfterSeconds(chance: number): number {
    const spreadSeconds = Math.min(RETRY_AFTER_SECONDS_MAX - 1, Math.ceil(this.#waiting / this.#rate.perSecond));
    return 1 + Math.floor(chance * (spreadSeconds + 1));
  }
}

/** SDKs back off to 30 s by themselves; asking for more would break the bound on coming back. */
const RETRY_AFTER_SECONDS_MAX = 30;
