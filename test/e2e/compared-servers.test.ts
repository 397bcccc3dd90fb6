import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RolloutView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, eventually, freePort, ServerProcess, temporaryFolder } from "./harness.ts";
import { PostgresCluster } from "./postgres.ts";

const FLAG = "checkout";

/** Users of each of the two services; what `measured-process.mjs` serves. */
const USERS = 3_000;

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: compared-servers }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  metrics:
    failing: { sdk: { measure: error_rate, window: 30s } }
    calls: { sdk: { measure: rate, cohort: all, window: 10s } }
  triggers:
    - { name: quiet, when: "calls < 1", for: 10m, action: notify }
    - { name: regression, compare: failing, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5, duration: 30m }
    - { name: half, percentage: 50, duration: 30m }
`;

const EVALUATOR = `SELECT replicas.name FROM rampart.leases JOIN rampart.replicas ON instance = holder
  WHERE leases.name = 'evaluator' AND expires_at > now()`;

describe("a rollout whose users are half at one server and half at another", () => {
  const folder = temporaryFolder();
  const services: ChildProcess[] = [];
  let cluster: PostgresCluster;
  let database = "";
  let servers: readonly [ServerProcess, ServerProcess];
  let id = "";

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    database = await cluster.createDatabase();
    process.env["RAMPART_DATABASE_URL"] = database;
    process.env["RAMPART_SECRET"] = "a secret that both of the servers share";
    const make = async (name: string): Promise<ServerProcess> =>
      new ServerProcess({
        port: await freePort(),
        dataDir: join(folder.path, name),
        args: ["--replica-id", name],
      });
    servers = [await make("a"), await make("b")];
    await servers[0].start();
    await servers[1].start();
    await api(servers[0], "POST", "/api/v1/flags", { key: FLAG });
    for (const [place, server] of servers.entries()) services.push(await serve(server, place * USERS));
    ({ id } = (await api<RolloutView>(servers[0], "POST", "/api/v1/rollouts", { plan: PLAN })).body);
  });

  afterAll(async () => {
    for (const service of services) {
      const exit = once(service, "exit");
      service.disconnect();
      await exit;
    }
    await Promise.all((servers ?? []).map((server) => server.stop("SIGKILL")));
    await cluster?.stop();
    folder.dispose();
    delete process.env["RAMPART_DATABASE_URL"];
    delete process.env["RAMPART_SECRET"];
  });

  /** Users whom real SDK clients of one server serve. */
  async function serve(server: ServerProcess, from: number): Promise<ChildProcess> {
    const program = fileURLToPath(new URL("measured-process.mjs", import.meta.url));
    const options = { url: server.url, sdkKey: servers[0].tokens().server, flag: FLAG, clients: 2, from };
    const child = fork(program, [JSON.stringify(options)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await once(child, "message");
    return child;
  }
  const view = async ({ url }: ServerProcess): Promise<RolloutView> =>
    // The first server has the first tokens.
    (await api<RolloutView>({ url, tokens: () => servers[0].tokens() }, "GET", `/api/v1/rollouts/${id}`)).body;
  /** Users without the flag whom the comparison has seen. */
  const seen = async (server: ServerProcess): Promise<number> =>
    (await view(server)).comparisons[0]?.series.at(-1)?.off.users ?? 0;
  /** The one that evaluates, and the other. */
  async function roles(): Promise<readonly [leader: ServerProcess, peer: ServerProcess]> {
    const [held] = await cluster.query<{ readonly name: string }>(database, EVALUATOR);
    return held?.name === "b" ? [servers[1], servers[0]] : servers;
  }

  it("knows of the users of both, and of each once", { timeout: 90_000 }, async () => {
    const [leader] = await roles();
    await eventually(async () => (await seen(leader)) > 1.5 * USERS, 60_000);
    expect(await seen(leader)).toBeLessThan(2 * USERS);
    const rate = (await view(leader)).metrics.find(({ name }) => name === "calls")?.value ?? 0;
    // Each makes 400 calls a second, or what the machine lets it.
    console.log(`${await seen(leader)} users of ${2 * USERS}, ${Math.round(rate)} calls a second`);
  });

  it("loses nobody and counts nobody twice when the server that compares is killed", { timeout: 90_000 }, async () => {
    const [leader, peer] = await roles();
    const before = await seen(leader);
    await leader.stop("SIGKILL");
    await eventually(async () => (await roles())[0] === peer, 20_000);
    // A point of the chart from after that; until it is there, the other server's last one is.
    const { series } = (await view(peer)).comparisons[0] ?? { series: [] };
    const last = series.at(-1)?.at ?? "";
    await eventually(async () => ((await view(peer)).comparisons[0]?.series.at(-1)?.at ?? "") > last, 30_000);
    const after = await seen(peer);
    console.log(`${before} users before the crash, ${after} after it`);
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after).toBeLessThan(2 * USERS);
    expect((await view(peer)).comparisons[0]).toMatchObject({ standing: "compared" });
    await leader.start();
  });

  it("is taken back when only users with the flag fail, wherever they are", { timeout: 90_000 }, async () => {
    const [leader, peer] = await roles();
    const begunMs = performance.now();
    for (const service of services) service.send({ on: 0.3, off: 0 });
    for (const server of [leader, peer]) await eventually(async () => (await view(server)).percentage === 0, 30_000);
    console.log(`taken back at both servers after ${Math.round(performance.now() - begunMs)} ms`);
    const { cause } = await view(peer);
    expect(cause).toMatchObject({ kind: "trigger", subject: "regression", attribution: "flag" });
    expect(cause?.comparison).toMatch(/^failing: \d+ users with failures in the 5 % vs \d+ in control/);
  });
});
