import { sql } from "drizzle-orm";
import { busy } from "./failures.ts";
import type { Pool } from "./pool.ts";
import type { Session } from "./session.ts";

/** Names the lock under which the audit's chain and the revisions grow. */
const WRITER_LOCK = 0x52_6d_70_02;

/** Transactions of this server at once, besides urgent ones: these find a connection, and few before them. */
const WRITES_AT_ONCE_MAX = 4;

/** Writes that wait for their turn at most. */
const WAITING_MAX = 1000;

/** Makes one transaction of each write. What is audited is written one after the other, by whatever server. */
export class Writer {
  readonly #pool: Pool;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * All of `body` or nothing of it. It may run more than once. The lock comes before every other: two writes can't wait for each other, each
   * sees what those before it left, and the revisions and the audit have no gap.
   */
  audited<T>(urgent: boolean, body: (tx: Session) => Promise<T>): Promise<T> {
    const work = (): Promise<T> =>
      this.#pool.write(async (tx) => {
        await tx.execute(sql`SELECT pg_advisory_xact_lock(${WRITER_LOCK})`);
        return body(tx);
      });
    return urgent ? work() : this.#inTurn(work);
  }

  /** As `audited`, for what leaves no entry in the audit and makes no revision. */
  plain<T>(body: (tx: Session) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#pool.write(body));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= WRITES_AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw busy();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, if there is one.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
