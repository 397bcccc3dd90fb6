import type { CheckpointStore } from "../../ports/checkpoint-store.ts";
import type { EvaluationStore } from "../../ports/evaluation-store.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import { StoreError } from "../../ports/store-error.ts";
import type { EpochMs, Store } from "../../ports/store.ts";
import type { Timers } from "../../ports/timers.ts";
import { FIRST_ENVIRONMENTS, mintEpoch } from "../environments.ts";
import { migrate } from "./migrations.ts";
import { Pool } from "./pool.ts";
import { createPostgresCheckpoints } from "./postgres-checkpoints.ts";
import { createPostgresEvaluations } from "./postgres-evaluations.ts";
import { PostgresFlagStore } from "./postgres-flag-store.ts";
import { PostgresRolloutStore } from "./postgres-rollout-store.ts";
import { Tables } from "./tables.ts";
import { Writer } from "./writer.ts";

/** What the store needs of the outside. `random` gives that many random bytes; epochs are made of them. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with all that libpq's URLs can say of TLS and several hosts. */
  readonly url: string;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly timers: Timers;
  /** The wall clock at the opening: the epochs of a new store are of then. */
  readonly now: EpochMs;
}

/** `isFresh`: no token was ever made, so nobody can call it yet. */
export interface OpenedPostgresStore {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  readonly evaluations: EvaluationStore;
  readonly pool: Pool;
  readonly isFresh: () => Promise<boolean>;
}

/** Opens the store of a database, new or not, and takes it to the newest schema. Rejects with a StoreError when it can't be trusted or reached. */
export async function openPostgresStore({
  url,
  random,
  timers,
  now,
}: PostgresStoreOptions): Promise<OpenedPostgresStore> {
  const pool = new Pool(url, timers);
  try {
    await pool.write(async (tx) => {
      await migrate(tx, databaseOf(url));
      const { environments } = new Tables(tx);
      if ((await environments.all()).length === 0)
        await environments.insert(FIRST_ENVIRONMENTS.map((key) => ({ key, epoch: mintEpoch(random, { at: now }) })));
    });
  } catch (error) {
    await pool.close();
    throw aboutOpening(error, url);
  }
  const parts = { pool, writer: new Writer(pool), random };
  return {
    store: new PostgresFlagStore(parts),
    rollouts: new PostgresRolloutStore(parts),
    checkpoints: createPostgresCheckpoints(parts),
    evaluations: createPostgresEvaluations(parts),
    pool,
    isFresh: async () => !(await pool.run((session) => new Tables(session).tokens.any())),
  };
}

/** As people know it: without user and password. */
export function databaseOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** What is wrong with the database, or with what this user may do there, is the operator's to mend and no bug. */
function aboutOpening(error: unknown, url: string): unknown {
  if (error instanceof StoreError && error.code === "DATABASE_NEWER") return error;
  if (!(error instanceof Error) || !("code" in error)) return error;
  return new StoreError("STORE_UNREACHABLE", {
    message: `the database ${databaseOf(url)} can't be opened: ${error.message}`,
    hint: "Look whether PostgreSQL is up, and whether the database, its user and the password of RAMPART_DATABASE_URL are right. The user needs CREATE on the database, or a schema rampart that it owns.",
    cause: error,
  });
}
