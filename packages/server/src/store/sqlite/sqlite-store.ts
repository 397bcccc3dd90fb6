import { drizzle } from "drizzle-orm/better-sqlite3";
import type { CheckpointStore } from "../../ports/checkpoint-store.ts";
import type { EvaluationStore } from "../../ports/evaluation-store.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import type { EpochMs, Store } from "../../ports/store.ts";
import type { Timers } from "../../ports/timers.ts";
import { FIRST_ENVIRONMENTS, mintEpoch } from "../environments.ts";
import { Ballast } from "./ballast.ts";
import type { DataFolder } from "./data-folder.ts";
import { diskFull, isDiskFull } from "./failures.ts";
import { openDatabase } from "./open-database.ts";
import type { Session } from "./session.ts";
import { SqliteRolloutStore } from "./sqlite-rollout-store.ts";
import { createSqliteCheckpoints } from "./sqlite-checkpoints.ts";
import { createSqliteEvaluations } from "./sqlite-evaluations.ts";
import { openTables } from "./tables.ts";
import { SqliteFlagStore } from "./sqlite-flag-store.ts";
import { Writer } from "./writer.ts";

/** What the store needs of the outside. `random` gives that many random bytes; epochs are made of them. */
export interface SqliteStoreOptions {
  readonly folder: Pick<DataFolder, "databasePath" | "ballastPath">;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly timers: Timers;
  /** The wall clock at the opening: the epochs of a new store are of then. */
  readonly now: EpochMs;
}

/** `isFresh`: no token was ever made, so nobody can call it yet. True again after a crash before the first token. */
export interface OpenedStore {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  readonly evaluations: EvaluationStore;
  readonly isFresh: boolean;
}

/** Opens the store of a data folder, new or not. Throws a StoreError when it can't be trusted or there is no space to open it. */
export function openSqliteStore(options: SqliteStoreOptions): OpenedStore {
  const ballast = new Ballast(options.folder.ballastPath, options.random);
  const open = (): OpenedStore => openWith(ballast, options);
  try {
    return open();
  } catch (error) {
    // A server that comes back to a full disk must come back all the same.
    if (!isDiskFull(error)) throw error;
    if (!ballast.drop()) throw diskFull(error);
    return open();
  }
}

function openWith(ballast: Ballast, { folder, random, timers, now }: SqliteStoreOptions): OpenedStore {
  const db = openDatabase(folder.databasePath);
  try {
    const session: Session = { db, orm: drizzle({ client: db }) };
    const tables = openTables(session);
    if (tables.environments.count() === 0)
      tables.environments.insert(FIRST_ENVIRONMENTS.map((key) => ({ key, epoch: mintEpoch(random, { at: now }) })));
    ballast.hold();
    const parts = { session, tables, writer: new Writer(session, ballast, timers), random };
    return {
      store: new SqliteFlagStore(parts),
      rollouts: new SqliteRolloutStore(parts),
      checkpoints: createSqliteCheckpoints(parts),
      evaluations: createSqliteEvaluations(parts),
      isFresh: !tables.tokens.any(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
