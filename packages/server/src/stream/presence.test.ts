import { describe, expect, it } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { Store } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { config, countingRandom, meta } from "../store/testing/fixtures.ts";
import { startTestHub, type TestHub } from "../testing/test-hub.ts";
import { Feed } from "./feed.ts";

/** A hub whose store can be cut off; polls it each second, as a server does. */
async function cuttable({ isShared = true } = {}) {
  const line = { isCut: false };
  const wrap = (store: Store): Pick<Store, "content" | "changesSince"> => ({
    content: (environment) => store.content(environment),
    changesSince: (environment, from) =>
      line.isCut ? Promise.reject(new Error("cut off")) : store.changesSince(environment, from),
  });
  const test = await startTestHub({ isShared, wrap });
  test.platform.timers.every(1_000, () => void test.feed.catchUp());
  return { ...test, line };
}

/** The events of a stream so far, without those of its opening. */
const eventsOf = (stream: Awaited<ReturnType<TestHub["join"]>>): readonly string[] =>
  [...stream.body().matchAll(/^event: (\w+)$/gm)].map(([, event = ""]) => event).slice(1);

const storedElsewhere = (store: Store) =>
  store.changeConfig(
    "production",
    "banner",
    () => ({
      kind: "write",
      next: config("banner", { enabled: false, offVariant: "text", fallthrough: { variant: "text" } }),
    }),
    meta("flag.killed"),
  );

describe("a server that is cut off from what others write", () => {
  it("sends its last heartbeat three seconds later at most, and others that renew no lease from then on", async () => {
    const { join, platform, line, feed } = await cuttable();
    const streams = await Promise.all(Array.from({ length: 10 }, () => join()));
    line.isCut = true;
    await platform.advance(3_000);
    expect(feed.isConfirmed).toBe(true);
    await platform.advance(5_500);
    for (const stream of streams) await expect.poll(() => eventsOf(stream).at(-1)).toBe("unconfirmed");
    expect(streams.flatMap(eventsOf).filter((event) => event === "heartbeat")).toHaveLength(6);
  });

  it("sends its clients on before their lease is over, and goes on beating for those who come in between", async () => {
    const { join, platform, line } = await cuttable();
    const before = await join();
    line.isCut = true;
    await platform.advance(12_000);
    const later = await join();
    await platform.advance(6_500);
    await expect.poll(() => eventsOf(before).at(-1)).toBe("goodbye");
    expect(eventsOf(before)).toContain("unconfirmed");
    expect(before.body()).toContain('"reason":"moved"');
    await expect.poll(() => eventsOf(later)).toEqual(["unconfirmed"]);
    await platform.advance(10_000);
    await expect.poll(() => eventsOf(later).at(-1)).toBe("goodbye");
  });

  it("gives a newcomer all that it has, as what renews no lease", async () => {
    const { open, platform, line, feed, change } = await cuttable();
    await change("second");
    line.isCut = true;
    await platform.advance(4_000);
    expect(await open().next()).toMatchObject({ event: "unconfirmed", data: { revision: 2 } });
    // By a delta it would hold what another server may have taken back.
    expect(await open({ basis: `${feed.epoch}:1` }).next()).toMatchObject({ event: "unconfirmed" });
    expect(await open({ basis: `${feed.epoch}:2` }).next()).toMatchObject({ event: "unconfirmed", data: null });
    // Thousands may come at once: it is made once for all of them.
    expect(feed.whole()).toBe(feed.whole());
    expect(String(feed.whole())).toContain("event: unconfirmed");
  });

  it("still tells everybody of a kill that it is asked for, those who come later too", async () => {
    const { open, join, platform, line, feed } = await cuttable();
    const stream = await join();
    line.isCut = true;
    await platform.advance(4_000);
    feed.overrule("banner");
    expect(await stream.nextOf("emergency")).toMatchObject({ data: { off: ["banner"] } });
    const late = open({ basis: `${feed.epoch}:1` });
    expect(await late.next()).toMatchObject({ event: "unconfirmed", data: null });
    expect(await late.next()).toMatchObject({ event: "emergency", data: { off: ["banner"] } });
  });

  it("is as before with the first answer of its store", async () => {
    const { join, platform, line, store } = await cuttable();
    const stream = await join();
    line.isCut = true;
    await platform.advance(6_000);
    await storedElsewhere(store);
    line.isCut = false;
    await platform.advance(1_000);
    expect(await stream.nextOf("delta")).toMatchObject({ data: { revision: 2 } });
    await platform.advance(5_000);
    expect(await stream.nextOf("heartbeat")).toMatchObject({ data: { revision: 2 } });
    await platform.advance(20_000);
    expect(eventsOf(stream)).not.toContain("goodbye");
  });

  it("counts the time from its question, not from a slow answer", async () => {
    let answer = (): void => undefined;
    let isSlow = false;
    const { feed, platform } = await startTestHub({
      isShared: true,
      wrap: (store) => ({
        content: (environment) => store.content(environment),
        async changesSince(environment, from) {
          const changes = await store.changesSince(environment, from);
          if (isSlow) await new Promise<void>((resolve) => (answer = resolve));
          return changes;
        },
      }),
    });
    isSlow = true;
    const caughtUp = feed.catchUp();
    await platform.advance(2_500);
    answer();
    await caughtUp;
    await platform.advance(501);
    expect(feed.isConfirmed).toBe(false);
  });
});

describe("a machine that slept", () => {
  it("proves nothing with its first heartbeat: another server may have written meanwhile", async () => {
    const store = createMemoryStore({ random: countingRandom() });
    let wallMs = 1_000_000;
    const feed = await Feed.open("production", {
      store,
      // The monotonic clock stood still.
      clock: { now: () => wallMs, monotonicMs: () => 5 },
      meter: silentMeter,
      logger: silentLogger,
      regex: () => () => false,
      isShared: true,
    });
    expect(String(feed.heartbeat())).toContain("event: heartbeat");
    wallMs += 60_000;
    expect(String(feed.heartbeat())).toContain("event: unconfirmed");
    await feed.catchUp();
    expect(String(feed.heartbeat())).toContain("event: heartbeat");
  });
});

describe("a server that is alone with its store", () => {
  it("goes on renewing leases while it can't read it: nobody else can have written", async () => {
    const { join, platform, line } = await cuttable({ isShared: false });
    const stream = await join();
    line.isCut = true;
    await platform.advance(60_000);
    await expect.poll(() => eventsOf(stream)).toEqual(Array.from({ length: 12 }, () => "heartbeat"));
  });

  it("answers a client that has heard of more: the client keeps that, and says so", async () => {
    const { open, feed, line } = await cuttable({ isShared: false });
    line.isCut = true;
    expect(await open({ basis: `${feed.epoch}:9` }).next()).toMatchObject({ event: "snapshot", data: { revision: 1 } });
  });
});

describe("a client that comes from a server that is ahead", () => {
  it("is told nothing before this one has caught up", async () => {
    const { open, feed, store } = await cuttable();
    await storedElsewhere(store);
    expect(await open({ basis: `${feed.epoch}:2` }).next()).toMatchObject({
      event: "heartbeat",
      data: { revision: 2 },
    });
  });

  it.each([
    ["can't read", "cut off"],
    ["does not get", "slow"],
  ] as const)("is sent away by one that %s what is ahead", async (_, why) => {
    const { open, feed, refused, platform } = await startTestHub({
      isShared: true,
      wrap: (store) => ({
        content: (environment) => store.content(environment),
        changesSince: () => (why === "slow" ? new Promise(() => undefined) : Promise.reject(new Error(why))),
      }),
    });
    open({ basis: `${feed.epoch}:2` });
    await expect
      .poll(async () => {
        await platform.advance(500);
        return refused;
      })
      .toMatchObject([{ refusal: "behind", retryAfterSeconds: 1 }]);
  });
});
