import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from "node:fs";
import BetterSqlite3 from "better-sqlite3";
import { StoreError } from "../../ports/store-error.ts";
import type { ChangeMeta, EnvironmentRecord } from "../../ports/store.ts";
import type { Timers } from "../../ports/timers.ts";
import { createPrivately, reason, type DataFolder } from "./data-folder.ts";
import { damaged } from "./failures.ts";
import { openSqliteStore } from "./sqlite-store.ts";

/** Files that SQLite keeps beside a database. */
const COMPANIONS = ["-wal", "-shm"] as const;

/** Copies a database while a server may be writing to it: everything as it was at one moment. Never overwrites a file. */
export async function backUp(databasePath: string, targetPath: string): Promise<void> {
  if (!existsSync(databasePath)) throw missing(databasePath);
  if (existsSync(targetPath)) {
    throw new StoreError("DATA_FOLDER_UNUSABLE", {
      message: `${targetPath} is there already`,
      hint: "Give the backup a name of its own: backups are never overwritten.",
    });
  }
  try {
    createPrivately(targetPath);
  } catch (cause) {
    throw new StoreError("DATA_FOLDER_UNUSABLE", {
      message: `the backup ${targetPath} can't be written: ${reason(cause)}`,
      hint: "Put it into a folder that is there, and that this user may write.",
      cause,
    });
  }
  const db = new BetterSqlite3(databasePath, { readonly: true });
  try {
    await db.backup(targetPath);
  } catch (error) {
    rmSync(targetPath, { force: true });
    throw error;
  } finally {
    db.close();
  }
}

/** What a restore takes. `meta` is its line in the audit of what is restored. */
export interface RestoreOptions {
  /** Taken by the caller, so that no server runs on it. */
  readonly folder: DataFolder;
  readonly backupPath: string;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly timers: Timers;
  readonly meta: ChangeMeta;
}

/**
 * Puts a backup in the place of a folder's database. It gets a new epoch, so that clients that have seen newer revisions take over what is in it.
 * The database that was there stays beside it as `rampart.db.damaged`. Throws a StoreError, and touches nothing, when the backup can't be
 * trusted itself. After a crash in the middle, run it again.
 */
export async function restoreBackup({
  folder,
  backupPath,
  random,
  timers,
  meta,
}: RestoreOptions): Promise<readonly EnvironmentRecord[]> {
  if (!existsSync(backupPath)) throw missing(backupPath);
  // SQLite takes an empty file for an empty database.
  if (statSync(backupPath).size === 0) throw damaged(backupPath, "it is empty");
  const candidate = `${folder.databasePath}.restoring`;
  const discard = (): void =>
    [candidate, ...COMPANIONS.map((end) => candidate + end)].forEach((path) => rmSync(path, { force: true }));
  discard();
  try {
    createPrivately(candidate);
    copyFileSync(backupPath, candidate, constants.COPYFILE_FICLONE);
    const { store } = openSqliteStore({ folder: { ...folder, databasePath: candidate }, random, timers, now: meta.at });
    const environments = await store.newEpoch(meta);
    await store.close();
    replace(folder.databasePath, candidate);
    return environments;
  } catch (error) {
    discard();
    throw error instanceof StoreError ? aboutBackup(error, candidate, backupPath) : error;
  }
}

/** The log of the old database goes first: it must never be taken for the new one's. */
function replace(databasePath: string, candidate: string): void {
  const kept = `${databasePath}.damaged`;
  for (const end of ["", ...COMPANIONS]) rmSync(kept + end, { force: true });
  for (const end of COMPANIONS) if (existsSync(databasePath + end)) renameSync(databasePath + end, kept + end);
  if (existsSync(databasePath)) linkSync(databasePath, kept);
  renameSync(candidate, databasePath);
}

function missing(path: string): StoreError {
  return new StoreError("DATA_FOLDER_UNUSABLE", { message: `there is no database ${path}`, hint: "Check the path." });
}

function aboutBackup(error: StoreError, candidate: string, backupPath: string): StoreError {
  return new StoreError(error.code, {
    message: error.message.replaceAll(candidate, backupPath),
    hint: "Nothing was changed. Choose another backup.",
    cause: error,
  });
}
