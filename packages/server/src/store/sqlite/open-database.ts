import { existsSync } from "node:fs";
import type { Database } from "better-sqlite3";
import BetterSqlite3 from "better-sqlite3";
import { createPrivately } from "./data-folder.ts";
import { damaged, isDamaged } from "./failures.ts";
import { migrate } from "./migrations.ts";

/** How long SQLite itself waits for another connection, with the event loop standing still; `WriteQueue` does the rest of the waiting. */
const BUSY_TIMEOUT_MS = 5;
/** The log is cut back to this when it was emptied: a burst of writes doesn't take up the disk for ever. */
const LOG_SIZE_LIMIT_BYTES = 4 * 1024 * 1024;

/** Opens a database, checks that it is whole, and takes it to the newest schema. Throws a StoreError when it can't be trusted. */
export function openDatabase(path: string): Database {
  const isNew = !existsSync(path);
  createPrivately(path);
  const db = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    if (!isNew) checkWhole(db, path);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma("trusted_schema = OFF");
    db.pragma(`journal_size_limit = ${LOG_SIZE_LIMIT_BYTES}`);
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw isDamaged(error) ? damaged(path, messageOf(error), error) : error;
  }
}

/** Throws when pages are damaged. What they say is for `verifyChain` to judge. */
function checkWhole(db: Database, path: string): void {
  const answer = db.pragma("quick_check(1)", { simple: true });
  if (answer !== "ok") throw damaged(path, String(answer));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
