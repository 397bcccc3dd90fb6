import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { Database } from "better-sqlite3";
import BetterSqlite3 from "better-sqlite3";
import { StoreError } from "../../ports/store-error.ts";
import { isBusy } from "./failures.ts";

/** A folder that this process has for itself until `release`. */
export interface DataFolder {
  readonly path: string;
  readonly databasePath: string;
  readonly ballastPath: string;
  /** Idempotent. The end of the process does the same. */
  release(): void;
}

/**
 * Takes a folder, and makes it (0700) if it isn't there. Throws a StoreError when it can't be used or another server has it.
 *
 * `processId` is written beside the lock, for the message that the next one gets.
 */
export function openDataFolder(path: string, processId: number): DataFolder {
  const folder = resolve(path);
  prepare(folder);
  const pidPath = join(folder, "server.pid");
  const lock = takeLock(folder, pidPath);
  // Only for people: on a full disk the server starts without it.
  attempt(() => writeFileSync(pidPath, `${processId}\n`, { mode: 0o600 }));
  return {
    path: folder,
    databasePath: join(folder, "rampart.db"),
    ballastPath: join(folder, "ballast"),
    release() {
      if (!lock.open) return;
      rmSync(pidPath, { force: true });
      lock.close();
    },
  };
}

/** Makes a file that only its owner can read, and leaves one that is there as it is: SQLite gives its own files this one's mode. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

function prepare(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!statSync(folder).isDirectory()) throw new Error("it is a file");
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

/**
 * An SQLite lock on an empty file of its own: the operating system lets go of it when the process ends, however it ends, so that nothing
 * is left to clean up after a crash.
 */
function takeLock(folder: string, pidPath: string): Database {
  const path = join(folder, "server.lock");
  let lock: Database | undefined;
  try {
    createPrivately(path);
    lock = new BetterSqlite3(path, { timeout: 0 });
    // Without a journal on the disk nothing is written at all, so that the lock can be had on a full one too.
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    if (!isBusy(cause)) throw unusable(folder, cause);
    const holder = attempt(() => readFileSync(pidPath, "utf8").trim());
    throw new StoreError("DATA_FOLDER_IN_USE", {
      message: `another server has the data folder ${folder}${holder === undefined ? "" : ` (process ${holder})`}`,
      hint: "Stop it, or give this one a folder of its own with --data-dir or RAMPART_DATA_DIR.",
      cause,
    });
  }
}

function unusable(folder: string, cause: unknown): StoreError {
  return new StoreError("DATA_FOLDER_UNUSABLE", {
    message: `the data folder ${folder} can't be used: ${reason(cause)}`,
    hint: "Give a folder that this user may write, with --data-dir or RAMPART_DATA_DIR.",
    cause,
  });
}

/** Why a file or folder can't be used, in words that a person can act upon. */
export function reason(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such folder";
  if (code === "EACCES" || code === "EPERM") return "this user may not write there";
  if (code === "EEXIST" || code === "ENOTDIR") return "it, or a part of its path, is a file";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "ENOSPC") return "no space is left on the disk";
  return cause instanceof Error ? cause.message : String(cause);
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
