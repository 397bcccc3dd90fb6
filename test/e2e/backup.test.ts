import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChannelList, RampView } from "@rampart/core";
import { CLI, SdkFleet, ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;

describe("a backup that is restored", () => {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, "data");
  const backup = join(folder.path, "backup.db");
  let server: ServerProcess;
  let fleet: SdkFleet;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    fleet = new SdkFleet({ url: server.url, sdkKey: server.tokens().server, flag: FLAG, processes: 1, clients: 3 });
    await fleet.ready();
  });

  afterAll(async () => {
    await fleet?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const rampart = (...args: readonly string[]) =>
    spawnSync(process.execPath, [CLI, ...args, "--data-dir", dataDir], { encoding: "utf8" });
  const ramp = async (percentage: number): Promise<RampView> =>
    (await api<RampView>(server, "POST", `${PATH}/rollout`, { percentage })).body;
  const allOn = (count: number) => async () =>
    (await fleet.reports()).every((report) => report.on === count && report.state === "ready");

  it("is taken while the server runs, and not put back while it does", async () => {
    await ramp(0);
    expect(rampart("backup", backup)).toMatchObject({ status: 0 });
    await ramp(100);
    await eventually(allOn(200), 5000);
    const refused = rampart("restore", backup);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/another server has the data folder/);
  });

  it("brings every client back to what it holds, under a new epoch, though they had seen newer revisions", async () => {
    const before = (await fleet.reports())[0];
    await server.stop("SIGTERM");
    expect(rampart("restore", backup)).toMatchObject({ status: 0 });
    await server.start();
    await eventually(allOn(0), 40_000);
    const after = (await fleet.reports())[0];
    expect(after?.epoch).not.toBe(before?.epoch);
    expect(after?.revision).toBeLessThan(before?.revision ?? 0);
  });

  it("opens its notification channels on another machine, by the key that lies beside it", async () => {
    const made = await api(server, "PUT", "/api/v1/channels/eng", {
      type: "slack",
      url: "https://hooks.example/s3cr3t",
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const whole = join(folder.path, "whole.db");
    const taken = rampart("backup", whole);
    expect([taken.status, taken.stderr]).toEqual([0, expect.stringContaining(`${whole}.channels.key`)]);
    const other = new ServerProcess({ port: await freePort(), dataDir: join(folder.path, "other") });
    const restored = spawnSync(process.execPath, [CLI, "restore", whole, "--data-dir", other.dataDir], {
      encoding: "utf8",
    });
    expect([restored.status, restored.stderr]).toEqual([0, expect.stringContaining("channels.key")]);
    await other.start();
    try {
      // The tokens are those of the first machine.
      const elsewhere = { url: other.url, tokens: () => server.tokens() };
      const { body } = await api<ChannelList>(elsewhere, "GET", "/api/v1/channels");
      expect(body.items).toContainEqual({ name: "eng", type: "slack", source: "api", state: "ready" });
    } finally {
      await other.stop("SIGTERM");
    }
  });
});
