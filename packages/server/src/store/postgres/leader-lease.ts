import { NO_FENCE, type Leadership } from "../../ports/leadership.ts";
import type { LeaseBook } from "../../ports/lease-book.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Cancel, Timers } from "../../ports/timers.ts";

/** A server that stops without a word is followed after this, and the next try of another. */
export const LEASE_MS = 10_000;

/** How often the one that has it renews it, and the others try to get it. */
export const LEASE_LOOK_MS = 1_000;

/** What the lease is held with. */
export interface LeaderLeaseParts {
  readonly book: LeaseBook;
  /** Of this process, unlike any other. */
  readonly holder: string;
  /** The process before this one, which is gone: nobody has to wait for its lease. */
  readonly predecessor?: string | undefined;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * The lease of the server that evaluates, in a row of the database. It is renewed by a timer: a process that is frozen or whose loop is
 * blocked renews nothing, and finds its number refused when it goes on. While the database can't be reached every server watches the metrics, for
 * none can tell another that a flag has to be off: nothing of that can be stored, but each turns it off for its own clients.
 */
export class LeaderLease implements Leadership {
  readonly isShared = true;
  readonly #parts: LeaderLeaseParts;
  #held: { readonly fence: number } | undefined;
  #isBlind = false;
  #looking: Promise<void> | undefined;
  #stopLooking: Cancel = () => undefined;
  #isStopped = false;
  #hasFollowed = false;

  constructor(parts: LeaderLeaseParts) {
    this.#parts = parts;
  }

  evaluating(): { readonly fence: number } | undefined {
    return this.#held ?? (this.#isBlind ? { fence: NO_FENCE } : undefined);
  }

  /** Tries to get it from now on. */
  start(): void {
    this.#stopLooking = this.#parts.timers.every(LEASE_LOOK_MS, () => void this.look());
    void this.look();
  }

  /** Gives it back, so that the next one need not wait, and tries no more. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopLooking();
    await this.#looking;
    const held = this.#held;
    this.#held = undefined;
    this.#isBlind = false;
    if (held === undefined) return;
    const { book, logger } = this.#parts;
    await book
      .giveBack(held.fence)
      .catch((error: unknown) =>
        logger.warn({ err: error }, "the evaluator's lease could not be given back: it runs out"),
      );
  }

  /** Renews it, or tries to get it; joins a look that is under way. Never rejects. */
  look(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#looking ??= this.#look()
      .then(() => (this.#isBlind = false))
      .catch((error: unknown) => {
        this.#isBlind = !this.#isStopped;
        this.#parts.logger.warn({ err: error }, "the evaluator's lease can't be looked at");
      })
      .then(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { book, holder, predecessor, logger } = this.#parts;
    const held = this.#held;
    if (held !== undefined) {
      if (await book.renew(held.fence, LEASE_MS)) return;
      this.#held = undefined;
      logger.warn({ fence: held.fence }, "another server may evaluate by now: this one stopped");
    }
    if (predecessor !== undefined && !this.#hasFollowed) {
      await book.end(predecessor);
      this.#hasFollowed = true;
    }
    const fence = await book.take(holder, LEASE_MS);
    if (fence === undefined) return;
    this.#held = { fence };
    logger.info({ fence }, "this server evaluates the rollouts from now on");
  }
}
