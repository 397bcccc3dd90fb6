import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, SdkFleet, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { farSideOf, type FarSide } from "./far-side.ts";
import { recovered } from "./record.ts";

const FLAG = "checkout";
const FLAG_PATH = `/api/v1/environments/production/flags/${FLAG}`;
const CLIENTS = 3;
const LEASE_MS = 10_000;
const WATCHDOG_MS = 12_000;
/** The longest back-off of a client, and what it takes to connect. */
const BACK_MS_MAX = 45_000;
/** For what a busy machine adds. */
const SLACK_MS = 3_000;
const PLAN = planForAll(FLAG, "10s");

describe("clients behind a link that goes down", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let farSide: FarSide;
  let near: SdkFleet;
  let far: SdkFleet;

  beforeAll(async () => {
    const port = await freePort();
    server = new ServerProcess({ port, dataDir: folder.path, args: ["--host", "0.0.0.0"] });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    farSide = await farSideOf(port);
    const fleet = { sdkKey: server.tokens().server, flag: FLAG, processes: 1, clients: CLIENTS };
    near = new SdkFleet({ ...fleet, url: server.url });
    far = new SdkFleet({ ...fleet, url: farSide.url, prefix: farSide.prefix });
    await Promise.all([near.ready(), far.ready()]);
  });

  afterAll(async () => {
    farSide?.mend();
    await near?.close();
    await far?.close();
    await farSide?.dispose();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const all = (fleet: SdkFleet, holds: (client: { on: number; state: string }) => boolean) => async () =>
    (await fleet.reports()).every(holds);
  const isOn = ({ on }: { on: number }): boolean => on > 0;
  const isOff = ({ on }: { on: number }): boolean => on === 0;

  it("leave what went half open by their watchdog, and learn on the next stream what they missed", async () => {
    farSide.cut();
    const since = performance.now();
    await api(server, "POST", `${FLAG_PATH}/rollout`, { percentage: 100 });
    await eventually(all(near, isOn), 5_000);
    await eventually(
      all(far, ({ state }) => state === "stale"),
      WATCHDOG_MS + SLACK_MS,
    );
    recovered(18, `stale by the watchdog, cut by a ${farSide.kind}`, performance.now() - since);
    expect(await all(far, isOff)()).toBe(true);
    farSide.mend();
    await eventually(all(far, isOn), BACK_MS_MAX);
  });

  it("are off when their lease is over though nobody could tell them of the rollback, and stay off", async () => {
    await api(server, "POST", `${FLAG_PATH}/rollout`, { percentage: 0 });
    await eventually(all(far, isOff), 5_000);
    const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(status, JSON.stringify(body)).toBe(201);
    await eventually(async () => (await all(near, isOn)()) && (await all(far, isOn)()), 10_000);
    farSide.cut();
    const since = performance.now();
    const told = await api(server, "POST", `/api/v1/rollouts/${body.id}/rollback`, { reason: "test" });
    expect(told.status).toBe(200);
    await eventually(all(near, isOff), 5_000);
    await eventually(all(far, isOff), LEASE_MS + SLACK_MS);
    recovered(31, `off by its lease, cut by a ${farSide.kind}`, performance.now() - since);
    farSide.mend();
    await eventually(
      all(far, ({ state }) => state === "ready"),
      BACK_MS_MAX,
    );
    expect(await all(far, isOff)()).toBe(true);
  });
});
