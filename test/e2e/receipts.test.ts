import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RampView, ReceiptsView } from "@rampart/core";
import { api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;
const CLIENTS = 100;

describe("a kill", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let fleet: SdkFleet;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    await api(server, "POST", `${PATH}/rollout`, { percentage: 100 });
    fleet = new SdkFleet({
      url: server.url,
      sdkKey: server.tokens().server,
      flag: FLAG,
      processes: 1,
      clients: CLIENTS,
    });
    await fleet.ready();
  });

  afterAll(async () => {
    await fleet?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  it("is proven by the receipts of every SDK within seconds", async () => {
    const { revision } = (await api<RampView>(server, "POST", `${PATH}/kill`)).body;
    const receipts = async (): Promise<ReceiptsView> =>
      (await api<ReceiptsView>(server, "GET", `/api/v1/environments/production/receipts/${revision}`)).body;
    await eventually(async () => (await receipts()).verdict === "proven", 10_000);
    const { expected, acknowledged, stragglers, applied } = await receipts();
    expect({ expected, acknowledged, stragglers }).toEqual({
      expected: CLIENTS,
      acknowledged: CLIENTS,
      stragglers: [],
    });
    // The SDKs' clock is this machine's, so that the time is that of the applying and not that of the receipts' coming.
    expect(applied?.maxMs).toBeLessThan(2_000);
  });
});
