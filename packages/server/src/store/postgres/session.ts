import type { PgDatabase } from "drizzle-orm/pg-core";
import type { PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";

/** What statements are run on: a transaction, or any connection of the pool for a statement that stands alone. */
export type Session = PgDatabase<PostgresJsQueryResultHKT>;
