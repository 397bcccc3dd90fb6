import { Option } from "commander";

/** What `dataDirOption` gives. */
export interface DataDirOptions {
  readonly dataDir: string;
}

/** The folder of a server on this machine. */
export function dataDirOption(): Option {
  return new Option("--data-dir <folder>", "the server's data folder").env("RAMPART_DATA_DIR").default(".rampart");
}

/** What `databaseOption` gives. */
export interface DatabaseOptions {
  readonly databaseUrl?: string;
}

/** The PostgreSQL of servers that keep everything there. */
export function databaseOption(): Option {
  return new Option("--database-url <url>", "the servers' PostgreSQL; better given by its variable").env(
    "RAMPART_DATABASE_URL",
  );
}
