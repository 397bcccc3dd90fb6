import type { Timers } from "../../ports/timers.ts";
import type { Ballast } from "./ballast.ts";
import { diskFull, isDiskFull } from "./failures.ts";
import type { Session } from "./session.ts";
import { WriteQueue } from "./write-queue.ts";

/** Makes one transaction of each write, and sees to it that a full disk or a held database stops an urgent one last. */
export class Writer {
  readonly #queue: WriteQueue;
  readonly #ballast: Ballast;
  readonly #transaction: (body: () => unknown) => unknown;

  constructor({ db }: Session, ballast: Ballast, timers: Timers) {
    this.#queue = new WriteQueue(timers);
    this.#ballast = ballast;
    const transaction = db.transaction((body: () => unknown) => body());
    this.#transaction = (body) => transaction.immediate(body);
  }

  /** All of `body` or nothing of it. It may run more than once. */
  write<T>(urgent: boolean, body: () => T): Promise<T> {
    return this.#queue.run(() => this.#now(urgent, body), urgent);
  }

  /** For what is not worth waiting or failing for. False when it wasn't written. */
  attempt(body: () => void): boolean {
    try {
      this.#now(false, body);
      return true;
    } catch {
      return false;
    }
  }

  #now<T>(urgent: boolean, body: () => T): T {
    // What is kept back for urgent writes must be there again before another one may take space.
    if (!urgent && !this.#ballast.hold()) throw diskFull();
    try {
      return this.#transaction(body) as T;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      if (!urgent || !this.#ballast.drop()) throw diskFull(error);
    }
    try {
      return this.#transaction(body) as T;
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : error;
    }
  }
}
