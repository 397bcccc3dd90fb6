import { defaultConfig, defaultVariants } from "@rampart/core";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutState } from "../../domain/rollout/state.ts";
import { silentLogger } from "../../ports/logger.ts";
import type { RolloutCommit } from "../../ports/rollout-store.ts";
import { manualTimers } from "../testing/manual-timers.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";
import { LeaderLease } from "./leader-lease.ts";
import { EVALUATOR } from "./lease-rows.ts";
import { createPostgresLeaseBook } from "./postgres-lease-book.ts";
import { Tables } from "./tables.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function twoServers() {
  const url = await cluster.createDatabase();
  const [a, b] = await Promise.all([openTestStore(url), openTestStore(url)]);
  const leaseOf = (pool: typeof a.pool, holder: string, predecessor?: string) =>
    new LeaderLease({
      book: createPostgresLeaseBook(pool),
      holder,
      predecessor,
      timers: manualTimers(),
      logger: silentLogger,
    });
  /** As if ten seconds went by in which the holder said nothing. */
  const expire = () => a.pool.run((session) => session.execute(sql`UPDATE rampart.leases SET expires_at = now()`));
  return {
    a,
    b,
    first: leaseOf(a.pool, "a"),
    second: leaseOf(b.pool, "b"),
    follower: (of: string) => leaseOf(b.pool, "c", of),
    expire,
  };
}

describe("the evaluator's lease", () => {
  it("is one server's, however many want it, and stays there as long as it is renewed", async () => {
    const { first, second } = await twoServers();
    await Promise.all([first.look(), second.look()]);
    const held = [first.evaluating(), second.evaluating()];
    expect(held.filter((one) => one !== undefined)).toEqual([{ fence: 1 }]);
    await Promise.all([first.look(), second.look()]);
    expect([first.evaluating(), second.evaluating()]).toEqual(held);
  });

  it("goes to the next one at once when it is given back, under another number", async () => {
    const { first, second } = await twoServers();
    await first.look();
    await first.stop();
    expect(first.evaluating()).toBeUndefined();
    await second.look();
    expect(second.evaluating()).toEqual({ fence: 2 });
    await first.look();
    expect(first.evaluating()).toBeUndefined();
  });

  it("goes to the next one when it ran out, and the one that stood still learns of it", async () => {
    const { first, second, expire } = await twoServers();
    await first.look();
    await expire();
    await second.look();
    expect(second.evaluating()).toEqual({ fence: 2 });
    await first.look();
    expect(first.evaluating()).toBeUndefined();
  });

  it("goes at once to the server that follows a killed one in its place, and to no other server before its time", async () => {
    const { a, first, second, follower } = await twoServers();
    await first.look();
    await second.look();
    expect(second.evaluating()).toBeUndefined();
    const next = follower("a");
    await next.look();
    expect(next.evaluating()).toEqual({ fence: 2 });
    // Of what the one before still wanted to do, nothing is stored.
    expect(await a.pool.run((session) => new Tables(session).leases.isHeld(EVALUATOR, 1))).toBe(false);
    // It was another one's by then: only its own lease is ended.
    const late = follower("b");
    await late.look();
    expect(late.evaluating()).toBeUndefined();
  });

  it("lets every server watch while the database can't be reached, with a number that nothing can be stored by", async () => {
    const { b, second } = await twoServers();
    await b.pool.close();
    await second.look();
    expect(second.evaluating()).toEqual({ fence: 0 });
    await second.stop();
    expect(second.evaluating()).toBeUndefined();
  });
});

describe("a step that the evaluator takes by itself", () => {
  const state: RolloutState = {
    planDigest: "d1",
    now: 1000,
    createdAt: 1000,
    startAt: 1000,
    phase: { kind: "scheduled" },
    percentage: 0,
    observations: {},
    streaks: {},
    missing: {},
    alerts: {},
    approvals: [],
    ticks: [],
    baselines: { values: {}, slices: {} },
    told: { momentsUntil: 0, overdue: [], reviews: [] },
  };
  const step = (expectedSeq: number, fence?: number): RolloutCommit => ({
    id: "r1",
    expectedSeq,
    events: [{ kind: "tick", at: 2000 }],
    state,
    records: [],
    evidence: [],
    outbox: [],
    actor: "rollout:r1",
    at: 2000,
    ...(fence !== undefined && { fence }),
  });

  it("is stored under the newest number only; what people ask for is stored by any server", async () => {
    const { a, b, first, second, expire } = await twoServers();
    const meta = { actor: "token:t1", action: "flag.created", at: 1000 };
    const definition = {
      key: "a",
      type: "boolean",
      description: "",
      variants: defaultVariants("boolean"),
      tags: [],
    } as const;
    const configs = Object.fromEntries(
      (await a.store.environments()).map(({ key }) => [key, defaultConfig(definition)]),
    );
    await a.store.createFlag(definition, configs, meta);
    await a.rollouts.savePlan({ name: "p", digest: "d1", text: "p", createdAt: 1000, createdBy: "token:t1" });
    const row = { id: "r1", flag: "a", environment: "production", planName: "p", planDigest: "d1", state, seq: 0 };
    await a.rollouts.createRollout({ ...row, createdAt: 1000, createdBy: "token:t1" }, [], meta);
    await first.look();
    const old = first.evaluating()?.fence ?? Number.NaN;
    expect(await a.rollouts.commitRollout(step(0, old))).toEqual({ kind: "committed", seq: 1 });
    await expire();
    expect(await a.rollouts.commitRollout(step(1, old))).toEqual({ kind: "fenced" });
    await second.look();
    expect(await a.rollouts.commitRollout(step(1, old))).toEqual({ kind: "fenced" });
    expect(await b.rollouts.commitRollout(step(1, second.evaluating()?.fence))).toEqual({ kind: "committed", seq: 2 });
    expect(await a.rollouts.commitRollout(step(2))).toEqual({ kind: "committed", seq: 3 });
    expect(await b.rollouts.rolloutEvents("r1", 0, 10)).toHaveLength(3);
  });
});
