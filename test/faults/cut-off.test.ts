import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import type { RolloutView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, eventually, freePort, planForAll, SdkFleet, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { PostgresCluster } from "../e2e/postgres.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { recovered } from "./record.ts";

const RAMPED = "ramped";
const PLAIN = "plain";
const CLIENTS = 5;
const LEASE_MS = 25_000;
/** A server that has not reached its database for so long renews no lease. */
const CONFIRMED_MS = 3_000;
/** For what a busy machine adds. */
const SLACK_MS = 5_000;
const PLAN = planForAll(RAMPED);
const pathOf = (flag: string) => `/api/v1/environments/production/flags/${flag}`;
const portOf = (url: string) => Number(new URL(url).port);

describe("two servers on one PostgreSQL", () => {
  const folder = temporaryFolder();
  const made: SdkFleet[] = [];
  let cluster: PostgresCluster;
  /** Between the second server and the database. */
  let line: ChaosProxy;
  /** Stands for a load balancer: leads new connections to `target`. */
  let balancer: Server;
  let target = 0;
  let a: ServerProcess;
  let b: ServerProcess;
  let ofA: SdkFleet;
  let ofB: SdkFleet;
  let moving: SdkFleet;
  let plain: SdkFleet;
  let rollout = "";

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    const url = new URL(await cluster.createDatabase());
    line = await ChaosProxy.start(Number(url.port));
    process.env["RAMPART_SECRET"] = "a secret that both of the servers share";
    const start = async (name: string, database: URL): Promise<ServerProcess> => {
      process.env["RAMPART_DATABASE_URL"] = database.href;
      const server = new ServerProcess({
        port: await freePort(),
        dataDir: join(folder.path, name),
        args: ["--replica-id", name],
      });
      await server.start();
      return server;
    };
    a = await start("a", url);
    const through = new URL(url);
    through.port = String(portOf(line.url));
    b = await start("b", through);
    target = portOf(b.url);
    balancer = createServer((client) => {
      const server = connect({ port: target, host: "127.0.0.1" });
      for (const socket of [client, server]) socket.on("error", () => undefined);
      client.pipe(server).pipe(client);
    }).listen(0, "127.0.0.1");
    await once(balancer, "listening");
    for (const key of [RAMPED, PLAIN]) await api(a, "POST", "/api/v1/flags", { key });
    await api(a, "POST", `${pathOf(PLAIN)}/rollout`, { percentage: 100 });
    ofA = fleet(a.url);
    ofB = fleet(b.url);
    moving = fleet(`http://127.0.0.1:${(balancer.address() as AddressInfo).port}`);
    plain = fleet(b.url, PLAIN);
    await Promise.all(made.map((one) => one.ready()));
    await ramp();
  });

  afterAll(async () => {
    await Promise.all(made.map((one) => one.close()));
    await Promise.all([a, b].map((server) => server?.stop("SIGKILL")));
    balancer?.close();
    await line?.close();
    await cluster?.stop();
    folder.dispose();
    delete process.env["RAMPART_DATABASE_URL"];
    delete process.env["RAMPART_SECRET"];
  });

  function fleet(url: string, flag = RAMPED): SdkFleet {
    const one = new SdkFleet({ url, sdkKey: a.tokens().server, flag, processes: 1, clients: CLIENTS });
    made.push(one);
    return one;
  }
  const on = async (of: SdkFleet): Promise<number> => (await of.reports()).filter((client) => client.on > 0).length;
  const areOn = async (fleets: readonly SdkFleet[], count: number): Promise<boolean> =>
    (await Promise.all(fleets.map(on))).every((clients) => clients === count);
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  const call = <T>({ url }: ServerProcess, method: string, path: string, body?: unknown) =>
    // The first server has the first tokens.
    api<T>({ url, tokens: () => a.tokens() }, method, path, body);
  const isReady = async ({ url }: ServerProcess): Promise<boolean> => (await fetch(`${url}/ready`)).ok;
  async function ramp(): Promise<void> {
    // The rollout before is over when its recovery is.
    await eventually(async () => {
      await call(a, "POST", `${pathOf(RAMPED)}/restore`, {});
      await call(a, "POST", `${pathOf(RAMPED)}/rollout`, { percentage: 0 });
      const { status, body } = await call<RolloutView>(a, "POST", "/api/v1/rollouts", { plan: PLAN });
      if (status === 201) rollout = body.id;
      return status === 201;
    }, 15_000);
    await eventually(() => areOn([ofA, ofB, moving, plain], CLIENTS), 40_000);
  }

  it("take a flag back everywhere though one of them is cut off from the database: its clients are off by their lease, and stay off", async () => {
    // Its keys are known to it from before.
    expect((await call(b, "GET", "/api/v1/flags")).status).toBe(200);
    line.weather = { kind: "blackHole" };
    target = portOf(a.url);
    const sinceMs = performance.now();
    expect((await call(a, "POST", `/api/v1/rollouts/${rollout}/rollback`, { reason: "test" })).status).toBe(200);
    await eventually(() => areOn([ofA], 0), 5_000);
    // Those that find another server go there before their lease is over, and hear of it.
    await eventually(() => areOn([moving], 0), LEASE_MS - SLACK_MS);
    recovered(
      31,
      "at another server, for clients of one that is cut off from its database",
      performance.now() - sinceMs,
    );
    expect((await moving.reports()).every((client) => client.state === "ready")).toBe(true);
    await eventually(() => areOn([ofB], 0), CONFIRMED_MS + LEASE_MS + SLACK_MS - (performance.now() - sinceMs));
    recovered(31, "by their lease, for those that find no other", performance.now() - sinceMs);
    expect(await isReady(b)).toBe(false);
    // Reconnects, and what that server still says, bring nobody back.
    const untilMs = performance.now() + 15_000;
    await eventually(async () => {
      expect(await on(ofB)).toBe(0);
      return performance.now() > untilMs;
    }, 30_000);
    // No lease, and nobody who could say otherwise.
    expect(await on(plain)).toBe(CLIENTS);
    // The others may not be asked: a kill goes to every server, and so to the clients of this one.
    expect((await call(b, "POST", `${pathOf(PLAIN)}/kill`, {})).status).toBe(202);
    await eventually(() => areOn([plain], 0), 15_000);
    const verdict = async () =>
      (await call<RolloutView>(a, "GET", `/api/v1/rollouts/${rollout}`)).body.rollback?.verdict;
    await eventually(async () => (await verdict()) !== "open", 20_000);
    expect(await verdict()).toBe("bounded");
    line.weather = { kind: "pass" };
    target = portOf(b.url);
    const mendedMs = performance.now();
    await eventually(() => isReady(b), 30_000);
    recovered(7, "ready again after it was cut off", performance.now() - mendedMs);
    await eventually(
      async () => (await ofB.reports()).every((client) => client.state === "ready" && client.on === 0),
      45_000,
    );
    await call(a, "POST", `${pathOf(PLAIN)}/restore`, {});
    await ramp();
  });

  it("can't know that nobody took a flag back while the database is gone: it is off by its lease, others are not, and it is on again with the database", async () => {
    await cluster.crash();
    const sinceMs = performance.now();
    await eventually(() => areOn([ofA, ofB, moving], 0), CONFIRMED_MS + LEASE_MS + SLACK_MS);
    console.log(`no database: leased flags off after ${Math.round(performance.now() - sinceMs)} ms`);
    expect(performance.now() - sinceMs).toBeGreaterThan(LEASE_MS - 5_000);
    expect(await on(plain)).toBe(CLIENTS);
    await cluster.restart();
    const backMs = performance.now();
    await eventually(() => areOn([ofA, ofB, moving, plain], CLIENTS), 45_000);
    recovered(7, "a flag under a rollout is on again", performance.now() - backMs);
  });
});
