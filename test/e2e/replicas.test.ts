import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ClientsView, FlagView, Page, RolloutView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";
import { PostgresCluster } from "./postgres.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;
const CLIENTS = 10;

/** What other servers need to take over: the lease's ten seconds, a look each second, and some slack. */
const TAKEOVER_MAX_MS = 15_000;

const plan = (stats: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: replicas }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  metrics: { error_rate: { http: { url: "${stats}", measure: { pointer: /errorRate } }, unit: ratio } }
  triggers: [ { name: errors, when: "error_rate >= 5%", for: 1s, action: rollback } ]
  stages:
    - { name: one, percentage: 1, duration: 1s, criteria: [ { require: "error_rate < 1%", for: 1s } ] }
    - { name: half, percentage: 50, duration: 1h, approvals: [ { role: lead } ] }
  rollback: { verify: { within: 2m, criteria: [ { require: "error_rate < 1%", for: 1s } ] } }
`;

describe("two servers on one PostgreSQL", () => {
  const folder = temporaryFolder();
  let errorRate = 0.001;
  let metrics: Server;
  let stats = "";
  let cluster: PostgresCluster;
  let url = "";
  let servers: readonly [ServerProcess, ServerProcess];
  let fleets: readonly [SdkFleet, SdkFleet];
  let sampledBy = 0;

  beforeAll(async () => {
    process.env["RAMPART_EGRESS_PRIVATE"] = "true";
    process.env["RAMPART_SECRET"] = "a secret that both of the servers share";
    metrics = createServer((_, response) => {
      sampledBy += 1;
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ errorRate }));
    }).listen(0, "127.0.0.1");
    await once(metrics, "listening");
    stats = `http://127.0.0.1:${(metrics.address() as AddressInfo).port}/`;
    cluster = await PostgresCluster.start();
    url = await cluster.createDatabase();
    process.env["RAMPART_DATABASE_URL"] = url;
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
    const sdkKey = servers[0].tokens().server;
    fleets = [fleetOn(servers[0], sdkKey), fleetOn(servers[1], sdkKey)];
    await Promise.all(fleets.map((fleet) => fleet.ready()));
  });

  afterAll(async () => {
    await Promise.all((fleets ?? []).map((fleet) => fleet.close()));
    await Promise.all((servers ?? []).map((server) => server.stop("SIGKILL")));
    await cluster?.stop();
    metrics?.closeAllConnections();
    metrics?.close();
    folder.dispose();
    delete process.env["RAMPART_DATABASE_URL"];
    delete process.env["RAMPART_SECRET"];
  });

  const fleetOn = (server: ServerProcess, sdkKey: string): SdkFleet =>
    new SdkFleet({ url: server.url, sdkKey, flag: FLAG, processes: 1, clients: CLIENTS });
  const onIn = async (fleet: SdkFleet): Promise<number> =>
    (await fleet.reports()).filter((client) => client.on > 0).length;
  const on = async (): Promise<number> => (await Promise.all(fleets.map(onIn))).reduce((sum, one) => sum + one, 0);
  const admin = (): string => servers[0].tokens().admin;
  /** The first server has the first tokens. */
  async function call<T>(server: ServerProcess, method: string, path: string, body?: unknown) {
    const as = Object.assign(Object.create(server) as ServerProcess, {
      tokens: () => ({ ...servers[0].tokens(), admin: admin() }),
    });
    return api<T>(as, method, path, body);
  }
  async function start(on: ServerProcess): Promise<string> {
    await call(on, "POST", `${PATH}/restore`, {});
    const started = await call<RolloutView>(on, "POST", "/api/v1/rollouts", { plan: plan(stats) });
    expect(started.status, JSON.stringify(started.body)).toBe(201);
    return started.body.id;
  }
  const view = async (server: ServerProcess, id: string): Promise<RolloutView> =>
    (await call<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
  const leader = async (): Promise<ServerProcess> => {
    const [held] = await cluster
      .query<{ name: string }>(
        url,
        "SELECT name FROM rampart.leases JOIN rampart.replicas ON instance = holder WHERE leases.name = 'evaluator' AND expires_at > now()",
      )
      .catch(() => []);
    const [a, b] = servers;
    return held?.name === "b" ? b : a;
  };

  it("make the first tokens once", async () => {
    const { body } = await call<Page<unknown>>(servers[1], "GET", "/api/v1/tokens");
    expect(body.items).toHaveLength(3);
  });

  it("tell the clients of both of a flip at either", async () => {
    for (const server of servers) {
      await call(server, "POST", `${PATH}/rollout`, { percentage: 100 });
      await eventually(async () => (await on()) === 2 * CLIENTS, 3_000);
      await call(server, "POST", `${PATH}/kill`);
      await eventually(async () => (await on()) === 0, 3_000);
      await call(server, "POST", `${PATH}/restore`, {});
    }
    for (const server of servers)
      expect(
        (await call<ClientsView>(server, "GET", "/api/v1/environments/production/clients")).body.total,
      ).toBeGreaterThanOrEqual(CLIENTS);
  });
});
