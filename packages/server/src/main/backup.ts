import { chmodSync, constants, copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentRecord } from "../domain/records.ts";
import { StoreError } from "../ports/store-error.ts";
import { openDataFolder } from "../store/sqlite/data-folder.ts";
import { realPlatform } from "./platform.ts";
import { KEY_FILE } from "./sealer.ts";

const PRIVATE = 0o600;

/** Where the key goes that the backup's channels are sealed with: a file of its own, so that it can be kept apart. */
const keyBeside = (backupPath: string): string => `${backupPath}.${KEY_FILE}`;

/**
 * Copies the database of a data folder to a file of its own, also while a server runs on it, and beside it the key of its channels, for its owner
 * only. Gives the path of that; undefined: there is none, since no channel was made through the API or `RAMPART_SECRET` is the key. Never
 * overwrites a file. Throws a StoreError.
 */
export async function backUpFolder(dataDir: string, target: string): Promise<string | undefined> {
  const { backUp } = await import("../store/sqlite/backup.ts");
  const keyTarget = keyBeside(target);
  if (existsSync(keyTarget)) {
    throw new StoreError("DATA_FOLDER_UNUSABLE", {
      message: `${keyTarget} is there already`,
      hint: "Give the backup a name of its own: backups are never overwritten.",
    });
  }
  await backUp(join(dataDir, "rampart.db"), target);
  // After the database: a key that was made meanwhile opens more than is needed, one that is missing too little.
  const key = join(dataDir, KEY_FILE);
  if (!existsSync(key)) return undefined;
  copyFileSync(key, keyTarget, constants.COPYFILE_EXCL);
  chmodSync(keyTarget, PRIVATE);
  return keyTarget;
}

/**
 * Says that the history of a PostgreSQL database is not continuous any more: it was restored, or a failover lost commits. Servers that run on
 * it tell their clients within a second. Gives the environments as they are now. Rejects with a StoreError when it can't be reached.
 */
export async function newEpochOf(databaseUrl: string): Promise<readonly EnvironmentRecord[]> {
  const { randomBytes, timers, clock } = realPlatform;
  const at = clock.now();
  const { openPostgresStore } = await import("../store/postgres/postgres-store.ts");
  const { store } = await openPostgresStore({ url: databaseUrl, random: randomBytes, timers, now: at });
  try {
    return await store.newEpoch({
      actor: "system",
      action: "store.restored",
      reason: "rampart restore --new-epoch",
      at,
    });
  } finally {
    await store.close();
  }
}

/** What a restore put in place. */
export interface RestoredFolder {
  /** As they are now. */
  readonly environments: readonly EnvironmentRecord[];
  /** The file that the channels' key was taken from; undefined: there is none beside the backup. */
  readonly keyFrom: string | undefined;
}

/**
 * Puts a backup in the place of a data folder's database, under a new epoch, and the key of its channels with it, where that is beside it. No server may run
 * on the folder. Throws a StoreError, and changes nothing, when it can't be done.
 */
export async function restoreFolder(dataDir: string, backupPath: string): Promise<RestoredFolder> {
  const { restoreBackup } = await import("../store/sqlite/backup.ts");
  const folder = openDataFolder(dataDir, process.pid);
  try {
    const meta = {
      actor: "system",
      action: "store.restored",
      reason: `restored from ${backupPath}`,
      at: realPlatform.clock.now(),
    };
    const environments = await restoreBackup({
      folder,
      backupPath,
      random: realPlatform.randomBytes,
      timers: realPlatform.timers,
      meta,
    });
    return { environments, keyFrom: restoreKey(join(folder.path, KEY_FILE), keyBeside(backupPath)) };
  } finally {
    folder.release();
  }
}

/** The key that was there stays beside the new one as `channels.key.damaged`, as the database does. */
function restoreKey(key: string, from: string): string | undefined {
  if (!existsSync(from)) return undefined;
  const candidate = `${key}.restoring`;
  rmSync(candidate, { force: true });
  copyFileSync(from, candidate);
  chmodSync(candidate, PRIVATE);
  if (existsSync(key) && !readFileSync(key).equals(readFileSync(candidate))) renameSync(key, `${key}.damaged`);
  renameSync(candidate, key);
  return from;
}
