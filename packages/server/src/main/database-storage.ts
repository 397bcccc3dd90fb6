import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "../ports/logger.ts";
import { pause } from "../ports/timers.ts";
import { ChangeFeed } from "../store/postgres/change-feed.ts";
import { LeaderLease } from "../store/postgres/leader-lease.ts";
import { createPostgresDrills } from "../store/postgres/postgres-drills.ts";
import { createPostgresLeaseBook } from "../store/postgres/postgres-lease-book.ts";
import { createPostgresReportLog } from "../store/postgres/postgres-report-log.ts";
import { databaseOf, openPostgresStore, type OpenedPostgresStore } from "../store/postgres/postgres-store.ts";
import { Replicas } from "../store/postgres/replicas.ts";
import { Tables } from "../store/postgres/tables.ts";
import type { DataFolder } from "../store/sqlite/data-folder.ts";
import { startClientsExchange } from "./clients-exchange.ts";
import type { Platform } from "./platform.ts";
import { receiptsBook } from "./receipts-book.ts";
import { startReceiptsExchange } from "./receipts-exchange.ts";
import { secretCheck } from "./secrets.ts";
import { StartError } from "./start-error.ts";
import type { OpenedStorage } from "./opened-storage.ts";

/** The lease of the server that makes the first tokens; long enough to write three of them. */
const SETUP = "setup";
const SETUP_MS = 10_000;
const SETUP_LOOK_MS = 100;

/** A PostgreSQL, and how this server is on it. */
export interface Database {
  /** For what is this server's alone: the first tokens, kills that could not be stored. */
  readonly folder: DataFolder;
  readonly databaseUrl: string;
  readonly secret: string;
  readonly replicaId: string;
  readonly listens: boolean;
}

/** Opens a PostgreSQL beside the other servers on it. Rejects with a StoreError or StartError, and leaves nothing open of it. */
export async function openInDatabase(
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
    const predecessor = follow(folder, instance);
    const book = createPostgresLeaseBook(pool);
    const lease = new LeaderLease({ book, holder: instance, predecessor, timers, logger });
    logger.info({ database: databaseOf(databaseUrl), replica: name }, "everything is kept in PostgreSQL");
    return {
      store,
      rollouts,
      checkpoints: opened.checkpoints,
      evaluations: opened.evaluations,
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
        countTogether: (hub) =>
          startReceiptsExchange({ book: receiptsBook({ pool, replicas, instance, clock }), hub, timers, logger }),
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

/**
 * The process that had the folder before this one, and so is gone; this one is noted in its place. Undefined: nobody knows of one, or nothing can be written there, and
 * its lease, if it had one, runs out.
 */
function follow({ path }: DataFolder, instance: string): string | undefined {
  const file = join(path, "instance");
  try {
    const before = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
    writeFileSync(file, instance, { mode: 0o600 });
    return before;
  } catch {
    return undefined;
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
