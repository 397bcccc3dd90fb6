import { spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEntry, Page, RolloutEventPage, RolloutView } from "@rampart/core";
import { CLI, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const KILLS_MAX = 40;
/** A kill falls anywhere within this time after the server is up, so that it meets samplings, ramps and the rollback. */
const LIFE_MS_MAX = 1000;

const plan = (stats: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: crash }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  metrics: { error_rate: { http: { url: "${stats}", measure: { pointer: /errorRate } }, unit: ratio } }
  triggers: [ { name: errors, when: "error_rate >= 5%", for: 1s, action: rollback } ]
  stages:
    - { name: one, percentage: 1, duration: 1s, criteria: [ { require: "error_rate < 1%", for: 1s } ] }
    - { name: five, percentage: 5, duration: 1s }
    - { name: quarter, percentage: 25, duration: 1s }
    - { name: half, percentage: 50, duration: 1h }
  rollback: { verify: { within: 2m, criteria: [ { require: "error_rate < 1%", for: 1s } ] } }
`;

describe("a server that is killed over and over", () => {
  const folder = temporaryFolder();
  let errorRate = 0.001;
  let metrics: Server;
  let server: ServerProcess;
  let id = "";

  beforeAll(async () => {
    process.env["RAMPART_EGRESS_PRIVATE"] = "true";
    metrics = createServer((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ errorRate })),
    ).listen(0, "127.0.0.1");
    await once(metrics, "listening");
    server = new ServerProcess({ port: await freePort(), dataDir: join(folder.path, "data") });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    const url = `http://127.0.0.1:${(metrics.address() as AddressInfo).port}/`;
    const started = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: plan(url) });
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    id = started.body.id;
  });

  afterAll(async () => {
    await server?.stop("SIGTERM");
    metrics?.closeAllConnections();
    metrics?.close();
    folder.dispose();
  });

  const view = async (): Promise<RolloutView> => (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;

  /** Kills and restarts until `done`; gives how often. */
  async function killUntil(done: (view: RolloutView) => boolean): Promise<number> {
    for (let kills = 0; kills < KILLS_MAX; kills += 1) {
      const end = performance.now() + Math.random() * LIFE_MS_MAX;
      while (performance.now() < end) if (done(await view())) return kills;
      expect(await server.stop("SIGKILL")).toBe("SIGKILL");
      await server.start();
    }
    throw new Error(`not so after ${KILLS_MAX} kills: ${JSON.stringify(await view())}`);
  }

  it("ramps on from where it was", async () => {
    const kills = await killUntil((now) => now.percentage === 50);
    console.log(`killed ${kills} times on the way to 50 %`);
    expect((await view()).status).toBe("running");
  });

  it("rolls back all the same, once", async () => {
    errorRate = 0.5;
    await killUntil((now) => now.percentage === 0);
    errorRate = 0.001;
    const kills = await killUntil((now) => now.status === "rolledBack");
    console.log(`killed ${kills} times on the way to recovery`);
    expect((await view()).recovery?.state).toBe("recovered");
  });

  it("has told each turn once, in order, and never raised the percentage after the rollback", async () => {
    const { items } = (await api<RolloutEventPage>(server, "GET", `/api/v1/rollouts/${id}/events?limit=1000`)).body;
    const told = items
      .filter((item) => item.event === "stageStarted" || item.event === "rollbackStarted")
      .map((item) => `${item.event} ${item.percentage}`);
    expect(told).toEqual([
      "stageStarted 1",
      "stageStarted 5",
      "stageStarted 25",
      "stageStarted 50",
      "rollbackStarted 0",
    ]);
    const decided = items.findIndex((item) => item.event === "rollbackStarted");
    expect(items.slice(decided).every((item) => item.percentage === 0)).toBe(true);
  });

  it("has an audit in which every change of the flag stands once, and that verifies", async () => {
    await eventually(async () => (await view()).status === "rolledBack", 5000);
    const { items } = (
      await api<Page<AuditEntry>>(
        server,
        "GET",
        `/api/v1/audit?limit=1000&target=${encodeURIComponent(`flag/${FLAG}`)}`,
      )
    ).body;
    const changes = items.map((entry) => entry.action).filter((action) => action.startsWith("flag."));
    expect(changes.toSorted()).toEqual([
      "flag.created",
      "flag.ramped",
      "flag.ramped",
      "flag.ramped",
      "flag.ramped",
      "flag.released",
      "flag.rolledBack",
    ]);
    const verified = spawnSync(
      process.execPath,
      [CLI, "audit", "verify", "--url", server.url, "--token", server.tokens().admin],
      { encoding: "utf8" },
    );
    expect(verified.stdout).toContain("intact");
    expect(verified.status).toBe(0);
  });
});
