/** OpenFeature's published server SDK with our provider, as they are installed, against a server that ramps, rolls back and dies. */
import { OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/server-sdk";
import { createClient } from "@rampart/sdk-node";
import { RampartProvider } from "@rampart/sdk-node/openfeature";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually, freePort, ServerProcess, temporaryFolder } from "./harness.ts";

const FLAG = "team-a/new_checkout.v2";
const FLAG_PATH = `/api/v1/environments/production/flags/${encodeURIComponent(FLAG)}`;

describe("OpenFeature's server SDK with our provider", () => {
  const folder = temporaryFolder();
  const flags = OpenFeature.getClient();
  let server: ServerProcess;
  let events: string[] = [];

  const ramp = (percentage: number) => api(server, "POST", `${FLAG_PATH}/rollout`, { percentage });
  const isOn = () => flags.getBooleanValue(FLAG, false, { targetingKey: "user-1" });

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    await ramp(100);
    await OpenFeature.setProviderAndWait(
      new RampartProvider(createClient({ url: server.url, sdkKey: server.tokens().server })),
    );
    for (const event of [ProviderEvents.Ready, ProviderEvents.Stale, ProviderEvents.Error])
      OpenFeature.addHandler(event, () => void events.push(event));
    OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (details) =>
      events.push(`changed ${String(details?.flagsChanged)}`),
    );
  });
  beforeEach(async () => {
    await ramp(100);
    await eventually(isOn, 5_000);
    events = [];
  });
  afterAll(async () => {
    await OpenFeature.close();
    await server.stop("SIGKILL");
    folder.dispose();
  });

  it("sees a ramp", async () => {
    await ramp(0);
    await eventually(async () => !(await isOn()), 5_000);
    expect(events).toEqual([`changed ${FLAG}`]);
  });

  it("sees a rollback", async () => {
    await api(server, "POST", `${FLAG_PATH}/kill`, {});
    await eventually(async () => !(await isOn()), 5_000);
    const { reason, variant } = await flags.getBooleanDetails(FLAG, true, { targetingKey: "user-1" });
    expect([reason, variant]).toEqual(["DISABLED", "off"]);
    await api(server, "POST", `${FLAG_PATH}/restore`, {});
  });

  it("is stale while the server is dead, answers all the same, and is ready once it is back", async () => {
    await server.stop("SIGKILL");
    await eventually(() => flags.providerStatus === ProviderStatus.STALE, 20_000);
    expect(await isOn()).toBe(true);
    await server.start();
    await eventually(() => flags.providerStatus === ProviderStatus.READY, 45_000);
    await ramp(0);
    await eventually(async () => !(await isOn()), 5_000);
    expect(events).toEqual([ProviderEvents.Stale, ProviderEvents.Ready, `changed ${FLAG}`]);
  });

  it("is refused for good with a wrong key, and serves defaults", async () => {
    const provider = new RampartProvider(createClient({ url: server.url, sdkKey: "rmp_server_wrong" }));
    await expect(OpenFeature.setProviderAndWait("wrong", provider)).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
    const details = await OpenFeature.getClient("wrong").getBooleanDetails(FLAG, true);
    expect(details).toMatchObject({ value: true, reason: "ERROR", errorCode: "PROVIDER_FATAL" });
  });
});
