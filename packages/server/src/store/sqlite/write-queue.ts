import type { Timers } from "../../ports/timers.ts";
import { pause } from "../../ports/timers.ts";
import { busy, isBusy } from "./failures.ts";

/** Between two attempts: long enough for requests and streams to be served, short enough for a kill. */
const RETRY_DELAY_MS = 15;
/** With the 5 ms that SQLite waits itself, about two seconds: then the caller is told. */
const ATTEMPTS_MAX = 100;
/** About half a minute. A kill is worth waiting for. */
const URGENT_ATTEMPTS_MAX = 1500;
/** Writes that wait at most; urgent ones have as much again for themselves. */
const WAITING_MAX = 1000;

interface Waiting {
  readonly urgent: boolean;
  attempts: number;
  /** False: still busy. */
  readonly attempt: () => boolean;
  readonly fail: (error: Error) => void;
}

/**
 * Runs writes one after the other. A write that finds the database held by another connection waits here, without holding up the
 * event loop, and urgent ones go before all others.
 */
export class WriteQueue {
  readonly #timers: Timers;
  readonly #waiting: Waiting[] = [];
  #isDraining = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** `task` throws SQLite's busy error for "not now", and may run more than once. Rejects with what else it throws, and with STORE_BUSY. */
  run<T>(task: () => T, urgent: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = (): boolean => {
        try {
          resolve(task());
          return true;
        } catch (error) {
          if (isBusy(error)) return false;
          reject(error);
          return true;
        }
      };
      if (this.#waiting.length === 0 && attempt()) return;
      const limit = urgent ? 2 * WAITING_MAX : WAITING_MAX;
      if (this.#waiting.length >= limit) return reject(busy());
      this.#enqueue({ urgent, attempts: 1, attempt, fail: reject });
      if (!this.#isDraining) void this.#drain();
    });
  }

  #enqueue(one: Waiting): void {
    const place = one.urgent ? this.#waiting.findIndex((other) => !other.urgent) : -1;
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, one);
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    while (this.#waiting.length > 0) {
      await pause(this.#timers, RETRY_DELAY_MS);
      this.#attemptAll();
    }
    this.#isDraining = false;
  }

  /** The first that finds the database busy speaks for all behind it. */
  #attemptAll(): void {
    while (this.#waiting[0]?.attempt() === true) this.#waiting.shift();
    for (const one of this.#waiting) one.attempts += 1;
    const tired = this.#waiting.filter((one) => one.attempts > (one.urgent ? URGENT_ATTEMPTS_MAX : ATTEMPTS_MAX));
    for (const one of tired) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      one.fail(busy());
    }
  }
}
