import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientsView, CreatedToken, RampView, ReceiptsView } from "@rampart/core";
import { api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const ENVIRONMENT = "/api/v1/environments/production";
const PATH = `${ENVIRONMENT}/flags/${FLAG}`;

/** That each client asks the flag for. */
const USERS = 200;

/** At each relay, and at the origin. */
const CLIENTS = 20;

describe("a tree of relays", { timeout: 110_000 }, () => {
  const folder = temporaryFolder();
  let origin: ServerProcess;
  let left: ServerProcess;
  let right: ServerProcess;
  let inner: ServerProcess;
  const fleets: SdkFleet[] = [];

  const relay = async (name: string, upstream: ServerProcess, port: number): Promise<ServerProcess> => {
    const key = (
      await api<CreatedToken>(origin, "POST", "/api/v1/tokens", { kind: "relay", name, environments: ["production"] })
    ).body.token;
    const program = ["relay", "--upstream", upstream.url, "--key", key, "--name", name];
    const made = new ServerProcess({ port, dataDir: folder.path, program });
    await made.start();
    return made;
  };
  const fleet = async (at: ServerProcess, sdkKey: string): Promise<SdkFleet> => {
    const made = new SdkFleet({ url: at.url, sdkKey, flag: FLAG, processes: 1, clients: CLIENTS });
    fleets.push(made);
    await made.ready();
    return made;
  };
  const kill = async (): Promise<number> => (await api<RampView>(origin, "POST", `${PATH}/kill`)).body.revision;
  const receipts = async (revision: number): Promise<ReceiptsView> =>
    (await api<ReceiptsView>(origin, "GET", `${ENVIRONMENT}/receipts/${revision}`)).body;
  const clients = async (): Promise<ClientsView> =>
    (await api<ClientsView>(origin, "GET", `${ENVIRONMENT}/clients`)).body;
  const everybody = async (on: number): Promise<boolean> => {
    const reports = (await Promise.all(fleets.map((one) => one.reports()))).flat();
    return reports.length === fleets.length * CLIENTS && reports.every((one) => one.on === on);
  };

  beforeAll(async () => {
    origin = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await origin.start();
    await api(origin, "POST", "/api/v1/flags", { key: FLAG });
    [left, right] = await Promise.all([
      relay("left", origin, await freePort()),
      relay("right", origin, await freePort()),
    ]);
    inner = await relay("inner", left, await freePort());
    const { server } = origin.tokens();
    await Promise.all([origin, left, right, inner].map((at) => fleet(at, server)));
  });

  afterAll(async () => {
    await Promise.all(fleets.map((one) => one.close()));
    for (const one of [inner, left, right, origin]) await one?.stop("SIGTERM");
    folder.dispose();
  });

  it("lists every client with the relays that it is behind", async () => {
    await eventually(async () => (await clients()).total === 4 * CLIENTS, 10_000);
    const counts: Record<string, number> = {};
    for (const { relay: at = "origin" } of (await clients()).clients) counts[at] = (counts[at] ?? 0) + 1;
    expect(counts).toEqual({ left: CLIENTS, "left/inner": CLIENTS, origin: CLIENTS, right: CLIENTS });
  });

  it("turns a flag on for everybody, and proves a kill by the receipt of each client", async () => {
    await api(origin, "POST", `${PATH}/rollout`, { percentage: 100 });
    await eventually(() => everybody(USERS), 10_000);
    const revision = await kill();
    await eventually(() => everybody(0), 10_000);
    await eventually(async () => (await receipts(revision)).verdict === "proven", 15_000);
    const { expected, acknowledged, stragglers } = await receipts(revision);
    expect({ expected, acknowledged, stragglers }).toEqual({
      expected: 4 * CLIENTS,
      acknowledged: 4 * CLIENTS,
      stragglers: [],
    });
  });

  it("names the clients of a relay that died, and proves nothing without it", async () => {
    await api(origin, "POST", `${PATH}/restore`);
    await eventually(() => everybody(USERS), 10_000);
    await eventually(async () => (await clients()).current === 4 * CLIENTS, 10_000);
    const port = Number(new URL(right.url).port);
    await right.stop("SIGKILL");
    const revision = await kill();
    await eventually(async () => (await receipts(revision)).acknowledged === 3 * CLIENTS, 10_000);
    const { verdict, stragglers, expected } = await receipts(revision);
    expect({ verdict, expected, at: new Set(stragglers.map((one) => one.relay)), missing: stragglers.length }).toEqual({
      verdict: "open",
      expected: 4 * CLIENTS,
      at: new Set(["right"]),
      missing: CLIENTS,
    });
    // It comes back without a memory, its clients with what they held.
    right = await relay("right", origin, port);
    await eventually(() => everybody(0), 60_000);
    // The one that died may have had clients of which nobody knew.
    expect((await receipts(revision)).verdict).not.toBe("proven");
  });
});
