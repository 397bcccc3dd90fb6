import { spawnSync } from "node:child_process";
import type { EvaluationsView, FlagView } from "@rampart/core";
import { createClient } from "@rampart/sdk-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, CLI, eventually, freePort, ServerProcess, temporaryFolder } from "./harness.ts";

const FLAG = "search/new-index";
const EVALUATIONS = `/api/v1/environments/production/flags/${FLAG}/evaluations`;
const USERS = 200;

describe("how often a flag is asked for", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
  });
  afterAll(async () => {
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  const shown = async (): Promise<EvaluationsView> => (await api<EvaluationsView>(server, "GET", EVALUATIONS)).body;

  it("is counted in the SDK by what it gave, and kept by the server over a restart", async () => {
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    await api(server, "POST", `/api/v1/environments/production/flags/${encodeURIComponent(FLAG)}/rollout`, {
      percentage: 50,
    });
    const sdk = createClient({ url: server.url, sdkKey: server.tokens().server });
    expect((await sdk.init()).status).toBe("ready");
    const given = { on: 0, off: 0 };
    for (let user = 0; user < USERS; user++) given[sdk.isEnabled(FLAG, `user-${user}`) ? "on" : "off"] += 1;
    sdk.variation(FLAG, "user", "of another type");
    await sdk.close();

    await eventually(async () => (await shown()).total > 0, 15_000);
    const before = await shown();
    expect(before).toMatchObject({ flag: FLAG, total: USERS + 1, variants: given, defaults: 1 });
    await server.stop("SIGTERM");
    await server.start();
    const after = await shown();
    expect(after).toMatchObject({ total: USERS + 1, variants: given, lastEvaluatedAt: before.lastEvaluatedAt });
    const { body } = await api<FlagView>(server, "GET", `/api/v1/flags/${FLAG}`);
    expect(body.environments["production"]?.lastEvaluatedAt).toBe(before.lastEvaluatedAt);

    const { stdout } = spawnSync(
      process.execPath,
      [CLI, "flags", "get", FLAG, "-e", "production", "--json", "--url", server.url, "--token", server.tokens().admin],
      { encoding: "utf8" },
    );
    expect(JSON.parse(stdout)).toMatchObject({ key: FLAG, evaluations: { variants: given, defaults: 1 } });
  });
});
