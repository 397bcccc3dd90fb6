import { gunzipSync } from "node:zlib";
import { Ruleset } from "@rampart/core";
import type { Delta, Snapshot } from "@rampart/core";
import { parseDelta, parseSnapshot } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { EnvironmentChanges, Store } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { booleanFlag, config, countingRandom, everywhere, meta } from "../store/testing/fixtures.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { Feed } from "./feed.ts";
import type { FeedChange } from "./feed.ts";

async function feedOn(wrap: (store: Store) => Pick<Store, "content" | "changesSince"> = (store) => store) {
  const store = createMemoryStore({ random: countingRandom() });
  await store.createFlag(booleanFlag("checkout"), everywhere(config("checkout")), meta("flag.created"));
  const platform = manualPlatform();
  const feed = await Feed.open("production", {
    store: wrap(store),
    clock: platform.clock,
    meter: silentMeter,
    logger: silentLogger,
    regex: () => () => false,
  });
  const changes: FeedChange[] = [];
  feed.onChange = (change) => changes.push(change);
  const ramp = (percentage: number, urgent = false) =>
    store.changeConfig(
      "production",
      "checkout",
      ({ config: current }) => ({ kind: "write", next: { ...current, fallthrough: { percentage } } }),
      meta("flag.ramped", { urgent }),
    );
  return { store, feed, changes, ramp, platform };
}

const dataOf = (frame: Buffer | undefined): unknown => JSON.parse(/^data: (.*)$/m.exec(String(frame))?.[1] ?? "null");
const deltaOf = (frame: Buffer | undefined): Delta => {
  const parsed = parseDelta(dataOf(frame));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
};
const snapshotOf = (body: Buffer): Snapshot => {
  const parsed = parseSnapshot(JSON.parse(String(body)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
};

describe("a feed", () => {
  it("hands out the environment whole, as a body, as a frame and compressed", async () => {
    const { feed } = await feedOn();
    const { body, frame, etag, gzipped } = feed.snapshot;
    expect(snapshotOf(body)).toMatchObject({ environment: "production", revision: 1, flags: [{ key: "checkout" }] });
    expect(etag).toBe(`"${feed.epoch}:1"`);
    expect(String(frame)).toBe(`id: ${feed.epoch}:1\nevent: snapshot\ndata: ${String(body)}\n\n`);
    expect(gunzipSync(await gzipped())).toEqual(body);
  });

  it("tells of each commit with one delta that takes the ruleset before it to the one after it", async () => {
    const { feed, changes, ramp } = await feedOn();
    const before = new Ruleset();
    before.replace(snapshotOf(feed.snapshot.body));
    await ramp(25, true);
    await feed.catchUp();
    expect(changes).toHaveLength(1);
    const delta = deltaOf(changes[0]?.frame);
    expect(delta).toMatchObject({ from: 1, revision: 2, urgent: true });
    expect(before.apply(delta).kind).toBe("applied");
    expect(before.digest).toBe(delta.digest);
    expect(feed.digest).toBe(delta.digest);
    expect(snapshotOf(feed.snapshot.body)).toEqual(before.snapshot());
  });

  it("evaluates what it sends", async () => {
    const { feed, ramp } = await feedOn();
    expect(feed.ruleset.isEnabled("checkout", "anna", true)).toBe(false);
    await ramp(100);
    await feed.catchUp();
    expect(feed.ruleset.isEnabled("checkout", "anna", false)).toBe(true);
  });

  it("takes over a commit that was made while it was catching up", async () => {
    const { feed, changes, ramp } = await feedOn();
    await ramp(1);
    const first = feed.catchUp();
    await ramp(2);
    await Promise.all([first, feed.catchUp()]);
    expect(feed.revision).toBe(3);
    expect(deltaOf(changes.at(-1)?.frame).revision).toBe(3);
  });

  it("forgets no call that comes as another is about to end", async () => {
    const { feed, ramp } = await feedOn();
    for (let percentage = 1; percentage <= 50; percentage++) {
      await ramp(percentage);
      const earlier = feed.catchUp();
      for (let turn = 0; turn < percentage % 7; turn++) await Promise.resolve();
      await ramp(percentage + 0.5);
      await feed.catchUp();
      expect(feed.revision).toBe(1 + 2 * percentage);
      await earlier;
    }
  });

  it("is fine when nothing has changed", async () => {
    const { feed, changes } = await feedOn();
    await feed.catchUp();
    expect(changes).toEqual([]);
  });

  it("sends the snapshot of the new epoch when history is not continuous", async () => {
    const { feed, store, changes } = await feedOn();
    const epoch = feed.epoch;
    await store.newEpoch(meta("store.restored"));
    await feed.catchUp();
    expect(feed.epoch).not.toBe(epoch);
    expect(dataOf(changes[0]?.frame)).toMatchObject({ epoch: feed.epoch, flags: [{ key: "checkout" }] });
  });

  it("keeps nobody waiting for more than two looks, however often others call while the store is slow", async () => {
    const answers: (() => void)[] = [];
    const { feed } = await feedOn((store) => ({
      content: (environment) => store.content(environment),
      changesSince: async (environment, revision) => {
        await new Promise<void>((answer) => answers.push(answer));
        return store.changesSince(environment, revision);
      },
    }));
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    let isDone = false;
    void feed.catchUp();
    void feed.catchUp().then(() => (isDone = true));
    answers[0]?.();
    await settled();
    void feed.catchUp();
    expect(isDone).toBe(false);
    answers[1]?.();
    await settled();
    expect(isDone).toBe(true);
    expect(answers).toHaveLength(3);
  });

  it("stays where it is while the store can't be read, says that it is not fresh, and catches up after", async () => {
    let broken = false;
    const { feed, ramp, platform } = await feedOn((store) => ({
      content: (environment) => store.content(environment),
      changesSince: (environment, from) =>
        broken ? Promise.reject(new Error("disk gone")) : store.changesSince(environment, from),
    }));
    await ramp(50);
    broken = true;
    await expect(feed.catchUp()).resolves.toBeUndefined();
    await platform.advance(6_000);
    expect(feed.isFresh).toBe(false);
    expect(feed.revision).toBe(1);
    broken = false;
    await feed.catchUp();
    expect(feed.isFresh).toBe(true);
    expect(feed.revision).toBe(2);
  });

  it("resumes a client with one delta over everything it missed, and encodes it once for a whole fleet", async () => {
    const asked: number[] = [];
    const { feed, ramp } = await feedOn((store) => ({
      content: (environment) => store.content(environment),
      changesSince(environment, from): Promise<EnvironmentChanges | undefined> {
        asked.push(from);
        return store.changesSince(environment, from);
      },
    }));
    const basis = { epoch: feed.epoch, revision: 1 };
    for (const percentage of [5, 25, 50]) {
      await ramp(percentage, percentage === 25);
      await feed.catchUp();
    }
    asked.length = 0;
    const frames = await Promise.all([feed.resume(basis), feed.resume(basis), feed.resume(basis)]);
    expect(deltaOf(frames[0])).toMatchObject({
      from: 1,
      revision: 4,
      urgent: true,
      flags: [{ fallthrough: { percentage: 50 } }],
    });
    expect(new Set(frames).size).toBe(1);
    expect(asked).toEqual([1]);
  });

  it("says of an urgent change since when pages know nothing of it, unless a flag for pages depends on what changed", async () => {
    const { store, feed, changes, ramp } = await feedOn();
    await ramp(50);
    await ramp(0, true);
    await feed.catchUp();
    expect(changes.at(-1)?.urgent).toMatchObject({ flags: ["checkout"], hiddenSince: 1 });
    const shown = config("banner", { clientVisible: true, prerequisites: [{ flag: "checkout", variants: ["on"] }] });
    await store.createFlag(booleanFlag("banner"), everywhere(shown), meta("flag.created"));
    await ramp(50);
    await feed.catchUp();
    await ramp(0, true);
    await feed.catchUp();
    expect(changes.at(-1)?.urgent).toMatchObject({ flags: ["checkout"], hiddenSince: undefined });
  });

  it("has no delta from another epoch, or from a revision that it never had", async () => {
    const { feed } = await feedOn();
    await expect(feed.resume({ epoch: "another", revision: 1 })).resolves.toBeUndefined();
    await expect(feed.resume({ epoch: feed.epoch, revision: 99 })).resolves.toBeUndefined();
  });

  it("refuses to open an environment that is not there", async () => {
    const store = createMemoryStore({ random: countingRandom() });
    const { clock } = manualPlatform();
    const opened = Feed.open("nowhere", {
      store,
      clock,
      meter: silentMeter,
      logger: silentLogger,
      regex: () => () => false,
    });
    await expect(opened).rejects.toThrow('no environment "nowhere"');
  });
});

describe("a feed that follows another server", () => {
  /** The store, as another server tells of it: as of `asOfMs` after each question, and with `off` above it. */
  async function relayedFeed() {
    const said = { asOfMs: 0, off: [] as readonly string[] };
    const made = await feedOn((store) => ({
      content: async (environment) => {
        const content = await store.content(environment);
        return content && { ...content, relayed: { ...said } };
      },
      changesSince: async (environment, from) => {
        const changes = await store.changesSince(environment, from);
        return changes && { ...changes, relayed: { ...said } };
      },
    }));
    return { ...made, said };
  }

  it("knows what is stored as of the moment that the answer stands for, and not of its coming", async () => {
    const { feed, said, platform } = await relayedFeed();
    said.asOfMs = -2_000;
    await feed.catchUp();
    expect(feed.isFresh).toBe(true);
    await platform.advance(1_001);
    expect(feed.isFresh).toBe(false);
  });

  it("turns off what the other server has off before that is stored, in one write with the change that it came with", async () => {
    const { feed, changes, ramp, said } = await relayedFeed();
    await ramp(100);
    said.off = ["checkout"];
    await feed.catchUp();
    expect(changes).toHaveLength(1);
    expect(String(changes[0]?.frame)).toMatch(/event: delta\n[^]*event: emergency\n/);
    expect(feed.ruleset.isEnabled("checkout", "u-1", true)).toBe(false);
    await feed.catchUp();
    expect(changes).toHaveLength(1);
    said.off = [];
    await ramp(50);
    await feed.catchUp();
    expect(feed.overruled).toEqual([]);
  });

  it("turns off also what has not changed, and is told so with everything when it begins", async () => {
    const { feed, changes, said } = await relayedFeed();
    said.off = ["checkout"];
    await feed.catchUp();
    expect(String(changes[0]?.frame)).toContain("event: emergency");
    expect(feed.overruled).toEqual(["checkout"]);
    expect(snapshotOf(feed.snapshot.body).off).toEqual(["checkout"]);
  });
});
