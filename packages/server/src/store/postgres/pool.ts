import { sql } from "drizzle-orm";
import type { Timers } from "../../ports/timers.ts";
import { ANSWER_MAX_MS } from "./answer-limits.ts";
import { connect, CONNECT_TIMEOUT_SECONDS, type Client } from "./client.ts";
import { isContended, storeFailure, unreachable, unwrapped } from "./failures.ts";
import type { Session } from "./session.ts";

/**
 * Within a write one statement may wait for a lock for so long, and take so long. A write whose server stands still (frozen, unplugged) is taken
 * back after two seconds, so that it holds up nobody. Set in each transaction: poolers let none of it through when a connection is made.
 */
const LIMITS = sql`SELECT set_config('lock_timeout', '5s', true), set_config('statement_timeout', '10s', true), set_config('idle_in_transaction_session_timeout', '2s', true)`;

/** Transactions that got in each other's way are done again so often. */
const CONTENDED_MAX = 5;

/** How a transaction begins that only reads: everything as it was at one moment. */
const SNAPSHOT = "isolation level repeatable read read only";

/** Connections to one database. One that breaks takes the others along: all are made anew, for the driver's own way back loses its place. */
export class Pool {
  readonly #url: string;
  readonly #timers: Timers;
  #client: Client;
  #isClosed = false;

  constructor(url: string, timers: Timers) {
    this.#url = url;
    this.#timers = timers;
    this.#client = connect(url);
  }

  /** Runs statements that each stand alone. Rejects with a StoreError for what is the database's fault. */
  run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#answered(ANSWER_MAX_MS.single, (client) => work(client.orm));
  }

  /** Runs `work` on everything as it was at one moment. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#answered(ANSWER_MAX_MS.snapshot, (client) => client.transaction(SNAPSHOT, work));
  }

  /** All of `work` or nothing of it. It may run more than once. */
  async write<T>(work: (tx: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#answered(ANSWER_MAX_MS.write, (client) =>
          client.transaction("read write", async (tx) => {
            await tx.execute(LIMITS);
            return work(tx);
          }),
        );
      } catch (error) {
        if (!isContended(error) || attempt >= CONTENDED_MAX) throw error;
      }
    }
  }

  /** Whatever comes later is refused. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#client.end(CONNECT_TIMEOUT_SECONDS);
  }

  async #answered<T>(maxMs: number, work: (client: Client) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw unreachable("this server is closing");
    if (this.#client.isBroken()) this.#replace(this.#client, CONNECT_TIMEOUT_SECONDS);
    const client = this.#client;
    let cancel = (): void => undefined;
    const silence = new Promise<never>((_, reject) => {
      cancel = this.#timers.after(maxMs, () => {
        this.#replace(client, CONNECT_TIMEOUT_SECONDS);
        reject(unreachable(`no answer within ${maxMs / 1000} s`));
      });
    });
    try {
      return await Promise.race([work(client), silence]);
    } catch (error) {
      throw storeFailure(unwrapped(error));
    } finally {
      cancel();
    }
  }

  /** What is under way on the others of the old connections has so long to end. */
  #replace(client: Client, timeoutSeconds: number): void {
    if (this.#client === client) this.#client = connect(this.#url);
    void client.end(timeoutSeconds).catch(() => undefined);
  }
}
