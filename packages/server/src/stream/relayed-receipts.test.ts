import type { ClientsView } from "@rampart/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentMeter } from "../ports/meter.ts";
import { Clients } from "./clients.ts";
import { joined, wholeOf, type PartClient, type ReceiptsPart } from "./receipt-parts.ts";
import { Receipts } from "./receipts.ts";
import { type RelayIdentity, Relays } from "./relays.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const LEASE = { leaseMs: 25_000, since: 3 };

/** What is heard of a relay. */
interface Heard {
  readonly identity: RelayIdentity;
  readonly receipts: Pick<Receipts, "parts">;
  view(): ClientsView;
}

/** A server or a relay at revision 9; the change of each test is committed at 0 ms and written at 5 ms. */
function place(name: string) {
  const clients: Clients = new Clients(50_000, (holding) => receipts.held(holding));
  const relays = new Relays();
  const receipts = new Receipts({
    environment: "production",
    clients,
    relays,
    meter: silentMeter,
    onClosed: () => undefined,
  });
  const identity = { instanceId: `relay-${name}`, name };
  return {
    identity,
    receipts,
    connect(...ids: readonly string[]): void {
      for (const instanceId of ids) {
        const live = { held: () => ({ epoch: "e1", revision: 9 }), lastContactAt: () => AT, isBehind: () => false };
        clients.connected({ instanceId, sdk: "node/0.1.0", address: "10.0.0.1" }, live, AT - 60_000);
      }
    },
    kill({ lease }: { readonly lease: typeof LEASE | undefined } = { lease: LEASE }): void {
      const written = { epoch: "e1", before: { epoch: "e1", revision: 9 }, now: AT + 5, nowMs: AT + 5 };
      receipts.begin({ revision: 10, committedAt: AT, flags: ["checkout"], lease }, written);
    },
    ack(instanceId: string, afterMs: number): void {
      clients.acknowledged({ instanceId, epoch: "e1", revision: 10, appliedAt: AT + afterMs }, AT + afterMs);
    },
    /** As a relay's report, through JSON. */
    hear(relay: Heard, what: "list" | "parts" | "all" = "all"): void {
      relays.heard(relay.identity, { now: AT, nowMs: AT });
      const view = relay.view();
      if (what !== "parts") relays.listed(relay.identity.instanceId, JSON.parse(JSON.stringify(view)) as ClientsView);
      if (what === "list") return;
      for (const part of JSON.parse(JSON.stringify(relay.receipts.parts())) as ReceiptsPart[])
        receipts.takeRelayed(relay.identity.instanceId, part);
    },
    leaves: (relay: Heard): void => relays.left(relay.identity.instanceId),
    view: () => clients.view({ environment: "production", epoch: "e1", revision: 9, limit: 100 }),
    now: (afterMs: number) => receipts.list(AT + afterMs)[0],
  };
}

describe("receipts behind relays", () => {
  it("prove a change only once every relay that was there has said who applied it", () => {
    const [origin, edge] = [place("origin"), place("edge")];
    origin.connect("near");
    edge.connect("far");
    origin.hear(edge);
    origin.kill();
    origin.ack("near", 50);
    expect(origin.now(100)).toMatchObject({ verdict: "open", expected: 2, stragglers: [{ relay: "edge" }] });
    edge.kill();
    origin.hear(edge);
    expect(origin.now(200)).toMatchObject({ verdict: "open", expected: 2, acknowledged: 1 });
    edge.ack("far", 250);
    origin.hear(edge);
    expect(origin.now(300)).toMatchObject({ verdict: "proven", expected: 2, acknowledged: 2, applied: { maxMs: 250 } });
  });

  it("are not proven by a relay that has nobody either before it has said so", () => {
    const [origin, edge] = [place("origin"), place("edge")];
    origin.hear(edge);
    origin.kill();
    expect(origin.now(100)).toMatchObject({ verdict: "open", expected: 0 });
    edge.kill();
    origin.hear(edge);
    expect(origin.now(200)).toMatchObject({ verdict: "proven", expected: 0 });
  });

  it("name the clients of a relay that died, whose leases bound them", () => {
    const [origin, edge] = [place("origin"), place("edge")];
    edge.connect("far");
    origin.hear(edge, "list");
    origin.kill();
    const missing = { instanceId: "far", relay: "edge", offAt: new Date(AT + 5 + 3_000 + 27_000).toISOString() };
    expect(origin.now(29_000)).toMatchObject({ verdict: "open", stragglers: [missing] });
    expect(origin.now(36_000)).toMatchObject({ verdict: "bounded", stragglers: [missing] });
  });

  it("stay unproven without a lease, also when every client that was known came back elsewhere", () => {
    const [origin, edge] = [place("origin"), place("edge")];
    edge.connect("far");
    origin.hear(edge, "list");
    origin.kill({ lease: undefined });
    origin.connect("far");
    origin.ack("far", 4_000);
    expect(origin.now(5_000)).toMatchObject({ verdict: "open", expected: 1, acknowledged: 1, stragglers: [] });
    // It may have had one of whom nobody knew.
    expect(origin.now(36_000)).toMatchObject({ verdict: "unproven", stragglers: [] });
  });

  it("wait for no relay that went in good order, and go on naming its clients", () => {
    const [origin, edge] = [place("origin"), place("edge")];
    edge.connect("far");
    origin.hear(edge, "list");
    origin.leaves(edge);
    origin.kill();
    expect(origin.now(100)).toMatchObject({ verdict: "open", stragglers: [{ instanceId: "far" }] });
    origin.connect("far");
    origin.ack("far", 4_000);
    expect(origin.now(5_000)).toMatchObject({ verdict: "proven" });
  });

  it("come through several levels, and are not proven while one further down has not spoken", () => {
    const [origin, outer, inner] = [place("origin"), place("outer"), place("inner")];
    inner.connect("far");
    outer.hear(inner);
    origin.hear(outer);
    origin.kill();
    outer.kill();
    origin.hear(outer);
    expect(origin.now(100)).toMatchObject({ verdict: "open", expected: 1, stragglers: [{ relay: "outer/inner" }] });
    inner.kill();
    inner.ack("far", 200);
    outer.hear(inner, "parts");
    expect(origin.now(300)).toMatchObject({ verdict: "open" });
    origin.hear(outer, "parts");
    expect(origin.now(400)).toMatchObject({ verdict: "proven", expected: 1, acknowledged: 1 });
  });

  it("are proven where the relay speaks to another of several servers, as that one tells", () => {
    const [one, other, edge] = [place("one"), place("other"), place("edge")];
    for (const server of [one, other]) server.receipts.countTogether();
    edge.connect("far");
    other.hear(edge);
    // It asks the first for changes, and says whom it has to the second.
    one.hear(edge, "list");
    for (const server of [one, other, edge]) server.kill();
    edge.ack("far", 100);
    const exchange = (): void => {
      for (const [a, b] of [
        [one, other],
        [other, one],
      ] as const) {
        a.receipts.askPeers()([b.identity.instanceId]);
        for (const part of b.receipts.parts()) a.receipts.take(b.identity.instanceId, part);
      }
    };
    exchange();
    expect(one.now(200)).toMatchObject({ verdict: "open" });
    other.hear(edge, "parts");
    exchange();
    expect(one.now(300)).toMatchObject({ verdict: "proven", expected: 1 });
  });
});

describe("parts that are joined on their way up", () => {
  const client: fc.Arbitrary<PartClient> = fc.record({
    instanceId: fc.constantFrom("a", "b", "c", "d"),
    sdk: fc.constant("node/0.1.0"),
    address: fc.constant("10.0.0.1"),
    revision: fc.constant(9),
    lastContactAt: fc.integer({ min: AT - 1_000, max: AT }),
    offAt: fc.integer({ min: AT + 1, max: AT + 30_000 }),
    afterMs: fc.integer({ min: 0, max: 5_000 }),
  });
  const part: fc.Arbitrary<ReceiptsPart> = fc.record({
    environment: fc.constant("production"),
    epoch: fc.constant("e1"),
    from: fc.constant(9),
    revision: fc.constant(10),
    committedAt: fc.constant(AT),
    alreadyOff: fc.nat(5),
    clients: fc.uniqueArray(client, { selector: ({ instanceId }) => instanceId }),
    strangers: fc.array(fc.tuple(fc.constantFrom("a", "b", "e"), fc.nat(5_000)), { maxLength: 3 }),
  });

  it("say at the top what they would have said there one by one", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, (parts, own) => {
        const flat = wholeOf([own, ...parts]);
        const stepped = wholeOf([own, joined(parts[0] ?? own, parts.slice(1))]);
        const shown = ({ clients, alreadyOff }: typeof flat) => ({
          alreadyOff,
          clients: clients.map(({ instanceId, offAt, afterMs }) => ({ instanceId, offAt, afterMs })),
        });
        expect(shown(stepped)).toEqual(shown(flat));
      }),
    );
  });
});
