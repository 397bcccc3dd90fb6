import type { ClientsView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { Replicas } from "../store/postgres/replicas.ts";
import { openTestStore, realTimers, startCluster, type Cluster } from "../store/testing/postgres.ts";
import { startClientsExchange } from "./clients-exchange.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
const at = "2026-01-05T02:00:00.000Z";

/** Servers on one database, each with one client of its own, or with what `view` says. */
async function servers(...names: readonly string[]) {
  const url = await cluster.createDatabase();
  const started = [];
  for (const name of names) {
    const { pool } = await openTestStore(url);
    const self = { instance: `instance of ${name}`, name };
    const replicas = new Replicas({
      pool,
      timers: realTimers,
      logger: silentLogger,
      self: { ...self, secretCheck: "same" },
    });
    await replicas.join();
    const view: ClientsView = {
      environment: "production",
      epoch: "e1",
      revision: 5,
      clients: [
        {
          instanceId: `client of ${name}`,
          sdk: "node/0.1.0",
          address: "10.0.0.1",
          transport: "stream",
          connectedAt: at,
          lastContactAt: at,
          epoch: "e1",
          revision: 5,
          lag: 0,
        },
      ],
      total: 1,
      current: 1,
    };
    const hub = {
      clientsView: (environment: string, limit: number) =>
        environment === "production" ? { ...view, clients: view.clients.slice(0, limit) } : undefined,
    };
    const exchange = startClientsExchange({
      pool,
      replicas,
      self,
      hub,
      clock,
      timers: realTimers,
      logger: silentLogger,
    });
    onTestFinished(async () => {
      await exchange.stop();
      await replicas.leave();
    });
    started.push({ ...exchange, leave: () => replicas.leave() });
  }
  return started;
}

const shown = (view: ClientsView | undefined): unknown =>
  view && {
    clients: view.clients.map(({ instanceId, replica }) => `${instanceId} at ${replica}`),
    total: view.total,
    current: view.current,
    missing: view.missing,
  };

describe("the clients of servers on one database", () => {
  it("are listed by each of them, with where they are", async () => {
    const both = await servers("a", "b");
    const whole = { clients: ["client of a at a", "client of b at b"], total: 2, current: 2, missing: undefined };
    for (const server of both)
      await expect.poll(async () => shown(await server.view("production", 10)), { timeout: 10_000 }).toEqual(whole);
    expect(shown(await both[0]?.view("production", 1))).toEqual({ ...whole, clients: ["client of a at a"] });
    expect(await both[0]?.view("nowhere", 10)).toBeUndefined();
  });

  it("are this server's alone where there is no other, and of one that has gone nothing is said any more", async () => {
    const [a, b] = await servers("a", "b");
    await expect.poll(async () => (await a?.view("production", 10))?.total, { timeout: 10_000 }).toBe(2);
    await b?.stop();
    await b?.leave();
    const alone = { clients: ["client of a at a"], total: 1, current: 1, missing: undefined };
    await expect.poll(async () => shown(await a?.view("production", 10)), { timeout: 10_000 }).toEqual(alone);
  });

  it("of a server that does not answer are missing, and it is named, and waited for once", async () => {
    const [a, b] = await servers("a", "b");
    await b?.stop();
    const alone = { clients: ["client of a at a"], total: 1, current: 1, missing: ["b"] };
    await expect.poll(async () => shown(await a?.view("production", 10)), { timeout: 20_000 }).toEqual(alone);
    const begunMs = performance.now();
    expect(shown(await a?.view("production", 10))).toEqual(alone);
    expect(performance.now() - begunMs).toBeLessThan(2_000);
  });
});
