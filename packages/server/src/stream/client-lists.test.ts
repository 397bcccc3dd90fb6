import type { ClientView } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClientList, wholeClients } from "./client-lists.ts";

const PRESENT = { environment: "production", epoch: "e1", revision: 10, limit: 100 };
const at = (second: number): string => new Date(Date.UTC(2026, 0, 5) + second * 1000).toISOString();
const client = (instanceId: string, more: Partial<ClientView> = {}): ClientView => ({
  instanceId,
  sdk: "node/0.1.0",
  address: "10.0.0.1",
  transport: "stream",
  connectedAt: at(0),
  lastContactAt: at(0),
  epoch: "e1",
  revision: 10,
  lag: 0,
  ...more,
});
const list = (replica: string, clients: readonly ClientView[], more: Partial<ClientList["view"]> = {}): ClientList => ({
  replica,
  view: {
    environment: "production",
    epoch: "e1",
    revision: 10,
    clients,
    total: clients.length,
    current: clients.filter(({ lag }) => lag === 0).length,
    ...more,
  },
});
const shown = (lists: readonly ClientList[], limit = 100): unknown => {
  const { clients, total, current } = wholeClients(lists, { ...PRESENT, limit });
  return { clients: clients.map(({ instanceId, replica, lag }) => `${instanceId}@${replica}-${lag}`), total, current };
};

describe("the clients of several servers", () => {
  it("are one list, each with its server, those furthest behind first", () => {
    const lists = [
      list("a", [client("x", { revision: 9, lag: 1 }), client("y")]),
      list("b", [client("z", { revision: 4, lag: 6 })]),
    ];
    expect(shown(lists)).toEqual({ clients: ["z@b-6", "x@a-1", "y@a-0"], total: 3, current: 1 });
    expect(shown(lists, 1)).toEqual({ clients: ["z@b-6"], total: 3, current: 1 });
  });

  it("count one that has moved once, at the server that heard of it last", () => {
    const before = client("x", { revision: 4, lag: 6, lastContactAt: at(1) });
    const now = client("x", { lastContactAt: at(2) });
    const whole = { clients: ["x@b-0"], total: 1, current: 1 };
    expect(shown([list("a", [before]), list("b", [now])])).toEqual(whole);
    expect(shown([list("b", [now]), list("a", [before])])).toEqual(whole);
  });

  it("are behind by what the server that is asked has, whatever theirs has", () => {
    const older = list("b", [client("x", { revision: 8, lag: 0 })], { revision: 8 });
    expect(shown([older])).toEqual({ clients: ["x@b-2"], total: 1, current: 0 });
    const another = list("b", [client("x", { epoch: "e0", revision: 30, lag: 0 })], { epoch: "e0", revision: 30 });
    expect(shown([another])).toEqual({ clients: ["x@b-10"], total: 1, current: 0 });
  });

  it("are counted where they are not listed, as current if their server has what this one has", () => {
    const part = [client("x", { revision: 9, lag: 1 })];
    expect(shown([list("b", part, { total: 8_000, current: 7_990 })])).toMatchObject({ total: 8_000, current: 7_990 });
    expect(shown([list("b", part, { total: 8_000, current: 7_990, revision: 9 })])).toMatchObject({
      total: 8_000,
      current: 0,
    });
  });

  it("are the same in whatever order servers say whom they have", () => {
    const aClient = fc
      .record({
        id: fc.constantFrom("u", "v", "w", "x"),
        revision: fc.integer({ min: 7, max: 10 }),
        second: fc.nat(1000),
      })
      .map(({ id, revision, second }) => client(id, { revision, lag: 10 - revision, lastContactAt: at(second) }));
    const someClients = fc.uniqueArray(aClient, { selector: ({ instanceId }) => instanceId, maxLength: 4 });
    // No two servers hear of one client in the same millisecond.
    const someLists = fc
      .array(someClients, { minLength: 2, maxLength: 4 })
      .filter((all) => new Set(all.flat().map((one) => one.instanceId + one.lastContactAt)).size === all.flat().length)
      .map((all) => all.map((clients, index) => list(`s${index}`, clients)));
    fc.assert(
      fc.property(someLists, (lists) => {
        expect(shown(lists.toReversed())).toEqual(shown(lists));
      }),
    );
  });
});
