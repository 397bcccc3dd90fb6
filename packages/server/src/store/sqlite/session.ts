import type { Database } from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";

/** One connection, as it is and as drizzle sees it. Paths that every flip and every reconnect take prepare plain statements. */
export interface Session {
  readonly db: Database;
  readonly orm: BetterSQLite3Database;
}
