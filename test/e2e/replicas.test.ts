import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { AuditEntry, ClientsView, Page, RolloutView } from "@rampart/core";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../packages/server/src/domain/audit.ts";
import { CLI, api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";
import { recovered } from "../faults/record.ts";
import { PostgresCluster } from "./postgres.ts";

const FLAG = "checkout";
const PATH = `/api/v1/environments/production/flags/${FLAG}`;
const CLIENTS = 10;

const BLOCKABLE = new URL("blockable.mjs", import.meta.url).href;
/** As long as that blocks. */
const BLOCKED_MS = 20_000;

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
    - { name: half, percentage: 50, duration: 1h }
  rollback: { verify: { within: 2m, criteria: [ { require: "error_rate < 1%", for: 1s } ] } }
`;

const EVALUATOR = `SELECT replicas.name FROM rampart.leases JOIN rampart.replicas ON instance = holder
  WHERE leases.name = 'evaluator' AND expires_at > now()`;

const FENCE = "SELECT fence::text, holder FROM rampart.leases WHERE name = 'evaluator'";

describe("two servers on one PostgreSQL", () => {
  const folder = temporaryFolder();
  let errorRate = 0.001;
  let metrics: Server;
  let stats = "";
  let cluster: PostgresCluster;
  let url = "";
  let servers: readonly [ServerProcess, ServerProcess];
  let fleets: readonly [SdkFleet, SdkFleet];
  let id = "";

  beforeAll(async () => {
    process.env["RAMPART_EGRESS_PRIVATE"] = "true";
    process.env["RAMPART_SECRET"] = "a secret that both of the servers share";
    metrics = createServer((_, response) => {
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
        // Correctness rests on the look each second: nobody hears a notification.
        args: ["--replica-id", name, "--database-listen=false"],
        nodeArgs: ["--import", BLOCKABLE],
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
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  const call = <T>({ url: at }: ServerProcess, method: string, path: string, body?: unknown) =>
    // The first server has the first tokens.
    api<T>({ url: at, tokens: () => servers[0].tokens() }, method, path, body);
  const view = async (server: ServerProcess): Promise<RolloutView> =>
    (await call<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
  const sampledAt = async (server: ServerProcess): Promise<number> =>
    Date.parse((await view(server)).lastSampleAt ?? "1970-01-01T00:00:00Z");
  /** The one that evaluates, and the other. */
  async function roles(): Promise<{ readonly leader: ServerProcess; readonly peer: ServerProcess }> {
    let name: string | undefined;
    await eventually(async () => {
      const [held] = await cluster.query<{ readonly name: string }>(url, EVALUATOR);
      name = held?.name;
      return name !== undefined;
    }, TAKEOVER_MAX_MS);
    const [a, b] = servers;
    return name === "a" ? { leader: a, peer: b } : { leader: b, peer: a };
  }
  /** A rollout at half of all users. */
  async function ramp(server: ServerProcess): Promise<void> {
    errorRate = 0.001;
    if (id !== "") await call(server, "POST", `/api/v1/rollouts/${id}/rollback`, {});
    // The one before is over when its metrics have been good for a while.
    await eventually(async () => {
      await call(server, "POST", `${PATH}/restore`, {});
      await call(server, "POST", `${PATH}/rollout`, { percentage: 0 });
      const { status, body } = await call<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: plan(stats) });
      if (status === 201) ({ id } = body);
      return status === 201;
    }, 15_000);
    await eventually(async () => (await view(server)).percentage === 50, 40_000);
    // Clients of a server that was away come back after half a minute at most.
    await eventually(async () => (await on()) === 2 * CLIENTS, 40_000);
  }
  /** Bad metrics end the rollout at 0 % for every client; gives the milliseconds that it took. */
  async function breach(): Promise<number> {
    const begunMs = performance.now();
    errorRate = 0.2;
    await eventually(async () => (await on()) === 0, 30_000);
    return performance.now() - begunMs;
  }
  /** Nothing torn, nothing lost: the audit's chain, the revisions in it, and what was thrown at the log. */
  async function expectWhole(server: ServerProcess): Promise<void> {
    const entries: AuditEntry[] = [];
    for (let next = "0"; next !== "";) {
      const { body } = await call<Page<AuditEntry>>(
        server,
        "GET",
        `/api/v1/audit?limit=500&order=oldest&cursor=${next}`,
      );
      entries.push(...body.items);
      next = body.next ?? "";
    }
    expect(verifyChain(entries).kind).toBe("intact");
    const made = entries.flatMap((entry) =>
      entry.environment === "production" ? (entry.revision ?? []) : (entry.revisions?.["production"] ?? []),
    );
    expect(made).toEqual(made.map((_, index) => index + 1));
    for (const one of servers) expect(one.output).not.toContain("nothing caught");
  }

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
    const listed = async (server: ServerProcess) =>
      (await call<ClientsView>(server, "GET", "/api/v1/environments/production/clients")).body;
    for (const server of servers) {
      // What the other server has is known as of the last seconds.
      await eventually(async () => (await listed(server)).current === 2 * CLIENTS, 20_000);
      const { clients, total } = await listed(server);
      expect(total).toBe(2 * CLIENTS);
      for (const name of ["a", "b"]) expect(clients.filter(({ replica }) => replica === name)).toHaveLength(CLIENTS);
    }
  });

  it("take commands at either, wherever the evaluator is", async () => {
    const { leader, peer } = await roles();
    await ramp(peer);
    expect((await call<RolloutView>(peer, "POST", `/api/v1/rollouts/${id}/pause`, {})).status).toBe(200);
    expect((await view(leader)).status).toBe("paused");
    expect((await call<RolloutView>(leader, "POST", `/api/v1/rollouts/${id}/resume`, {})).status).toBe(200);
    expect((await view(peer)).status).toBe("running");
    const begunMs = performance.now();
    expect((await call<RolloutView>(peer, "POST", `/api/v1/rollouts/${id}/rollback`, {})).status).toBe(200);
    await eventually(async () => (await on()) === 0, 3_000);
    console.log(`a rollback at the other server: 0 % everywhere after ${Math.round(performance.now() - begunMs)} ms`);
    await eventually(async () => ["verifying", "rolledBack"].includes((await view(leader)).status), 3_000);
    for (const server of servers)
      await eventually(async () => (await view(server)).rollback?.verdict === "proven", 15_000);
    for (const server of servers)
      expect((await view(server)).rollback).toMatchObject({ rollout: id, acknowledged: 2 * CLIENTS, stragglers: [] });
    const { revision } = (await view(leader)).rollback ?? {};
    const kept = async () =>
      (await call<Page<AuditEntry>>(leader, "GET", `/api/v1/audit?action=receipts.closed&limit=100`)).body.items.filter(
        ({ after }) => (after as { readonly revision?: number }).revision === revision,
      );
    await eventually(async () => (await kept()).length === 1, 15_000);
    await expectWhole(leader);
  });

  it("hand over within two seconds when the evaluator is stopped", async () => {
    const { leader, peer } = await roles();
    await ramp(peer);
    const stopped = leader.stop("SIGTERM");
    const begunMs = performance.now();
    await eventually(async () => (await roles()).leader === peer, 2_000);
    console.log(`a clean stop: another evaluator after ${Math.round(performance.now() - begunMs)} ms`);
    expect(await stopped).toBe(0);
    await leader.start();
    expect((await roles()).leader).toBe(peer);
    expect(await breach()).toBeLessThan(10_000);
    await expectWhole(peer);
  });

  it("go on with a ramp, and roll it back, when the evaluator is killed", async () => {
    const { leader, peer } = await roles();
    await ramp(leader);
    const begunMs = performance.now();
    await leader.stop("SIGKILL");
    await eventually(async () => (await roles()).leader === peer, TAKEOVER_MAX_MS);
    const since = await sampledAt(peer);
    await eventually(async () => (await sampledAt(peer)) > since, 3_000);
    console.log(`a crash: sampled again after ${Math.round(performance.now() - begunMs)} ms`);
    expect(performance.now() - begunMs).toBeLessThan(TAKEOVER_MAX_MS);
    expect((await view(peer)).percentage).toBe(50);
    await leader.start();
    await breach();
    expect((await view(leader)).rollback).toMatchObject({ rollout: id });
    await expectWhole(peer);
  });

  it("bring a rollback to its end when the evaluator is killed in the middle of it", async () => {
    const { leader, peer } = await roles();
    await ramp(leader);
    const begunMs = performance.now();
    errorRate = 0.2;
    await eventually(async () => Date.now() - (await sampledAt(leader)) < 100, 5_000);
    await leader.stop("SIGKILL");
    const fleet = fleets[servers.indexOf(peer)];
    await eventually(async () => fleet !== undefined && (await onIn(fleet)) === 0, 30_000);
    const tookMs = Math.round(performance.now() - begunMs);
    console.log(
      `the evaluator killed during a rollback: 0 % at the other server's clients ${tookMs} ms after the breach`,
    );
    await leader.start();
    await eventually(async () => (await on()) === 0, 40_000);
    await eventually(async () => ["verifying", "rolledBack"].includes((await view(peer)).status), 5_000);
    await expectWhole(peer);
  });

  it("fence an evaluator that was frozen: what it still wants to do is not stored", async () => {
    const { leader, peer } = await roles();
    await ramp(leader);
    const begunMs = performance.now();
    leader.signal("SIGSTOP");
    await eventually(async () => (await roles()).leader === peer, TAKEOVER_MAX_MS);
    console.log(`a freeze: another evaluator after ${Math.round(performance.now() - begunMs)} ms`);
    const since = await sampledAt(peer);
    await eventually(async () => (await sampledAt(peer)) > since, 3_000);
    expect((await call<RolloutView>(peer, "POST", `/api/v1/rollouts/${id}/pause`, {})).status).toBe(200);
    await eventually(() => performance.now() - begunMs > 20_000, 25_000);
    leader.signal("SIGCONT");
    await eventually(() => leader.output.includes("another server may evaluate by now"), 5_000);
    expect((await roles()).leader).toBe(peer);
    expect((await view(leader)).status).toBe("paused");
    await breach();
    await expectWhole(peer);
  });

  it("fence an evaluator whose event loop is blocked: another one goes on, and nothing of what it still wants to do is stored", async () => {
    const { leader, peer } = await roles();
    await ramp(leader);
    const [before] = await cluster.query<{ readonly fence: string }>(url, FENCE);
    const begunMs = performance.now();
    leader.signal("SIGUSR2");
    await eventually(async () => (await roles()).leader === peer, TAKEOVER_MAX_MS);
    const since = await sampledAt(peer);
    await eventually(async () => (await sampledAt(peer)) > since, 3_000);
    const tookMs = performance.now() - begunMs;
    recovered(32, "sampled by another server after the event loop was blocked", tookMs);
    expect(tookMs).toBeLessThan(TAKEOVER_MAX_MS);
    expect((await call<RolloutView>(peer, "POST", `/api/v1/rollouts/${id}/pause`, {})).status).toBe(200);
    const holder = await cluster.query(url, FENCE);
    expect(holder).toMatchObject([{ fence: String(Number(before?.fence) + 1) }]);
    const told = leader.output.length;
    await eventually(
      () => leader.output.slice(told).includes("another server may evaluate by now"),
      BLOCKED_MS + 10_000,
    );
    expect(performance.now() - begunMs).toBeGreaterThan(BLOCKED_MS);
    const wokenAt = Date.now();
    await eventually(async () => (await sampledAt(peer)) > wokenAt + 3_000, 10_000);
    expect(await cluster.query(url, FENCE)).toEqual(holder);
    // Two that sample would store twice as many.
    const [stored] = await cluster.query<{ readonly samplings: number; readonly seconds: number }>(
      url,
      `SELECT count(*)::int AS samplings, (extract(epoch FROM clock_timestamp()) - ${wokenAt / 1000})::float AS seconds
       FROM rampart.rollout_events
       WHERE rollout_id = '${id}' AND event->>'kind' = 'samples' AND (event->>'sampledAt')::bigint >= ${wokenAt}`,
    );
    expect(stored?.samplings).toBeGreaterThan(0);
    expect(stored?.samplings).toBeLessThanOrEqual((stored?.seconds ?? 0) + 1);
    expect((await view(leader)).status).toBe("paused");
    await breach();
    await expectWhole(peer);
  });

  it("survive the end of every connection, and a database that crashes and comes back", async () => {
    await ramp(servers[0]);
    await cluster.query(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    for (const server of servers)
      await eventually(async () => (await fetch(`${server.url}/ready`)).status === 200, 5_000);
    await cluster.crash();
    for (const server of servers)
      await eventually(async () => (await fetch(`${server.url}/ready`)).status === 503, 10_000);
    expect(await on()).toBe(2 * CLIENTS);
    const begunMs = performance.now();
    await cluster.restart();
    for (const server of servers)
      await eventually(async () => (await fetch(`${server.url}/ready`)).status === 200, 10_000);
    console.log(`a database that came back: both ready after ${Math.round(performance.now() - begunMs)} ms`);
    await breach();
    await eventually(async () => ["verifying", "rolledBack"].includes((await view(servers[1])).status), 5_000);
    await expectWhole(servers[0]);
  });

  it("turn a flag off for everybody while the database is gone, each server for its own clients", async () => {
    await ramp(servers[0]);
    await cluster.crash();
    console.log(`no database: 0 % everywhere ${Math.round(await breach())} ms after the breach`);
    await cluster.restart();
    await eventually(async () => {
      const isOff = async (server: ServerProcess) => (await view(server).catch(() => undefined))?.percentage === 0;
      return (await isOff(servers[0])) && (await isOff(servers[1]));
    }, 20_000);
    expect(await on()).toBe(0);
    await expectWhole(servers[1]);
  });

  it("take their clients over to a database that was put back to an older state, once it has a new epoch", async () => {
    const production = async (server: ServerProcess) =>
      (await call<ClientsView>(server, "GET", "/api/v1/environments/production/clients")).body;
    await ramp(servers[0]);
    await breach();
    const before = await production(servers[0]);
    // As after a failover that lost the last commits: the same epoch, and an older revision.
    await cluster.query(
      url,
      `UPDATE rampart.environments SET revision = revision - 1 WHERE key = 'production';
       DELETE FROM rampart.changes WHERE environment = 'production' AND revision = ${before.revision}`,
    );
    const restored = spawnSync(process.execPath, [CLI, "restore", "--new-epoch"], { encoding: "utf8" });
    expect(restored.stderr).toBe("");
    expect(restored.stdout).toContain(`production  revision ${before.revision - 1}  epoch`);
    const isTaken = (report: { readonly epoch: string | undefined }): boolean =>
      report.epoch !== undefined && report.epoch !== before.epoch;
    await eventually(async () => {
      const reports = (await Promise.all(fleets.map((fleet) => fleet.reports()))).flat();
      return reports.length === 2 * CLIENTS && reports.every(isTaken);
    }, 5_000);
    for (const server of servers) expect((await production(server)).epoch).not.toBe(before.epoch);
  });
});

describe("servers that hear of each other's changes", () => {
  const folder = temporaryFolder();
  let cluster: PostgresCluster;
  let servers: readonly ServerProcess[] = [];
  let fleet: SdkFleet;

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    process.env["RAMPART_DATABASE_URL"] = await cluster.createDatabase();
    process.env["RAMPART_SECRET"] = "a secret that both of the servers share";
    const make = async (name: string) =>
      new ServerProcess({ port: await freePort(), dataDir: join(folder.path, name), args: ["--replica-id", name] });
    servers = [await make("a"), await make("b")];
    for (const server of servers) await server.start();
    const [first, second] = servers as [ServerProcess, ServerProcess];
    await api(first, "POST", "/api/v1/flags", { key: FLAG });
    const sdkKey = first.tokens().server;
    fleet = new SdkFleet({ url: second.url, sdkKey, flag: FLAG, processes: 1, clients: 3 });
    await fleet.ready();
  });

  afterAll(async () => {
    await fleet?.close();
    await Promise.all(servers.map((server) => server.stop("SIGTERM")));
    await cluster?.stop();
    folder.dispose();
    delete process.env["RAMPART_DATABASE_URL"];
    delete process.env["RAMPART_SECRET"];
  });

  it("tell their clients at once, and after a crash of the database again", async () => {
    const [a] = servers as [ServerProcess];
    const medianMs = async (): Promise<number> => {
      const took: number[] = [];
      for (let flip = 0; flip < 7; flip += 1) {
        const percentage = flip % 2 === 0 ? 100 : 0;
        const begunMs = performance.now();
        await api(a, "POST", `${PATH}/rollout`, { percentage });
        await eventually(async () => ((await fleet.reports())[0]?.on ?? 0) > 0 === percentage > 0, 3_000);
        took.push(performance.now() - begunMs);
      }
      return took.toSorted((one, other) => one - other)[3] ?? Number.NaN;
    };
    const before = await medianMs();
    await cluster.crash();
    await cluster.restart();
    for (const server of servers)
      await eventually(async () => (await fetch(`${server.url}/ready`)).status === 200, 10_000);
    let after = Number.NaN;
    await eventually(async () => (after = await medianMs()) < 500, 20_000);
    console.log(
      `a flip at the other server: ${Math.round(before)} ms, after a crash of the database ${Math.round(after)} ms`,
    );
    // By the look of each second alone the median would be half a second.
    expect(before).toBeLessThan(400);
    for (const server of servers) expect(server.output).not.toContain("no notification comes through");
  });

  it("rehearse a rollback at either, whichever of them evaluates", async () => {
    const [a] = servers as [ServerProcess];
    for (const { url } of servers) {
      const drill = spawn(process.execPath, [CLI, "drill", "--url", url, "--token", a.tokens().admin, "--json"]);
      let told = "";
      drill.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
      drill.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
      const [code] = (await once(drill, "exit")) as [number];
      expect(code, told).toBe(0);
    }
  });
});
