import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlagView, RampView, RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";

/** The server's own. */
const Database = createRequire(new URL("../../packages/server/package.json", import.meta.url))(
  "better-sqlite3",
) as new (path: string) => { exec(sql: string): void; close(): void };

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;

const PLAN = planForAll(FLAG);

describe("a kill while another program holds the database", () => {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, "data");
  let server: ServerProcess;
  let fleet: SdkFleet;
  let holder: InstanceType<typeof Database> | undefined;

  const hold = (): void => {
    holder = new Database(join(dataDir, "rampart.db"));
    holder.exec("BEGIN IMMEDIATE");
  };
  const letGo = (): void => {
    holder?.close();
    holder = undefined;
  };
  const on = async () => (await fleet.reports()).filter((client) => client.on > 0).length;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    await api(server, "POST", `${PATH}/rollout`, { percentage: 100 });
    fleet = new SdkFleet({ url: server.url, sdkKey: server.tokens().server, flag: FLAG, processes: 1, clients: 10 });
    await fleet.ready();
  });

  afterAll(async () => {
    letGo();
    await fleet?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  it("turns the flag off in every connected client, and is stored when the database is free", async () => {
    expect(await on()).toBe(10);
    hold();
    const began = Date.now();
    const { status, body } = await api<RampView>(server, "POST", `${PATH}/kill`);
    expect(status).toBe(202);
    expect(body.unstored).toMatchObject({ keptIn: "file" });
    await eventually(async () => (await on()) === 0, 5_000);
    expect(Date.now() - began).toBeLessThan(5_000);
    letGo();
    const isStoredOn = async () =>
      (await api<FlagView>(server, "GET", `/api/v1/flags/${FLAG}`)).body.environments["production"]?.enabled ?? true;
    await eventually(async () => !(await isStoredOn()), 10_000);
    expect(await on()).toBe(0);
  });

  it("of a rollout by a rollback is answered alike, and the rollout says who did it once that can be stored", async () => {
    await api(server, "POST", `${PATH}/restore`);
    await api(server, "POST", `${PATH}/rollout`, { percentage: 0 });
    const begun = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(begun.status, JSON.stringify(begun.body)).toBe(201);
    await eventually(async () => (await on()) === 10, 10_000);
    hold();
    const path = `/api/v1/rollouts/${begun.body.id}`;
    const { status, body } = await api<RampView>(server, "POST", `${path}/rollback`, { reason: "it hurts" });
    expect([status, body.unstored?.keptIn]).toEqual([202, "file"]);
    await eventually(async () => (await on()) === 0, 5_000);
    letGo();
    await eventually(async () => (await api<RolloutView>(server, "GET", path)).body.status === "rolledBack", 20_000);
    const { cause, percentage } = (await api<RolloutView>(server, "GET", path)).body;
    expect([percentage, cause]).toMatchObject([0, { reason: "it hurts" }]);
    await api(server, "POST", `${PATH}/restore`);
    await api(server, "POST", `${PATH}/rollout`, { percentage: 100 });
  });

  it("is gone on with by a server that was killed before it could store it, and nobody comes back on", async () => {
    await api(server, "POST", `${PATH}/restore`);
    await eventually(async () => (await on()) === 10, 5_000);
    hold();
    expect((await api<RampView>(server, "POST", `${PATH}/kill`)).status).toBe(202);
    await eventually(async () => (await on()) === 0, 5_000);
    await server.stop("SIGKILL");
    letGo();
    await server.start();
    const poll = await fetch(`${server.url}/sdk/v1/flags`, {
      headers: { authorization: `Bearer ${server.tokens().server}` },
    });
    const { flags } = (await poll.json()) as { readonly flags: readonly { key: string; enabled?: boolean }[] };
    expect(flags.find(({ key }) => key === FLAG)?.enabled).toBe(false);
    await eventually(
      async () =>
        (await api<{ items: readonly object[] }>(server, "GET", "/api/v1/audit?action=flag.killed")).body.items
          .length === 2,
      10_000,
    );
    expect(await on()).toBe(0);
  });
});
