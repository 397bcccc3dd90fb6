import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFlags, startRampartOn, usersOf } from "./contenders.mjs";

const NAMES = ["a", "b"];

/**
 * Rampart's servers on one database of their own, each with a data folder of its own.
 *
 * @param {Awaited<ReturnType<typeof import("./postgres.mjs").startPostgres>>} postgres
 * @param {{ count: number, args?: readonly string[], env?: NodeJS.ProcessEnv }} options
 */
export async function startReplicas(postgres, { count, args = [], env = {} }) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-replicas-"));
  const database = await postgres.createDatabase();
  const secret = { RAMPART_DATABASE_URL: database, RAMPART_SECRET: randomBytes(24).toString("hex") };
  const start = (name, port) =>
    startRampartOn({
      folder: join(folder, name),
      args: ["--replica-id", name, ...args],
      env: { ...env, ...secret },
      ...(port === undefined ? {} : { port }),
    });
  const servers = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of NAMES.slice(0, count)) servers.push({ name, ...(await start(name)) });
    const users = usersOf(join(folder, "a"));
    await createFlags({ url: servers[0].url, ...users });
    return {
      ...users,
      database,
      servers,
      stop,
      /** Starts a server again that has ended, on its port and its data folder. */
      restart: async (server) => Object.assign(server, await start(server.name, server.port)),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
