import type { ClientsView, ClientView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { LISTED_MAX, wholeClients } from "./client-lists.ts";
import { SILENCE_MAX_MS } from "./clients.ts";
import { AWAITED_MAX_MS, RELAYED_MAX, Relays, RELAYS_MAX } from "./relays.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const PRESENT = { environment: "production", epoch: "e1", revision: 10 };
const edge = { instanceId: "relay-01", name: "edge" };

const client = (instanceId: string, more: Partial<ClientView> = {}): ClientView => ({
  instanceId,
  sdk: "node/0.1.0",
  address: "10.0.0.1",
  transport: "stream",
  connectedAt: new Date(AT).toISOString(),
  lastContactAt: new Date(AT).toISOString(),
  epoch: "e1",
  revision: 10,
  lag: 0,
  ...more,
});
const listOf = (...clients: readonly ClientView[]): ClientsView => ({
  ...PRESENT,
  clients,
  total: clients.length,
  current: clients.length,
});

describe("the relays behind a server", () => {
  it("are waited for until their clients' leases are over, and named for as long as a silent client is", () => {
    const relays = new Relays();
    relays.heard(edge, { now: AT, nowMs: 0 });
    expect(relays.known(AWAITED_MAX_MS - 1)).toMatchObject([{ name: "edge", isAwaited: true }]);
    expect(relays.known(AWAITED_MAX_MS)).toMatchObject([{ name: "edge", isAwaited: false }]);
    relays.prune(SILENCE_MAX_MS - 1);
    expect(relays.known(SILENCE_MAX_MS)).toHaveLength(1);
    relays.prune(SILENCE_MAX_MS);
    expect(relays.known(SILENCE_MAX_MS)).toEqual([]);
  });

  it("are not waited for once they said that they go, and their clients stay known", () => {
    const relays = new Relays();
    relays.heard(edge, { now: AT, nowMs: 0 });
    relays.listed(edge.instanceId, listOf(client("a")));
    relays.left(edge.instanceId);
    expect(relays.known(1)).toMatchObject([{ isAwaited: false, clients: [{ instanceId: "a" }] }]);
  });

  it("give each client the names of all relays that it is behind", () => {
    const relays = new Relays();
    relays.heard(edge, { now: AT, nowMs: 0 });
    relays.listed(edge.instanceId, listOf(client("a"), client("b", { relay: "inner" })));
    const { clients, total } = wholeClients([{ view: listOf(client("c")) }, ...relays.lists()], {
      ...PRESENT,
      limit: 9,
    });
    expect(clients.map(({ instanceId, relay }) => [instanceId, relay])).toEqual([
      ["a", "edge"],
      ["b", "edge/inner"],
      ["c", undefined],
    ]);
    expect(total).toBe(3);
  });

  it("have no more clients by name than there is room for: those of the longest silent go", () => {
    const relays = new Relays();
    const many = listOf(...Array.from({ length: LISTED_MAX + 1 }, (_, number) => client(`client-${number}`)));
    for (let number = 0; number <= RELAYED_MAX / LISTED_MAX; number++) {
      relays.heard({ instanceId: `relay-${number}`, name: "edge" }, { now: AT, nowMs: number });
      relays.listed(`relay-${number}`, many);
    }
    const counts = relays.known(0).map(({ clients }) => clients.length);
    expect(counts.slice(0, 2)).toEqual([0, LISTED_MAX]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(RELAYED_MAX);
  });

  it("are as many as there is room for: the longest silent goes", () => {
    const relays = new Relays();
    for (let number = 0; number <= RELAYS_MAX; number++)
      relays.heard({ instanceId: `relay-${number}`, name: "edge" }, { now: AT, nowMs: number });
    expect(relays.known(RELAYS_MAX)).toHaveLength(RELAYS_MAX);
    expect(relays.nameOf("relay-0")).toBeUndefined();
  });
});
