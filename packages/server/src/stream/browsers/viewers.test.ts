import { describe, expect, it } from "vitest";
import type { Socket } from "node:net";
import type { FlagConfig } from "@rampart/core";
import { silentLogger } from "../../ports/logger.ts";
import { silentMeter } from "../../ports/meter.ts";
import type { Store } from "../../ports/store.ts";
import { booleanFlag, config, countingRandom, everywhere, meta } from "../../store/testing/fixtures.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { FeedChange } from "../feed.ts";
import { Feed } from "../feed.ts";
import { UNSENT_MAX_BYTES } from "../stream.ts";
import { outcomesOf, valuesFor } from "./values.ts";
import { Viewer } from "./viewer.ts";
import { Viewers } from "./viewers.ts";

/** A peer that reads what it is sent, or does not. */
class Peer {
  destroyed = false;
  writableLength = 0;
  readonly written: string[] = [];
  #drained: (() => void) | undefined;

  write(frame: Buffer): void {
    this.written.push(frame.toString());
  }

  once(_event: "drain", drained: () => void): void {
    this.#drained = drained;
  }

  stall(): void {
    this.writableLength = UNSENT_MAX_BYTES + 1;
  }

  drain(): void {
    this.writableLength = 0;
    this.#drained?.();
  }

  /** Names of the events that came, and the flags in them. */
  news(): readonly string[] {
    return this.written.splice(0).map((frame) => {
      const data = JSON.parse(/data: (.*)/.exec(frame)?.[1] ?? "{}") as { flags?: object; removed?: readonly string[] };
      const removed = (data.removed ?? []).map((key) => `-${key}`);
      return [/event: (\w+)/.exec(frame)?.[1] ?? "comment", ...Object.keys(data.flags ?? {}), ...removed].join(" ");
    });
  }
}

async function start(flags: Record<string, Partial<FlagConfig>>) {
  const store: Store = createMemoryStore({ random: countingRandom() });
  for (const [key, patch] of Object.entries(flags))
    await store.createFlag(
      booleanFlag(key),
      everywhere(config(key, { clientVisible: true, ...patch })),
      meta("flag.created"),
    );
  const clock = { now: () => 1_000, monotonicMs: () => 0 };
  const feed = await Feed.open("production", {
    store,
    clock,
    meter: silentMeter,
    logger: silentLogger,
    regex: () => () => false,
  });
  const turns: (() => void)[] = [];
  const served: (readonly (readonly [string, string | undefined])[])[] = [];
  const viewers = new Viewers({
    feed,
    clock,
    meter: silentMeter,
    nextTurn: (run) => void turns.push(run),
    onServed: (_environment, values) => void served.push(outcomesOf(values)),
  });
  feed.onChange = (change: FeedChange) => viewers.changed(change);
  const view = (id: string): Peer => {
    const peer = new Peer();
    const of = { context: { targetingKey: id }, audience: "browser", tells: "values" } as const;
    const { first, ...begun } = viewers.begin(of);
    const socket = peer as unknown as Socket;
    viewers.channel.add(
      new Viewer({ socket, channel: viewers.channel, tokenId: "t", openedAt: 0, view: of, ...begun }),
    );
    peer.write(first);
    return peer;
  };
  const change = async (key: string, patch: Partial<FlagConfig>): Promise<void> => {
    await store.changeConfig(
      "production",
      key,
      (current) => ({ kind: "write", next: { ...current.config, ...patch } }),
      meta("config.updated"),
    );
    await feed.catchUp();
  };
  return { feed, viewers, view, change, turns, served };
}

const ON = { fallthrough: { percentage: 100 } };
const OFF = { fallthrough: { percentage: 0 } };

describe("viewers", () => {
  it("are told by turns of bounded length, and of a change in between with it", async () => {
    const { view, change, turns } = await start({ a: {}, b: {} });
    const peers = Array.from({ length: 1_000 }, (_, n) => view(`user-${n}`));
    for (const peer of peers) expect(peer.news()).toEqual(["values a b"]);
    await change("a", ON);
    const told = (): number => peers.filter(({ written }) => written.length > 0).length;
    expect(told()).toBeGreaterThan(100);
    expect(told()).toBeLessThan(300);
    await change("b", ON);
    // Who waits comes first, and is told of both at once.
    while (turns.length > 0) turns.shift()?.();
    const news = peers.map((peer) => peer.news().join("; "));
    expect(new Set(news)).toEqual(new Set(["changed a; changed b", "changed a b"]));
  });

  it("count as served with the values that they begin with, and with nothing that they hold or are told later", async () => {
    const { viewers, view, change, served } = await start({ a: ON, b: {} });
    view("ann");
    await change("b", ON);
    expect(served).toEqual([
      [
        ["a", "on"],
        ["b", "off"],
      ],
    ]);
    const { etag } = valuesFor((await start({ a: ON, b: ON })).feed.answers, { targetingKey: "ann" }, "browser");
    viewers.begin({ context: { targetingKey: "ann" }, audience: "browser", tells: "values", etag });
    viewers.begin({ context: { targetingKey: "ann" }, audience: "browser", tells: "notices" });
    expect(served).toHaveLength(1);
  });

  it("that do not read miss nothing: they get what changed meanwhile, once, when they have read", async () => {
    const { view, change } = await start({ a: {}, b: {}, c: {} });
    const peer = view("ann");
    peer.news();
    peer.stall();
    await change("a", ON);
    await change("b", ON);
    await change("c", ON);
    await change("a", OFF);
    expect(peer.news()).toEqual([]);
    peer.drain();
    expect(peer.news()).toEqual(["changed b c"]);
    await change("b", OFF);
    expect(peer.news()).toEqual(["changed b"]);
  });

  it("that missed more changes than are remembered are compared in all flags", async () => {
    const { view, change } = await start({ a: {}, b: {}, c: {} });
    const peer = view("ann");
    peer.news();
    peer.stall();
    await change("b", { clientVisible: false });
    for (let n = 0; n < 100; n++) await change("a", n % 2 === 0 ? ON : OFF);
    await change("c", ON);
    peer.drain();
    expect(peer.news()).toEqual(["changed c -b"]);
  });

  it("get no heartbeat before what came before it", async () => {
    const { viewers, view, change, turns } = await start({ a: {} });
    const peers = Array.from({ length: 1_000 }, (_, n) => view(`user-${n}`));
    for (const peer of peers) peer.news();
    await change("a", ON);
    for (let slot = 0; slot < 10; slot++) viewers.beat(slot, 0);
    for (const peer of peers) expect(peer.news()).toEqual(["changed a", "heartbeat"]);
    while (turns.length > 0) turns.shift()?.();
    for (const peer of peers) expect(peer.news()).toEqual([]);
  });

  it("are told of an emergency, which has no revision of its own", async () => {
    const { feed, view } = await start({ a: ON, b: ON });
    const peer = view("ann");
    peer.news();
    expect(feed.overrule("a")).toBe(true);
    expect(peer.news()).toEqual(["changed a"]);
  });
});
