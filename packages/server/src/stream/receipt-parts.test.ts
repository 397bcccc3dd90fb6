import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { silentMeter } from "../ports/meter.ts";
import { Clients } from "./clients.ts";
import { Receipts } from "./receipts.ts";
import { wholeOf, type PartClient, type ReceiptsPart } from "./receipt-parts.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");

/** A server whose feed goes from revision 9 to `revision` with an urgent change. */
function server(name: string, peers: readonly string[]) {
  const closed: ReceiptsView[] = [];
  const clients: Clients = new Clients(50_000, (holding) => receipts.held(holding));
  const receipts = new Receipts({
    environment: "production",
    clients,
    meter: silentMeter,
    onClosed: (view) => void closed.push(view),
  });
  receipts.countTogether();
  receipts.askPeers()(peers);
  return {
    name,
    receipts,
    closed,
    connect(...ids: readonly string[]): void {
      for (const instanceId of ids) {
        const live = {
          held: () => ({ epoch: "e1", revision: 9 }),
          lastContactAt: () => AT - 1_000,
          isBehind: () => false,
        };
        clients.connected({ instanceId, sdk: "node/0.1.0", address: "10.0.0.1" }, live, AT - 60_000);
      }
    },
    kill(revision = 10): void {
      const lease = { leaseMs: 25_000, since: 3 };
      const written = { epoch: "e1", before: { epoch: "e1", revision: 9 }, now: AT + 5, nowMs: AT + 5 };
      receipts.begin({ revision, committedAt: AT, flags: ["checkout"], lease }, written);
    },
    ack(instanceId: string, afterMs: number, revision = 10): void {
      clients.connected(
        { instanceId, sdk: "node/0.1.0", address: "10.0.0.1" },
        { held: () => ({ epoch: "e1", revision }), lastContactAt: () => AT, isBehind: () => false },
        AT,
      );
      clients.acknowledged({ instanceId, epoch: "e1", revision, appliedAt: AT + afterMs }, AT + afterMs);
    },
    now: (afterMs: number) => receipts.list(AT + afterMs)[0],
  };
}

type Server = ReturnType<typeof server>;

/** Each asks who is there, and tells the other what it knows, through JSON as in the database. */
function exchange(a: Server, b: Server): void {
  a.receipts.askPeers()([b.name]);
  b.receipts.askPeers()([a.name]);
  const [fromA, fromB] = [a.receipts.parts(), b.receipts.parts()].map(
    (parts) => JSON.parse(JSON.stringify(parts)) as readonly ReceiptsPart[],
  );
  for (const part of fromA ?? []) b.receipts.take(a.name, part);
  for (const part of fromB ?? []) a.receipts.take(b.name, part);
}

describe("receipts of two servers", () => {
  const pair = (): readonly [Server, Server] => [server("a", ["b"]), server("b", ["a"])];

  it("are proven at both once the clients of both confirmed, and not before the other one has said what it knows", () => {
    const [a, b] = pair();
    a.connect("a1", "a2");
    b.connect("b1");
    a.kill();
    b.kill();
    for (const id of ["a1", "a2"]) a.ack(id, 100);
    expect(a.now(200)).toMatchObject({ expected: 2, acknowledged: 2, verdict: "open" });
    exchange(a, b);
    expect(a.now(300)).toMatchObject({ expected: 3, acknowledged: 2, verdict: "open" });
    b.ack("b1", 400);
    exchange(a, b);
    for (const one of [a, b])
      expect(one.now(500)).toMatchObject({ expected: 3, acknowledged: 3, verdict: "proven", applied: { maxMs: 400 } });
    a.receipts.tick(AT + 5_000);
    expect(a.closed).toMatchObject([{ expected: 3, verdict: "proven" }]);
  });

  it("count a client once that moved from one to the other, by the receipt that came to the other", () => {
    const [a, b] = pair();
    a.connect("mover", "stayer");
    a.kill();
    b.kill();
    a.ack("stayer", 100);
    b.ack("mover", 700);
    exchange(a, b);
    for (const one of [a, b]) expect(one.now(800)).toMatchObject({ expected: 2, acknowledged: 2, verdict: "proven" });
  });

  it("name the stragglers of both, and say which rollout it was", () => {
    const [a, b] = pair();
    a.connect("a1");
    b.connect("b1");
    a.kill();
    b.kill();
    b.receipts.explain({
      rollout: "r1",
      environment: "production",
      revision: 10,
      decideMs: 3,
      commitMs: 4,
      committedAtMs: AT,
    });
    a.ack("a1", 50);
    exchange(a, b);
    expect(a.now(60_000)).toMatchObject({
      rollout: "r1",
      legs: { decideMs: 3, commitMs: 4, writeMs: 5 },
      stragglers: [{ instanceId: "b1" }],
      verdict: "bounded",
    });
  });

  it("belong together where one of them told several changes as one", () => {
    const [a, b] = pair();
    a.connect("a1");
    b.connect("b1");
    a.kill(10);
    b.kill(12);
    a.ack("a1", 50);
    b.ack("b1", 60, 12);
    exchange(a, b);
    expect(a.now(100)).toMatchObject({ revision: 10, expected: 2, acknowledged: 2 });
    expect(b.now(100)).toMatchObject({ revision: 12, expected: 2, acknowledged: 2 });
  });

  it("are not proven where the other one never said what it knows: bounded by the lease, if the flag has one", () => {
    const [a] = pair();
    a.connect("a1");
    a.kill();
    a.ack("a1", 50);
    expect(a.now(34_000)?.verdict).toBe("open");
    expect(a.now(36_000)).toMatchObject({ expected: 1, acknowledged: 1, verdict: "bounded" });
  });

  it("are not proven either when the other one was there at the change, and is not counted as there any more", () => {
    const [a] = pair();
    a.connect("a1");
    a.kill();
    a.ack("a1", 50);
    a.receipts.askPeers()([]);
    expect(a.now(34_000)?.verdict).toBe("open");
    expect(a.now(36_000)?.verdict).toBe("bounded");
  });

  it("are not proven by a server that has not asked since the change which others there are", () => {
    const alone = server("a", []);
    const askedBefore = alone.receipts.askPeers();
    alone.connect("a1");
    alone.kill();
    alone.ack("a1", 50);
    askedBefore([]);
    expect(alone.now(5_000)?.verdict).toBe("open");
    alone.receipts.askPeers()([]);
    expect(alone.now(5_000)?.verdict).toBe("proven");
  });

  it("are put together in any order", () => {
    const client = (instanceId: string, more: Partial<PartClient> = {}): PartClient => ({
      instanceId,
      sdk: "node/0.1.0",
      address: "10.0.0.1",
      revision: 9,
      lastContactAt: AT,
      ...more,
    });
    const part = (clients: readonly PartClient[]): ReceiptsPart => ({
      environment: "production",
      epoch: "e1",
      from: 9,
      revision: 10,
      committedAt: AT,
      alreadyOff: 0,
      clients,
      strangers: [],
    });
    const parts = [
      part([client("x", { offAt: AT + 1, lastContactAt: AT - 9 })]),
      part([client("x", { offAt: AT + 2, afterMs: 70 }), client("y")]),
      part([client("x", { afterMs: 30 })]),
    ];
    const seen = [parts, parts.toReversed()].map((order) => {
      const { convergence, clients } = wholeOf(order);
      return { clients, acknowledged: convergence.acknowledged, offAt: convergence.offAt(0) };
    });
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toMatchObject({
      acknowledged: 1,
      offAt: Infinity,
      clients: [{ afterMs: 30 }, { instanceId: "y" }],
    });
  });
});
