import { and, asc, gt, lt, ne, eq, sql } from "drizzle-orm";
import type { Logger } from "../../ports/logger.ts";
import type { Cancel, Timers } from "../../ports/timers.ts";
import type { Pool } from "./pool.ts";
import { replicas } from "./schema.ts";
import type { Session } from "./session.ts";

/** How often a server says that it is there. */
const BEAT_MS = 2_000;

/** One that was not heard of for so long is gone. */
const GONE_AFTER = sql`clock_timestamp() - interval '10 seconds'`;

/** One that was heard of since has clients that may not have another server yet. */
const LATELY = sql`clock_timestamp() - interval '30 seconds'`;

/** Of one that was not heard of for so long nothing is kept. */
const FORGOTTEN_AFTER = sql`clock_timestamp() - interval '1 hour'`;

/** A server on this database. */
export interface Replica {
  /** Of the process, unlike any other. */
  readonly instance: string;
  readonly name: string;
}

/** What servers see each other with. `secretCheck`: made from the server's secret, so that one which was given another is noticed. */
export interface ReplicasParts {
  readonly pool: Pool;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly self: Replica & { readonly secretCheck: string };
}

/** The servers on one database, as they say that they are there. */
export class Replicas {
  readonly #parts: ReplicasParts;
  #stopBeating: Cancel = () => undefined;

  constructor(parts: ReplicasParts) {
    this.#parts = parts;
  }

  /** Joins the others. Resolves with the name of one that has another secret, and does not join then. */
  async join(): Promise<string | undefined> {
    const { pool, self, timers, logger } = this.#parts;
    const stranger = await pool.write(async (tx) => {
      await tx.execute(sql`LOCK TABLE ${replicas} IN SHARE ROW EXCLUSIVE MODE`);
      const [other] = await tx
        .select({ name: replicas.name })
        .from(replicas)
        .where(and(gt(replicas.seenAt, GONE_AFTER), ne(replicas.secretCheck, self.secretCheck)));
      if (other === undefined) await beat(tx, self);
      return other?.name;
    });
    if (stranger !== undefined) return stranger;
    this.#stopBeating = timers.every(BEAT_MS, () => {
      pool
        .run((session) => beat(session, self))
        .catch((error: unknown) => logger.warn({ err: error }, "this server can't tell the others that it is there"));
    });
    return undefined;
  }

  /** Leaves the others. Never rejects. */
  async leave(): Promise<void> {
    const { pool, self } = this.#parts;
    this.#stopBeating();
    await pool
      .run(async (session) => {
        await session.delete(replicas).where(eq(replicas.instance, self.instance));
      })
      .catch(() => undefined);
  }

  /** All that are there, or were lately and did not say goodbye, by name; this one too. */
  present(): Promise<readonly Replica[]> {
    return this.#parts.pool.run((session) =>
      session
        .select({ instance: replicas.instance, name: replicas.name })
        .from(replicas)
        .where(gt(replicas.seenAt, LATELY))
        .orderBy(asc(replicas.name), asc(replicas.instance)),
    );
  }
}

async function beat(session: Session, self: ReplicasParts["self"]): Promise<void> {
  const seenAt = sql`clock_timestamp()`;
  await session
    .insert(replicas)
    .values({ ...self, seenAt })
    .onConflictDoUpdate({ target: replicas.instance, set: { seenAt } });
  await session.delete(replicas).where(lt(replicas.seenAt, FORGOTTEN_AFTER));
}
