import { join } from "node:path";
import type { EnvironmentRecord } from "../domain/records.ts";
import { openDataFolder } from "../store/sqlite/data-folder.ts";
import { realPlatform } from "./platform.ts";

/** Copies the database of a data folder to a file of its own, also while a server runs on it. Throws a StoreError. */
export async function backUpFolder(dataDir: string, target: string): Promise<void> {
  const { backUp } = await import("../store/sqlite/backup.ts");
  return backUp(join(dataDir, "rampart.db"), target);
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

/**
 * Puts a backup in the place of a data folder's database, under a new epoch. No server may run on the folder. Gives the
 * environments as they are now. Throws a StoreError, and changes nothing, when it can't be done.
 */
export async function restoreFolder(dataDir: string, backupPath: string): Promise<readonly EnvironmentRecord[]> {
  const { restoreBackup } = await import("../store/sqlite/backup.ts");
  const folder = openDataFolder(dataDir, process.pid);
  try {
    const meta = {
      actor: "system",
      action: "store.restored",
      reason: `restored from ${backupPath}`,
      at: realPlatform.clock.now(),
    };
    return await restoreBackup({
      folder,
      backupPath,
      random: realPlatform.randomBytes,
      timers: realPlatform.timers,
      meta,
    });
  } finally {
    folder.release();
  }
}
