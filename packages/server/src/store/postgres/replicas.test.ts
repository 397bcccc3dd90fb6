import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";
import { Replicas } from "./replicas.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function database() {
  const { pool } = await openTestStore(await cluster.createDatabase());
  const timers = manualTimers();
  const server = (name: string, secretCheck = "same") =>
    new Replicas({ pool, timers, logger: silentLogger, self: { instance: `instance of ${name}`, name, secretCheck } });
  const names = async (of: Replicas) => (await of.present()).map(({ name }) => name);
  /** As if so many seconds went by in which nobody was heard of. */
  const later = (seconds: number) =>
    pool.run((session) =>
      session.execute(sql`UPDATE rampart.replicas SET seen_at = seen_at - make_interval(secs => ${seconds})`),
    );
  return { server, names, later, timers };
}

describe("the servers on one database", () => {
  it("know of each other until one leaves", async () => {
    const { server, names } = await database();
    const [b, a] = [server("b"), server("a")];
    expect(await b.join()).toBeUndefined();
    expect(await a.join()).toBeUndefined();
    expect(await names(b)).toEqual(["a", "b"]);
    await a.leave();
    expect(await names(b)).toEqual(["b"]);
  });

  it("forget one that was not heard of for half a minute, and know it again when it is", async () => {
    const { server, names, later, timers } = await database();
    const [a, b] = [server("a"), server("b")];
    await Promise.all([a.join(), b.join()]);
    await b.leave();
    await later(31);
    expect(await names(a)).toEqual([]);
    await timers.advance(2_000);
    await expect.poll(() => names(a)).toEqual(["a"]);
  });

  it("don't take one with another secret, as long as one of them runs", async () => {
    const { server, names, later } = await database();
    const [a, stranger] = [server("a"), server("stranger", "other")];
    await a.join();
    expect(await stranger.join()).toBe("a");
    expect(await names(a)).toEqual(["a"]);
    await later(11);
    expect(await stranger.join()).toBeUndefined();
  });
});
