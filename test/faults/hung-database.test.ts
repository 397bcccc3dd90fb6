import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "@rampart/sdk-node";
import type { AuditEntry, FlagView, Page, Problem, RampView, RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { PostgresCluster } from "../e2e/postgres.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { recovered } from "./record.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;
const PLAN = planForAll(FLAG);
/** A second each for who asks, the rollout as it is (twice), and the write; where a step of the rollout was just being written, that is given up after 12 s. */
const ANSWER_MAX_MS = 18_000;
/** A poll comes round within ten seconds or so. */
const POLL_MAX_MS = 16_000;
/** From when the database answers again: connections are given up after 12 s at most, and it is tried each second. */
const STORED_MAX_MS = 30_000;

type Client = ReturnType<typeof createClient>;

describe("a PostgreSQL whose connections hang", () => {
  const folder = temporaryFolder();
  let cluster: PostgresCluster;
  let line: ChaosProxy;
  let server: ServerProcess;
  let polls: ChaosProxy;
  let streaming: Client;
  let polling: Client;

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    const url = new URL(await cluster.createDatabase());
    line = await ChaosProxy.start(Number(url.port));
    url.port = new URL(line.url).port;
    process.env["RAMPART_DATABASE_URL"] = url.href;
    process.env["RAMPART_SECRET"] = "a secret that is long enough for one server";
    const port = await freePort();
    server = new ServerProcess({ port, dataDir: folder.path });
    await server.start();
    polls = await ChaosProxy.start(port, { refusesStreams: true });
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    const { server: sdkKey } = server.tokens();
    streaming = createClient({ url: server.url, sdkKey });
    polling = createClient({ url: polls.url, sdkKey });
    await Promise.all([streaming.init({ timeoutMs: 10_000 }), polling.init({ timeoutMs: 10_000 })]);
  });

  afterEach(() => {
    line.weather = { kind: "pass" };
    cluster.signal("SIGCONT");
  });

  afterAll(async () => {
    await streaming?.close();
    await polling?.close();
    await polls?.close();
    await server?.stop("SIGKILL");
    await line?.close();
    await cluster?.stop();
    folder.dispose();
    delete process.env["RAMPART_DATABASE_URL"];
    delete process.env["RAMPART_SECRET"];
  });

  const isOn = (client: Client): boolean => client.isEnabled(FLAG, "u");
  const audited = async (action: string): Promise<number> =>
    (await api<Page<AuditEntry>>(server, "GET", `/api/v1/audit?action=${action}`)).body.items.length;
  const isStoredOff = async (): Promise<boolean> => {
    const { status, body } = await api<FlagView>(server, "GET", `/api/v1/flags/${FLAG}`);
    return status === 200 && !(body.environments["production"]?.enabled ?? true);
  };

  /** What was told and not stored is looked after until the server says so: who restores the flag before may see it killed again. */
  let told = 0;
  const isLookedAfter = (): boolean => server.output.split("that could not be stored before is stored").length > told;

  /** These have it on, by hand. */
  async function turnOn(...clients: readonly Client[]): Promise<void> {
    for (const [act, body] of [
      ["restore", {}],
      ["rollout", { percentage: 100 }],
    ] as const)
      await eventually(async () => (await api(server, "POST", `${PATH}/${act}`, body)).status === 200, STORED_MAX_MS);
    await eventually(() => clients.every(isOn), 45_000);
  }

  /** What stops is answered with 202 soon, and who has a stream is off. */
  async function expectOff(path: string, what: string): Promise<void> {
    const sinceMs = performance.now();
    const { status, body } = await api<RampView>(server, "POST", path, { reason: what });
    const answeredMs = performance.now() - sinceMs;
    expect([status, body.unstored?.keptIn], JSON.stringify(body)).toEqual([202, "file"]);
    told += 1;
    expect(answeredMs).toBeLessThan(ANSWER_MAX_MS);
    await eventually(() => !isOn(streaming), ANSWER_MAX_MS);
    recovered(7, `${what}: answered, and off on streams`, performance.now() - sinceMs);
  }

  it("does not keep a kill from its clients, by stream or by poll, and has it once it answers", async () => {
    await turnOn(streaming, polling);
    line.weather = { kind: "blackHole" };
    const sinceMs = performance.now();
    await expectOff(`${PATH}/kill`, "a kill while nothing comes back from the database");
    await eventually(() => !isOn(polling), POLL_MAX_MS);
    recovered(7, "the same, where it is polled", performance.now() - sinceMs);
    line.weather = { kind: "pass" };
    await eventually(async () => isLookedAfter() && (await isStoredOff()), STORED_MAX_MS);
    expect([isOn(streaming), isOn(polling), await audited("flag.killed")]).toEqual([false, false, 1]);
  });

  it("does not keep a rollback from them either, when its processes stand still", async () => {
    await eventually(async () => (await api(server, "POST", `${PATH}/restore`, {})).status === 200, STORED_MAX_MS);
    await api(server, "POST", `${PATH}/rollout`, { percentage: 0 });
    await eventually(() => !isOn(streaming), 45_000);
    const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(status, JSON.stringify(body)).toBe(201);
    const path = `/api/v1/rollouts/${body.id}`;
    const isRolledBack = async (): Promise<boolean> =>
      (await api<RolloutView>(server, "GET", path)).body.status === "rolledBack";
    try {
      await eventually(() => isOn(streaming), 45_000);
      cluster.signal("SIGSTOP");
      await expectOff(`${path}/rollback`, "a rollback while the database stands still");
      cluster.signal("SIGCONT");
      await eventually(async () => isLookedAfter() && (await isRolledBack()), STORED_MAX_MS);
      expect([isOn(streaming), await audited("flag.rolledBack")]).toEqual([false, 1]);
    } finally {
      cluster.signal("SIGCONT");
      await eventually(async () => {
        await api(server, "POST", `${path}/rollback`, {});
        return isRolledBack();
      }, STORED_MAX_MS);
    }
  });

  it("stores a kill once though the answer to its COMMIT is lost, and says of other writes that nobody knows", async () => {
    await turnOn(streaming);
    line.weather = { kind: "deafFrom", text: "commit" };
    await expectOff(`${PATH}/kill`, "a kill whose COMMIT is not answered");
    line.weather = { kind: "pass" };
    await eventually(async () => isLookedAfter() && (await isStoredOff()), STORED_MAX_MS);
    expect(await audited("flag.killed")).toBe(2);
    await turnOn(streaming);
    line.weather = { kind: "deafFrom", text: "commit" };
    const ramped = await api<Problem>(server, "POST", `${PATH}/rollout`, { percentage: 50 });
    expect(ramped).toMatchObject({ status: 503, body: { code: "STORE_UNAVAILABLE" } });
    expect(ramped.body.hint).toContain("may be stored");
    line.weather = { kind: "pass" };
    await eventually(async () => (await fetch(`${server.url}/ready`)).ok, STORED_MAX_MS);
  });
});
