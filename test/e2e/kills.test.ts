import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { realPlatform } from "../../packages/server/src/main/platform.ts";
import type { RolloutStore } from "../../packages/server/src/ports/rollout-store.ts";
import type { Store } from "../../packages/server/src/ports/store.ts";
import { openDataFolder } from "../../packages/server/src/store/sqlite/data-folder.ts";
import { openPostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../packages/server/src/store/sqlite/sqlite-store.ts";
import { figures } from "../faults/figures.ts";
import { brokenInvariants } from "../faults/invariants.ts";
import { CLI, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";
import { PostgresCluster } from "./postgres.ts";

/** `npm run nightly` asks for more. */
const KILLS = Number(process.env["RAMPART_KILLS"] ?? 50);

const LEDGER = "/api/v1/environments/production/flags/ledger";
const RAMPED = "/api/v1/environments/production/flags/ramped";

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: kills }
spec:
  flag: ramped
  environment: production
  interval: 1s
  metrics: { tickets: { signal: tickets } }
  triggers: [ { name: tickets, when: "tickets >= 100", action: rollback } ]
  stages:
    - { name: one, percentage: 1, duration: 1h }
    - { name: two, percentage: 2, duration: 1h }
`;

/**
 * From the start of the process to the first answer of `/ready`, rollouts loaded, at the median. The goal is 2 s at the 99th percentile, which the nightly run holds
 * against what it measured; here the machine runs other things, too.
 */
const RESUME_MS_MAX = 6_000;

/** Between two looks whether a rollback that was cut short has gone on. */
const ASK_AGAIN_MS = 10;

/** Where a server keeps everything. */
interface Keeping {
  /** What it finds it by, beside its data folder. */
  readonly env: Readonly<Record<string, string>>;
  /** What it left behind when it was killed. */
  open(dataDir: string): Promise<{ readonly store: Store; readonly rollouts: RolloutStore; close(): Promise<void> }>;
  /** A kill falls anywhere within this time after the server is ready: some dozen transactions are written in it. */
  readonly lifeMsMax: number;
  dispose(): Promise<void>;
}

async function inSqlite(): Promise<Keeping> {
  return {
    env: {},
    lifeMsMax: 250,
    async open(dataDir) {
      const folder = openDataFolder(dataDir, process.pid);
      const timers = { after: () => () => undefined, every: () => () => undefined };
      const stores = openSqliteStore({ folder, random: () => new Uint8Array(4), timers, now: 0 });
      return {
        ...stores,
        async close() {
          await stores.store.close();
          folder.release();
        },
      };
    },
    dispose: () => Promise.resolve(),
  };
}

async function inPostgres(): Promise<Keeping> {
  const cluster = await PostgresCluster.start();
  const url = await cluster.createDatabase();
  const others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
  return {
    env: { RAMPART_DATABASE_URL: url, RAMPART_SECRET: "a secret that is long enough for everybody" },
    lifeMsMax: 1_000,
    async open() {
      // What it was sent last it may still be doing.
      await eventually(async () => (await cluster.query(url, others)).length === 0, 10_000);
      const stores = await openPostgresStore({
        url,
        random: () => new Uint8Array(4),
        timers: realPlatform.timers,
        now: 0,
      });
      return { ...stores, close: () => stores.store.close() };
    },
    dispose: () => cluster.stop(),
  };
}

/** What two writers have been told, and what they have asked for. */
interface Told {
  /** The newest number that was acknowledged, and the newest that was sent. */
  ledger: { safe: number; sent: number };
  /** Rollbacks that were acknowledged. */
  readonly rolledBack: Set<string>;
  /** Nobody has asked for the flag to be restored since the last acknowledged rollback. */
  isOff: boolean;
  writes: number;
}

describe.each([
  ["SQLite", inSqlite],
  ["PostgreSQL", inPostgres],
] as const)(`a server on %s that is killed ${KILLS} times while it ramps and rolls back`, (store, keep) => {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, "data");
  const told: Told = { ledger: { safe: 0, sent: 0 }, rolledBack: new Set(), isOff: false, writes: 0 };
  const resumesMs: number[] = [];
  let keeping: Keeping;
  let server: ServerProcess;

  beforeAll(async () => {
    keeping = await keep();
    Object.assign(process.env, keeping.env);
    server = new ServerProcess({ port: await freePort(), dataDir });
    await server.start();
    for (const key of ["ledger", "ramped"]) await api(server, "POST", "/api/v1/flags", { key });
  });

  afterAll(async () => {
    await server?.stop("SIGKILL");
    for (const variable of Object.keys(keeping?.env ?? {})) delete process.env[variable];
    await keeping?.dispose();
    folder.dispose();
  });

  /**
   * True when the server has answered that it is done; false when it was killed before. Asked again while a rollback that was cut short has the
   * flag; any other answer is a failure.
   */
  async function isDone(
    path: string,
    body: object,
    read: (view: RolloutView) => void = () => undefined,
  ): Promise<boolean> {
    const answer = await api<RolloutView>(server, "POST", path, body).catch(() => undefined);
    if (answer === undefined) return false;
    if (answer.status === 409) {
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      return isDone(path, body, read);
    }
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    read(answer.body);
    told.writes += 1;
    return true;
  }

  async function ramp(): Promise<void> {
    for (;;) {
      const next = (told.ledger.sent += 1);
      if (!(await isDone(`${LEDGER}/rollout`, { percentage: (next % 99_999) / 1000, reason: `${next}` }))) return;
      told.ledger.safe = next;
    }
  }

  async function rollBack(): Promise<void> {
    for (;;) {
      told.isOff = false;
      if (!(await isDone(`${RAMPED}/restore`, {}))) return;
      let id = "";
      const open = await api<{ readonly items: readonly RolloutView[] }>(
        server,
        "GET",
        "/api/v1/rollouts?flag=ramped&active=true",
      ).catch(() => undefined);
      if (open === undefined) return;
      [id = ""] = open.body.items.map((item) => item.id);
      if (id === "" && !(await isDone("/api/v1/rollouts", { plan: PLAN }, (view) => (id = view.id)))) return;
      if (!(await isDone(`/api/v1/rollouts/${id}/rollback`, { reason: "as planned" }))) return;
      told.rolledBack.add(id);
      told.isOff = true;
    }
  }

  async function lookIntoTheStore(): Promise<void> {
    const stores = await keeping.open(dataDir);
    try {
      expect(await brokenInvariants(stores), "torn writes").toEqual([]);
      const [newest] = await stores.store.audit({
        order: "newest",
        limit: 1,
        target: "flag/ledger",
        action: "flag.ramped",
      });
      const stored = Number(newest?.reason ?? 0);
      expect(stored, "an acknowledged ramp is there").toBeGreaterThanOrEqual(told.ledger.safe);
      expect(stored, "nothing is there that nobody asked for").toBeLessThanOrEqual(told.ledger.sent);
      for (const id of told.rolledBack) {
        const row = await stores.rollouts.rollout(id);
        expect(row?.state.percentage, `the acknowledged rollback of ${id} is there`).toBe(0);
        expect(["rollingBack", "verifying", "rolledBack"]).toContain(row?.state.phase.kind);
      }
      if (told.isOff) expect((await stores.store.config("production", "ramped"))?.config.enabled).toBe(false);
    } finally {
      await stores.close();
    }
  }

  it("has every write that it acknowledged, whole, and is back soon", { timeout: 60_000 + KILLS * 6_000 }, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const writers = Promise.all([ramp(), rollBack()]);
      const lifeMs = Math.random() * keeping.lifeMsMax;
      const end = performance.now() + lifeMs;
      // Reads are no part of it; they only keep the time without a timer.
      while (performance.now() < end) await fetch(`${server.url}/health`);
      expect(await server.stop("SIGKILL")).toBe("SIGKILL");
      await writers;
      await lookIntoTheStore();
      const startedMs = performance.now();
      await server.start();
      resumesMs.push(performance.now() - startedMs);
    }
    resumesMs.sort((a, b) => a - b);
    const p99Ms = resumesMs[Math.ceil(resumesMs.length * 0.99) - 1] ?? Infinity;
    const medianMs = resumesMs[Math.floor(resumesMs.length / 2)] ?? Infinity;
    console.log(
      `${store}: ${KILLS} kills among ${told.writes} acknowledged writes and ${told.rolledBack.size} rollbacks: torn 0, lost 0; ` +
        `ready again after ${medianMs.toFixed(0)} ms at the median, ${p99Ms.toFixed(0)} ms at p99`,
    );
    const rollbacks = told.rolledBack.size;
    figures("kills", { store, kills: KILLS, writes: told.writes, rollbacks, medianMs, p99Ms });
    expect(told.writes).toBeGreaterThan(KILLS / 2);
    expect(medianMs).toBeLessThan(RESUME_MS_MAX);
  });

  it("leaves no rollback half done", async () => {
    const open = async () =>
      (await api<{ readonly items: readonly RolloutView[] }>(server, "GET", "/api/v1/rollouts?flag=ramped&active=true"))
        .body.items;
    await eventually(async () => (await open()).every(({ status }) => status === "running"), 15_000);
  });

  it("has an audit that verifies from outside", () => {
    const verified = spawnSync(
      process.execPath,
      [CLI, "audit", "verify", "--url", server.url, "--token", server.tokens().admin],
      { encoding: "utf8" },
    );
    expect(verified.stdout).toContain("intact");
  });
});
