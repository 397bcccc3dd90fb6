import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { DrillBook } from "../ports/drill-book.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { ReportLog } from "../ports/report-log.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import { pause } from "../ports/timers.ts";
import { ChangeFeed } from "../store/postgres/change-feed.ts";
import { LeaderLease } from "../store/postgres/leader-lease.ts";
import { createPostgresDrills } from "../store/postgres/postgres-drills.ts";
import { createPostgresReportLog } from "../store/postgres/postgres-report-log.ts";
import { databaseOf, openPostgresStore, type OpenedPostgresStore } from "../store/postgres/postgres-store.ts";
import { Replicas } from "../store/postgres/replicas.ts";
import { Tables } from "../store/postgres/tables.ts";
import { openDataFolder, type DataFolder } from "../store/sqlite/data-folder.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { ServerConfig } from "./config.ts";
import type { Platform } from "./platform.ts";
import { startClientsExchange, type ClientsExchange, type ClientsExchangeParts } from "./clients-exchange.ts";
import { startReceiptsExchange, type ExchangeParts } from "./receipts-exchange.ts";
import { secretCheck } from "./secrets.ts";
import { StartError } from "./start-error.ts";

/** A store that is open, and what belongs to it. */
export interface OpenedStorage {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  /** It has no token yet. */
  readonly isFresh: boolean;
  /** Where the first tokens are written. */
  readonly folder: string;
  /** The other servers on the same store; undefined: there can be none. */
  readonly shared?: SharedStorage;
  readonly close: () => Promise<void>;
}

/** What servers on one database do together. */
export interface SharedStorage {
  readonly replicaId: string;
  readonly leadership: Leadership;
  readonly drills: DrillBook;
  /** Of this process, unlike any other. */
  readonly instance: string;
  /** What SDKs reported to each of them. */
  readonly reports: ReportLog;
  /** Begins to try for the evaluator's lease, and to hear of what other servers commit; undefined: any environment may have changed. */
  start(onChange: (environment: string | undefined) => void): void;
  /** Counts receipts together with the others. Returns what stops it. */
  countTogether(hub: ExchangeParts["hub"]): () => Promise<void>;
  /** Lists clients together with the others, until it is stopped. */
  listTogether(hub: ClientsExchangeParts["hub"]): ClientsExchange;
  /** Lets another server evaluate at once. Never rejects. */
  standDown(): Promise<void>;
}

/** The lease of the server that makes the first tokens; long enough to write three of them. */
const SETUP = "setup";
const SETUP_MS = 10_000;
const SETUP_LOOK_MS = 100;

/** Opens what the configuration names: PostgreSQL, or the data folder. Rejects with a StoreError or StartError, and leaves nothing open. */
export async function openStorage(config: ServerConfig, platform: Platform, logger: Logger): Promise<OpenedStorage> {
  const folder = openDataFolder(config.dataDir, process.pid);
  try {
    const { databaseUrl, secret, replicaId, databaseListen: listens } = config;
    return databaseUrl === undefined || secret === undefined
      ? openInFolder(folder, platform)
      : await openInDatabase({ folder, databaseUrl, secret, replicaId, listens }, platform, logger);
  } catch (cause) {
    folder.release();
    throw cause;
  }
}

function openInFolder(folder: DataFolder, { randomBytes, timers, clock }: Platform): OpenedStorage {
  const opened = openSqliteStore({ folder, random: randomBytes, timers, now: clock.now() });
  const close = async (): Promise<void> => {
    await opened.store.close();
    folder.release();
  };
  return { ...opened, folder: folder.path, close };
}

interface Database {
  /** For what is this server's alone: the first tokens, kills that could not be stored. */
  readonly folder: DataFolder;
  readonly databaseUrl: string;
  readonly secret: string;
  readonly replicaId: string;
  readonly listens: boolean;
}

async function openInDatabase(
  { folder, databaseUrl, secret, replicaId, listens }: Database,
  platform: Platform,
  logger: Logger,
): Promise<OpenedStorage> {
  const { randomBytes, timers, clock } = platform;
  const opened = await openPostgresStore({ url: databaseUrl, random: randomBytes, timers, now: clock.now() });
  const { pool, store, rollouts } = opened;
  try {
    const name = replicaId === "" ? nameOf(folder) : replicaId;
    const instance = Buffer.from(randomBytes(12)).toString("hex");
    const replicas = new Replicas({
      pool,
      timers,
      logger,
      self: { instance, name, secretCheck: secretCheck(secret) },
    });
    const stranger = await replicas.join();
    if (stranger !== undefined) throw otherSecret(stranger);
    const changes = new ChangeFeed({ url: databaseUrl, pool, instance, timers, logger });
    const isFresh = await isFirst(opened, instance, platform);
    const lease = new LeaderLease({ pool, holder: instance, timers, logger });
    logger.info({ database: databaseOf(databaseUrl), replica: name }, "everything is kept in PostgreSQL");
    return {
      store,
      rollouts,
      checkpoints: opened.checkpoints,
      isFresh,
      folder: folder.path,
      shared: {
        replicaId: name,
        leadership: lease,
        drills: createPostgresDrills(pool),
        instance,
        reports: createPostgresReportLog(pool),
        start(onChange) {
          lease.start();
          if (listens) changes.start(onChange);
        },
        countTogether: (hub) => startReceiptsExchange({ pool, replicas, instance, hub, clock, timers, logger }),
        listTogether: (hub) =>
          startClientsExchange({ pool, replicas, self: { instance, name }, hub, clock, timers, logger }),
        standDown: () => lease.stop(),
      },
      async close() {
        await lease.stop();
        await changes.stop();
        await replicas.leave();
        await store.close();
        folder.release();
      },
    };
  } catch (cause) {
    await pool.close();
    throw cause;
  }
}

/** Whether this server is to make the first tokens; the others wait until they are there. */
async function isFirst({ isFresh, pool }: OpenedPostgresStore, holder: string, { timers }: Platform): Promise<boolean> {
  while (await isFresh()) {
    const fence = await pool.run((session) => new Tables(session).leases.take(SETUP, holder, SETUP_MS));
    if (fence !== undefined) return isFresh();
    await pause(timers, SETUP_LOOK_MS);
  }
  return false;
}

/** The same over restarts, and another one for each server of a machine. */
function nameOf(folder: DataFolder): string {
  return `${hostname()}-${createHash("sha256").update(folder.path).digest("hex").slice(0, 6)}`;
}

function otherSecret(name: string): StartError {
  return new StartError("SECRET_DIFFERS", {
    message: `the server ${name} runs on the same database with another RAMPART_SECRET`,
    hint: "Give all of them the same. To change it, stop them all first: people sign in anew, and channels that were made through the API are entered anew.",
  });
}
