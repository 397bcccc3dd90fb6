import { StoreError } from "../../ports/store-error.ts";

/** SQLite's code of a failure, like `SQLITE_FULL`; undefined for what isn't SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code.startsWith("SQLITE_") ? error.code : undefined;
}

/** Another connection holds the database. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

/** No space: for the database and its log, or for the log's index, which SQLite calls an I/O error. */
export function isDiskFull(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "SQLITE_FULL" || code === "SQLITE_IOERR_SHMSIZE";
}

/** The file isn't what SQLite wrote. */
export function isDamaged(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB");
}

/** What to say of a database that can't be trusted. */
export function damaged(path: string, why: string, cause?: unknown): StoreError {
  return new StoreError("DATABASE_DAMAGED", {
    message: `${path} is damaged: ${why}`,
    hint: `Nothing was changed. Put back a backup with: rampart restore <backup> --data-dir <folder>. It keeps the damaged file as ${path}.damaged and starts a new epoch, so that clients take over what the backup holds.`,
    cause,
  });
}

/** What to say when there is no space for a write. */
export function diskFull(cause?: unknown): StoreError {
  return new StoreError("DISK_FULL", {
    message: "no space is left in the data folder; nothing was written",
    hint: "Make room on the disk. Reads go on, and so do kills, as long as the space kept back for them lasts.",
    cause,
  });
}

/** What to say when somebody else has held the database for too long. */
export function busy(cause?: unknown): StoreError {
  return new StoreError("STORE_BUSY", {
    message: "another program holds the database, or too many writes are waiting for it; nothing was written",
    hint: "Try again in a moment. If it lasts, look for a backup or an SQLite shell that has the database open.",
    cause,
  });
}
