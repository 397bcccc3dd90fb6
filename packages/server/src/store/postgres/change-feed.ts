import { sql } from "drizzle-orm";
import postgres, { type Sql } from "postgres";
import type { Logger } from "../../ports/logger.ts";
import type { Timers } from "../../ports/timers.ts";
import { CHANGES } from "./environment-rows.ts";
import type { Pool } from "./pool.ts";

/** What a server sends itself must have come back within this time. */
const PROBE_MAX_MS = 2_000;

/** What a change feed works with. `url` is for a connection of its own, which listens. */
export interface ChangeFeedParts {
  readonly url: string;
  readonly pool: Pool;
  /** Of this process, unlike any other. */
  readonly instance: string;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Hears of revisions as they are committed, by LISTEN and NOTIFY. It only makes things faster: what it misses (a connection that was lost,
 * a pooler that delivers nothing) the poll of each second finds.
 */
export class ChangeFeed {
  readonly #parts: ChangeFeedParts;
  #sql: Sql | undefined;
  #isHeard = false;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
  }

  /** Calls `onChange` with an environment that has a new revision; undefined: any may have one. Never throws. */
  start(onChange: (environment: string | undefined) => void): void {
    const { url, instance, logger } = this.#parts;
    this.#sql = postgres(url, { max: 1, prepare: false, fetch_types: false, onnotice: () => undefined });
    const hear = (payload: string): void => {
      if (payload === instance) this.#isHeard = true;
      else onChange(payload);
    };
    // Told of each new connection: what was sent in between is lost.
    const resume = (): void => {
      onChange(undefined);
      this.#probe();
    };
    this.#sql
      .listen(CHANGES, hear, resume)
      .catch((error: unknown) =>
        logger.warn({ err: error }, "can't listen for changes; they are looked for each second"),
      );
  }

  /** Resolves when the connection is closed. Never rejects. */
  async stop(): Promise<void> {
    await this.#sql?.end({ timeout: 1 }).catch(() => undefined);
  }

  /** Some poolers take a LISTEN and deliver nothing. */
  #probe(): void {
    const { pool, instance, timers, logger } = this.#parts;
    this.#isHeard = false;
    pool.run((session) => session.execute(sql`SELECT pg_notify(${CHANGES}, ${instance})`)).catch(() => undefined);
    timers.after(PROBE_MAX_MS, () => {
      if (!this.#isHeard)
        logger.warn({}, "no notification comes through, as behind some poolers; changes are looked for each second");
    });
  }
}
