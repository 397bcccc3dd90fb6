import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientsView, RampView } from "@rampart/core";
import { SdkFleet, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const FLAG = "slice/b.documents";
const PATH = `/api/v1/environments/production/flags/${encodeURIComponent(FLAG)}`;
const PROCESSES = 5;
const CLIENTS = 10;

describe("fifty SDK clients in five processes", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let fleet: SdkFleet;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
    expect((await api(server, "POST", "/api/v1/flags", { key: FLAG })).status).toBe(201);
    fleet = new SdkFleet({
      url: server.url,
      sdkKey: server.tokens().server,
      flag: FLAG,
      processes: PROCESSES,
      clients: CLIENTS,
    });
    await fleet.ready();
  });

  afterAll(async () => {
    await fleet?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const flip = async (verb: string, body: object = {}): Promise<RampView> =>
    (await api<RampView>(server, "POST", `${PATH}/${verb}`, body)).body;
  const allAt = (revision: number) => async () =>
    (await fleet.reports()).every((report) => report.revision === revision && report.state === "ready");

  it("follow a ramp through its stages, each with the same users", async () => {
    for (const percentage of [1, 5, 25, 50, 100]) {
      const { revision } = await flip("rollout", { percentage });
      await eventually(allAt(revision), 5000);
      const counts = new Set((await fleet.reports()).map((report) => report.on));
      expect(counts.size, `every client sees the same cohort at ${percentage} %`).toBe(1);
    }
    expect((await fleet.reports())[0]?.on).toBe(200);
  });

  it("are all off after a kill, and back where they were after a restore", async () => {
    const killed = await flip("kill", { reason: "test" });
    await eventually(allAt(killed.revision), 5000);
    expect((await fleet.reports()).every((report) => report.on === 0)).toBe(true);
    const restored = await flip("restore");
    await eventually(allAt(restored.revision), 5000);
    expect((await fleet.reports()).every((report) => report.on === 200)).toBe(true);
  });

  it("keep their values while the server is dead, and are at the right revision after it is back", async () => {
    const before = await flip("rollout", { percentage: 25 });
    await eventually(allAt(before.revision), 5000);
    const held = (await fleet.reports())[0]?.on;
    expect(await server.stop("SIGKILL")).toBe("SIGKILL");
    await eventually(async () => (await fleet.reports()).every((report) => report.state === "stale"), 20_000);
    expect((await fleet.reports()).every((report) => report.on === held && report.revision === before.revision)).toBe(
      true,
    );

    await server.start();
    const after = await flip("kill", { reason: "after the crash" });
    expect(after.revision).toBe(before.revision + 1);
    await eventually(allAt(after.revision), 40_000);
    expect((await fleet.reports()).every((report) => report.on === 0)).toBe(true);
  });

  it("are all listed as connected and current", async () => {
    const clients = async () => (await api<ClientsView>(server, "GET", "/api/v1/environments/production/clients")).body;
    // Some poll until their stream is back.
    await eventually(async () => (await clients()).clients.every((client) => client.transport === "stream"), 40_000);
    const { total, current, clients: listed } = await clients();
    expect(total).toBe(PROCESSES * CLIENTS);
    expect(current).toBe(PROCESSES * CLIENTS);
    expect(listed.every((client) => client.lag === 0)).toBe(true);
  });
});
