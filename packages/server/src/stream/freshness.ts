import type { Clock } from "../ports/clock.ts";

/**
 * Who has not read the store for this long, three polls, does not know any more what is stored. With a lease of 25 s, and 2 s for what is on its way, a client
 * that nobody can reach is off 30 s after a rollback that another server stored, at the latest.
 */
export const CONFIRMED_MS = 3_000;

/** How long ago the store was read. */
export class Freshness {
  readonly #clock: Clock;
  #monotonicMs: number;
  #wallMs: number;

  /** It was read just now. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#monotonicMs = clock.monotonicMs();
    this.#wallMs = clock.now();
  }

  /**
   * To be called with a question; what it gives, with the answer. What was committed after the question may not be in it, however long it takes, unless
   * whoever answers says `asOfMs` after it for which moment the answer stands.
   */
  ask(): (asOfMs?: number) => void {
    const [monotonicMs, wallMs] = [this.#clock.monotonicMs(), this.#clock.now()];
    return (asOfMs = 0) => {
      this.#monotonicMs = monotonicMs + asOfMs;
      this.#wallMs = wallMs + asOfMs;
    };
  }

  /** For how long it has not been known what is stored, milliseconds. */
  get ageMs(): number {
    // The monotonic clock stands still while a machine sleeps.
    return Math.max(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.now() - this.#wallMs);
  }

  get isFresh(): boolean {
    return this.ageMs <= CONFIRMED_MS;
  }
}
