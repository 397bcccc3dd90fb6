import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { silentMeter } from "../ports/meter.ts";
import type { ClientIdentity, LiveContact } from "./clients.ts";
import { Clients } from "./clients.ts";
import type { UrgentChange } from "./feed.ts";
import { Receipts, RECEIPTS_KEPT_MAX, RECEIPTS_OPEN_MAX, STRAGGLERS_MAX } from "./receipts.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const SECOND = 1_000;
const identity = (instanceId: string): ClientIdentity => ({ instanceId, sdk: "node/0.1.0", address: "10.0.0.1" });
const iso = (at: number): string => new Date(at).toISOString();

/**
 * A tracker whose clocks both begin at `AT`; the change of each test is committed at 0 ms and written at 5 ms. `followsMs`: when it took over from a process
 * before it, on the same clocks.
 */
function world(followsMs?: number) {
  const closed: ReceiptsView[] = [];
  const legs: [string, number][] = [];
  const clients: Clients = new Clients(50_000, (holding) => receipts.held(holding));
  const receipts = new Receipts({
    environment: "production",
    clients,
    followsMs,
    meter: { ...silentMeter, rollbackLeg: (leg, seconds) => void legs.push([leg, Math.round(seconds * 1_000)]) },
    onClosed: (view) => void closed.push(view),
  });
  return {
    receipts,
    clients,
    closed,
    legs,
    stream(instanceId: string, more: Partial<LiveContact> = {}): void {
      clients.connected(
        identity(instanceId),
        { held: () => ({ epoch: "e1", revision: 10 }), lastContactAt: () => AT, isBehind: () => false, ...more },
        AT - 60 * SECOND,
      );
    },
    kill(change: Partial<UrgentChange> = {}, writtenAfterMs = 5): void {
      const whole = {
        revision: 10,
        committedAt: AT,
        flags: ["checkout"],
        lease: { leaseMs: 25 * SECOND, since: 3 },
        ...change,
      };
      const now = whole.committedAt + writtenAfterMs;
      receipts.begin(whole, { epoch: "e1", before: { epoch: "e1", revision: 9 }, now, nowMs: now });
    },
    ack(
      instanceId: string,
      afterMs: number,
      { revision = 10, epoch = "e1", appliedAt = AT + afterMs - 10 } = {},
    ): void {
      clients.acknowledged({ instanceId, epoch, revision, appliedAt }, AT + afterMs);
    },
    now: (afterMs: number): ReceiptsView | undefined => receipts.list(AT + afterMs)[0],
  };
}

describe("receipts of an urgent change soon after a restart", () => {
  it("prove nothing while clients of the process before may be on that have not come back yet, and are bounded by their lease", () => {
    const { receipts, stream, kill, ack, closed, now } = world(AT - 26_900);
    stream("a");
    kill();
    ack("a", 60);
    expect(now(34_000)?.verdict).toBe("open");
    receipts.tick(AT + 36_000);
    expect(closed).toMatchObject([{ expected: 1, acknowledged: 1, verdict: "bounded" }]);
  });

  it("wait for a lease that is longer than the promise", () => {
    const { kill, now } = world(AT - 1_000);
    kill({ lease: { leaseMs: 60_000, since: 3 } });
    expect(now(64_000)?.verdict).toBe("open");
    expect(now(66_000)?.verdict).toBe("bounded");
  });

  it("prove it when those who did not come back are off by their lease", () => {
    const { stream, kill, ack, now } = world(AT - 27_000);
    stream("a");
    kill();
    ack("a", 60);
    expect(now(100)?.verdict).toBe("proven");
  });

  it("prove nothing of a flag without a lease for as long as clients take to come back", () => {
    const early = world(AT - 29_000);
    early.kill({ lease: undefined });
    expect(early.now(36_000)?.verdict).toBe("unproven");
    const late = world(AT - 33_000);
    late.kill({ lease: undefined });
    expect(late.now(100)?.verdict).toBe("proven");
  });
});

describe("receipts of an urgent change", () => {
  it("prove it once everybody confirmed it, and say how long that took and where the time went", () => {
    const { receipts, stream, kill, ack, closed, now, legs } = world();
    stream("a");
    stream("b");
    kill();
    receipts.explain({
      rollout: "r1",
      environment: "production",
      revision: 10,
      dataAgeMs: 4_000,
      decideMs: 30,
      commitMs: 3,
      committedAtMs: AT + 3,
    });
    ack("a", 60);
    expect(now(100)).toMatchObject({
      verdict: "open",
      expected: 2,
      acknowledged: 1,
      stragglers: [{ instanceId: "b" }],
    });
    ack("b", 130);
    receipts.tick(AT + 1_500);
    expect(closed).toEqual([
      {
        environment: "production",
        epoch: "e1",
        revision: 10,
        flags: ["checkout"],
        rollout: "r1",
        committedAt: iso(AT),
        verdict: "proven",
        closedAt: iso(AT + 1_500),
        expected: 2,
        acknowledged: 2,
        alreadyOff: 0,
        applied: { p50Ms: 50, p99Ms: 120, maxMs: 120 },
        stragglers: [],
        legs: {
          dataAgeMs: 4_000,
          decideMs: 30,
          commitMs: 3,
          writeMs: 2,
          apply: { p50Ms: 45, p99Ms: 115, maxMs: 115 },
        },
      },
    ]);
    expect(receipts.ofRollout("r1", AT + 2_000)).toEqual(closed[0]);
    expect(legs).toEqual([
      ["dataAge", 4_000],
      ["decide", 30],
      ["commit", 3],
      ["apply", 45],
      ["apply", 115],
      ["write", 2],
    ]);
  });

  it("end bounded when the silent one is past its lease, and name it", () => {
    const { receipts, stream, kill, ack, closed } = world();
    stream("a");
    stream("b");
    kill();
    ack("a", 60);
    receipts.tick(AT + 34_999);
    expect(closed).toEqual([]);
    receipts.tick(AT + 35_000);
    expect(closed).toMatchObject([
      {
        verdict: "bounded",
        expected: 2,
        acknowledged: 1,
        boundedAt: iso(AT + 5 + 27_000),
        stragglers: [
          {
            ...identity("b"),
            revision: 9,
            lastContactAt: iso(AT),
            offAt: iso(AT + 5 + 27_000),
          },
        ],
      },
    ]);
  });

  it("don't take what is written to a silent client for a sign of it, but a word of its own", () => {
    let writtenAt = AT;
    const { stream, kill, clients, now } = world();
    stream("a", { lastContactAt: () => writtenAt });
    kill();
    writtenAt = AT + 20 * SECOND;
    expect(now(20 * SECOND)?.stragglers).toMatchObject([{ lastContactAt: iso(AT) }]);
    clients.polled(identity("a"), { basis: { epoch: "e1", revision: 9 }, now: AT + 21 * SECOND });
    expect(now(22 * SECOND)?.stragglers).toMatchObject([{ lastContactAt: iso(AT + 21 * SECOND) }]);
  });

  it("don't wait for pages where nothing of the change is for pages, but for those that may hold what was before", () => {
    const { stream, kill, now } = world();
    const at = (revision: number) => ({ isPage: true, held: () => ({ epoch: "e1", revision }) });
    stream("server");
    stream("page", at(9));
    stream("slow page", { ...at(6), isBehind: () => true });
    kill({ hiddenSince: 7 });
    expect(now(10)?.stragglers.map(({ instanceId }) => instanceId)).toEqual(["server", "slow page"]);
    kill({ revision: 11 });
    expect(now(10)?.stragglers.map(({ instanceId }) => instanceId)).toEqual(["server", "page", "slow page"]);
  });

  it("don't wait for clients that said that they are being closed", () => {
    const { receipts, stream, kill, ack, clients, closed } = world();
    stream("a");
    stream("gone");
    clients.left("gone");
    kill();
    ack("a", 60);
    receipts.tick(AT + 6 * SECOND);
    expect(closed).toMatchObject([{ verdict: "proven", expected: 1, acknowledged: 1 }]);
  });

  it("end unproven when somebody without a lease is missing", () => {
    const { receipts, stream, kill, closed } = world();
    stream("a");
    kill({ lease: undefined });
    receipts.tick(AT + 35_000);
    expect(closed).toMatchObject([{ verdict: "unproven", stragglers: [{ instanceId: "a" }] }]);
    expect(closed[0]?.boundedAt).toBeUndefined();
    expect(closed[0]?.stragglers[0]?.offAt).toBeUndefined();
  });

  it("don't trust a lease that came after what a client holds", () => {
    const { clients, receipts, kill, closed } = world();
    clients.polled(identity("old"), { basis: { epoch: "e1", revision: 2 }, now: AT - 40 * SECOND });
    kill();
    receipts.tick(AT + 60_000);
    expect(closed).toMatchObject([
      { verdict: "unproven", alreadyOff: 0, stragglers: [{ instanceId: "old", revision: 2 }] },
    ]);
  });

  it("don't wait for clients whose lease was over before, nor for those that come later", () => {
    const { clients, receipts, stream, kill, ack, closed } = world();
    clients.polled(identity("gone"), { basis: { epoch: "e1", revision: 9 }, now: AT - 40 * SECOND });
    stream("a");
    kill();
    stream("late");
    ack("late", 50);
    ack("a", 60);
    receipts.tick(AT + 2_000);
    expect(closed).toMatchObject([{ verdict: "proven", expected: 1, acknowledged: 1, alreadyOff: 1 }]);
  });

  it("wait for a client that is behind as long as it may read old news", () => {
    const { receipts, stream, kill, closed, now } = world();
    stream("slow", { isBehind: () => true, held: () => ({ epoch: "e1", revision: 8 }) });
    kill();
    expect(now(100)).toMatchObject({ boundedAt: iso(AT + 5 + 35_000 + 27_000), stragglers: [{ revision: 8 }] });
    receipts.tick(AT + 5 + 62_000 + 4_999);
    expect(closed).toEqual([]);
    receipts.tick(AT + 5 + 62_000 + 5_000);
    expect(closed).toMatchObject([{ verdict: "bounded" }]);
  });

  it("count a poll and a reconnect that hold the change, and nothing older or of another history", () => {
    const { receipts, clients, stream, kill, ack, now } = world();
    for (const name of ["polls", "returns", "older", "foreign"]) stream(name);
    kill();
    clients.polled(identity("polls"), { basis: { epoch: "e1", revision: 12 }, now: AT + 9_000 });
    receipts.held({ instanceId: "returns", held: { epoch: "e1", revision: 10 }, receivedAt: AT + 4_000 });
    ack("older", 50, { revision: 9 });
    ack("foreign", 50, { epoch: "e2", revision: 99 });
    expect(now(10_000)).toMatchObject({
      acknowledged: 2,
      applied: { p50Ms: 4_000, maxMs: 9_000 },
      stragglers: [{ instanceId: "older" }, { instanceId: "foreign" }],
    });
  });

  it("of a newer urgent change are receipts of the ones before it", () => {
    const { receipts, stream, kill, ack, closed } = world();
    stream("a");
    kill();
    kill({ revision: 11, committedAt: AT + 100 });
    ack("a", 200, { revision: 11 });
    receipts.tick(AT + 2_000);
    expect(closed.map(({ revision, verdict }) => [revision, verdict])).toEqual([
      [10, "proven"],
      [11, "proven"],
    ]);
  });

  it("are closed as they stand when history breaks or the server goes", () => {
    const { receipts, stream, kill, closed } = world();
    stream("a");
    kill();
    receipts.closeAll(AT + 1_000);
    receipts.closeAll(AT + 2_000);
    expect(closed).toMatchObject([{ verdict: "unproven", boundedAt: iso(AT + 5 + 27_000) }]);
  });

  it("are not taken for those of a rollback that was written before or after", () => {
    const { receipts, kill, now } = world();
    kill();
    const takenBack = { rollout: "r1", environment: "production", decideMs: 0, commitMs: 0, committedAtMs: AT };
    receipts.explain({ ...takenBack, revision: 9 });
    receipts.explain({ ...takenBack, revision: 11 });
    expect(now(100)?.rollout).toBeUndefined();
    receipts.explain({ ...takenBack, revision: 10 });
    expect(now(100)?.rollout).toBe("r1");
  });

  it("are not closed before their rollout could say that it is the cause", () => {
    const { receipts, kill, closed } = world();
    kill();
    receipts.tick(AT + 1_004);
    expect(closed).toEqual([]);
    receipts.tick(AT + 1_005);
    expect(closed).toMatchObject([{ verdict: "proven", expected: 0 }]);
  });

  it("are remembered of the newest changes only, however many there are", () => {
    const { receipts, stream, kill, closed } = world();
    stream("a");
    const changes = RECEIPTS_KEPT_MAX + RECEIPTS_OPEN_MAX + 5;
    for (let i = 0; i < changes; i++) kill({ revision: 10 + i, committedAt: AT + i });
    expect(closed).toHaveLength(changes - RECEIPTS_OPEN_MAX);
    expect(receipts.list(AT + 100)).toHaveLength(RECEIPTS_KEPT_MAX + RECEIPTS_OPEN_MAX);
    expect(receipts.list(AT + 100)[0]?.revision).toBe(10 + changes - 1);
  });

  it("of 10,000 clients, thrice each and in disorder, take a moment and end in one summary", () => {
    const { receipts, stream, kill, ack, closed } = world();
    const clients = 10_000;
    for (let i = 0; i < clients; i++) stream(`c${i}`);
    kill();
    const startedAt = performance.now();
    // 7919 shares no divisor with 10,000: each client but 60 comes up, in an order that isn't theirs.
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < clients - 60; i++) ack(`c${(i * 7919) % clients}`, 20 + (i % 500));
    const tookMs = performance.now() - startedAt;
    receipts.tick(AT + 2_000);
    expect(closed).toEqual([]);
    receipts.tick(AT + 40_000);
    expect(closed).toMatchObject([{ verdict: "bounded", expected: clients, acknowledged: clients - 60 }]);
    expect(closed[0]?.stragglers).toHaveLength(STRAGGLERS_MAX);
    // 30,000 of them take some 10 ms; far more would mean that one of them takes longer the more clients there are.
    expect(tookMs).toBeLessThan(20_000);
  });
});
