import type { ClientsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import type { ReceiptsPart } from "../../stream/receipt-parts.ts";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { Reporting } from "./reporting.ts";
import type { Report } from "./upstream.ts";

const VIEW: ClientsView = { environment: "production", epoch: "e1", revision: 1, clients: [], total: 0, current: 0 };
const part = (revision: number, alreadyOff = 0): ReceiptsPart => ({
  environment: "production",
  epoch: "e1",
  from: revision - 1,
  revision,
  committedAt: 0,
  alreadyOff,
  clients: [],
  strangers: [],
});

/** A relay of one environment, whose upstream server notes what it is told unless it is away. */
function reporting() {
  const platform = manualPlatform();
  const told: Report[] = [];
  const state = { parts: [] as readonly ReceiptsPart[], isAway: false };
  const hub = {
    clientsView: () => VIEW,
    receiptsParts: () => state.parts,
    countTogether: () => undefined,
    askPeers: () => () => undefined,
  };
  const report = async (said: Report): Promise<void> => {
    if (state.isAway) throw new Error("away");
    told.push(said);
  };
  const { timers } = platform;
  const stop = new Reporting({
    hub,
    timers,
    logger: silentLogger,
    links: new Map([["production", { report }]]),
  }).start();
  const revisions = (): readonly (readonly number[])[] =>
    told.map(({ receipts }) => receipts.map(({ revision }) => revision));
  return { platform, told, state, stop, revisions };
}

describe("what a relay tells its upstream server", () => {
  it("is that it is there each second, whom it has every other, and each part when it changed", async () => {
    const { platform, told, state, revisions } = reporting();
    state.parts = [part(7)];
    await platform.advance(2_000);
    state.parts = [part(7, 1)];
    await platform.advance(1_000);
    expect(revisions()).toEqual([[7], [], [7]]);
    expect(told.map(({ clients }) => clients !== undefined)).toEqual([true, false, true]);
  });

  it("waits for it where it is away, also what was handed out once", async () => {
    const { platform, state, revisions } = reporting();
    state.isAway = true;
    state.parts = [part(7)];
    await platform.advance(1_000);
    state.parts = [];
    await platform.advance(1_000);
    state.isAway = false;
    await platform.advance(1_000);
    expect(revisions()).toEqual([[7]]);
  });

  it("ends with all that it knows, and that nothing will follow", async () => {
    const { told, state, stop } = reporting();
    state.parts = [part(7)];
    await stop();
    expect(told).toEqual([{ clients: VIEW, receipts: [part(7)], left: true }]);
  });
});
