import type { Basis } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { LiveContact } from "./clients.ts";
import { Clients, SILENCE_MAX_MS } from "./clients.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const PRESENT = { environment: "production", epoch: "e1", revision: 10, limit: 100 };
const identity = (instanceId: string) => ({ instanceId, sdk: "node/0.1.0", address: "10.0.0.1" });
const at = (revision: number, epoch = "e1"): Basis => ({ epoch, revision });
const live = (held: Basis, lastContactAt = AT): LiveContact => ({
  held: () => held,
  lastContactAt: () => lastContactAt,
  isBehind: () => false,
});
const revisions = (clients: Clients) =>
  clients.view(PRESENT).clients.map(({ instanceId, revision, lag }) => [instanceId, revision, lag]);

describe("the registry of clients", () => {
  it("shows a streaming client at what its stream was sent", () => {
    const clients = new Clients();
    clients.connected(identity("a"), live(at(10)), AT);
    expect(clients.view(PRESENT)).toEqual({
      environment: "production",
      epoch: "e1",
      revision: 10,
      total: 1,
      current: 1,
      clients: [
        {
          ...identity("a"),
          transport: "stream",
          connectedAt: "2026-01-05T02:00:00.000Z",
          lastContactAt: "2026-01-05T02:00:00.000Z",
          epoch: "e1",
          revision: 10,
          lag: 0,
        },
      ],
    });
  });

  it("lists those furthest behind first, and counts all of them beyond the limit", () => {
    const clients = new Clients();
    clients.connected(identity("a"), live(at(10)), AT);
    clients.connected(identity("b"), live(at(4)), AT);
    clients.polled(identity("c"), { basis: at(9), now: AT });
    expect(revisions(clients)).toEqual([
      ["b", 4, 6],
      ["c", 9, 1],
      ["a", 10, 0],
    ]);
    expect(clients.view({ ...PRESENT, limit: 1 })).toMatchObject({
      total: 3,
      current: 1,
      clients: [{ instanceId: "b" }],
    });
  });

  it("takes a poll's basis for a receipt, and a poll without one for nothing", () => {
    const clients = new Clients();
    clients.polled(identity("a"), { basis: undefined, now: AT });
    expect(clients.view(PRESENT).clients[0]).toMatchObject({ transport: "poll", revision: 0, lag: 10 });
    clients.polled(identity("a"), { basis: at(10), now: AT + 1_000 });
    expect(clients.view(PRESENT).clients[0]).toMatchObject({
      revision: 10,
      acknowledgedRevision: 10,
      acknowledgedAt: "2026-01-05T02:00:01.000Z",
    });
  });

  it("keeps the newest receipt when an older one comes late", () => {
    const clients = new Clients();
    clients.connected(identity("a"), live(at(10)), AT);
    clients.acknowledged({ ...at(9), instanceId: "a", appliedAt: AT }, AT + 100);
    clients.acknowledged({ ...at(7), instanceId: "a", appliedAt: AT }, AT + 200);
    expect(clients.view(PRESENT).clients[0]).toMatchObject({
      acknowledgedRevision: 9,
      acknowledgedAt: "2026-01-05T02:00:00.100Z",
    });
  });

  it("says so when a receipt is of a client that it does not know", () => {
    expect(new Clients().acknowledged({ ...at(1), instanceId: "nobody", appliedAt: AT }, AT)).toBe(false);
  });

  it("counts a client of another epoch as behind by everything", () => {
    const clients = new Clients();
    clients.polled(identity("a"), { basis: at(500, "e0"), now: AT });
    expect(clients.view(PRESENT)).toMatchObject({ current: 0, clients: [{ lag: 10 }] });
  });

  it("keeps a client that went away as a straggler at what it last had, and forgets it in time", () => {
    const clients = new Clients();
    const stream = live(at(8), AT + 5_000);
    clients.connected(identity("a"), stream, AT);
    clients.disconnected(identity("a"), stream);
    expect(clients.view(PRESENT).clients[0]).toMatchObject({ revision: 8, lastContactAt: "2026-01-05T02:00:05.000Z" });
    clients.prune(AT + 5_000 + SILENCE_MAX_MS - 1);
    expect(clients.view(PRESENT).total).toBe(1);
    clients.prune(AT + 5_000 + SILENCE_MAX_MS);
    expect(clients.view(PRESENT).total).toBe(0);
  });

  it("does not lose a client that came back before the end of its old stream was seen", () => {
    const clients = new Clients();
    const old = live(at(3));
    clients.connected(identity("a"), old, AT);
    clients.connected(identity("a"), live(at(10)), AT + 1_000);
    clients.disconnected(identity("a"), old);
    expect(revisions(clients)).toEqual([["a", 10, 0]]);
  });

  it("drops the longest silent first when it is full, and never one with a stream", () => {
    const clients = new Clients(3);
    clients.connected(identity("stream"), live(at(10)), AT);
    clients.polled(identity("old"), { basis: at(10), now: AT });
    clients.polled(identity("new"), { basis: at(10), now: AT + 1_000 });
    clients.polled(identity("old"), { basis: at(10), now: AT + 2_000 });
    clients.polled(identity("newest"), { basis: at(10), now: AT + 3_000 });
    expect(revisions(clients).map(([id]) => id)).toEqual(["newest", "old", "stream"]);
  });

  it("forgets a client that said that it is being closed, whatever its stream does after", () => {
    const clients = new Clients();
    const stream = live(at(10));
    clients.connected(identity("a"), stream, AT);
    clients.polled(identity("b"), { basis: at(10), now: AT });
    for (const instanceId of ["a", "b", "unknown"]) clients.left(instanceId);
    clients.disconnected(identity("a"), stream);
    expect(clients.view(PRESENT)).toMatchObject({ total: 0, current: 0 });
    expect([...clients.standing()]).toEqual([]);
  });
});
