import { describe, expect, it } from "vitest";
import type { StreamEnd } from "../ports/meter.ts";
import type { EnvironmentChanges } from "../ports/store.ts";
import { startTestHub } from "../testing/test-hub.ts";

/** Enough to fill every buffer of a loopback connection several times over. */
const MEBIBYTE = "x".repeat(1024 * 1024);
const FLOOD_MEBIBYTES = 24;

describe("a stream's first event", () => {
  it("is the snapshot for a client that holds nothing", async () => {
    const { open, feed } = await startTestHub();
    const first = await open().next();
    expect(first).toMatchObject({
      event: "snapshot",
      id: `${feed.epoch}:1`,
      data: { environment: "production", revision: 1 },
    });
  });

  it("is nothing but a heartbeat for a client that is at the present", async () => {
    const { open, feed } = await startTestHub();
    const first = await open({ basis: `${feed.epoch}:1` }).next();
    expect(first).toMatchObject({ event: "heartbeat", data: { revision: 1, digest: feed.digest } });
  });

  it("is one delta over all that a client has missed", async () => {
    const { open, feed, change } = await startTestHub();
    for (const text of ["second", "third"]) await change(text);
    const first = await open({ basis: `${feed.epoch}:1` }).next();
    expect(first).toMatchObject({
      event: "delta",
      data: { from: 1, revision: 3, flags: [{ variants: { text: "third" } }] },
    });
  });

  it.each(["another-epoch:1", "99"])("is the snapshot for a basis that it can't place: %s", async (basis) => {
    const { open, feed } = await startTestHub();
    const first = await open({ basis: basis === "99" ? `${feed.epoch}:99` : basis }).next();
    expect(first.event).toBe("snapshot");
  });

  it("is what was stored by another server, for a client that heard of it there", async () => {
    const { open, feed, store } = await startTestHub();
    await store.changeConfig(
      "production",
      "banner",
      (current) => ({ kind: "write", next: { ...current.config, clientVisible: true } }),
      { actor: "token:t1", action: "config.changed", at: 1 },
    );
    const first = await open({ basis: `${feed.epoch}:2` }).next();
    expect(first).toMatchObject({ event: "heartbeat", data: { revision: 2 } });
  });

  it("leaves no gap when the environment moves on while the delta is made", async () => {
    let release: (() => void) | undefined;
    let isHeld = false;
    const { open, feed, change } = await startTestHub({
      wrap: (store) => ({
        content: (environment) => store.content(environment),
        async changesSince(environment, from): Promise<EnvironmentChanges | undefined> {
          const changes = await store.changesSince(environment, from);
          if (from === 1 && isHeld) await new Promise<void>((resolve) => (release = resolve));
          return changes;
        },
      }),
    });
    await change("second");
    isHeld = true;
    const stream = open({ basis: `${feed.epoch}:1` });
    await expect.poll(() => release).toBeDefined();
    isHeld = false;
    await change("third");
    release?.();
    expect(await stream.next()).toMatchObject({ event: "delta", data: { from: 1, revision: 3 } });
  });
});

describe("a stream", () => {
  it("is plain bytes until the connection closes, buffered and kept by no proxy", async () => {
    const { join } = await startTestHub();
    const head = await (await join()).head();
    expect(head).toContain("HTTP/1.1 200 OK");
    expect(head).toMatch(/content-type: text\/event-stream/i);
    expect(head).toMatch(/cache-control: no-store/i);
    expect(head).toMatch(/connection: close/i);
    expect(head).toMatch(/x-accel-buffering: no/i);
    expect(head).not.toMatch(/transfer-encoding|content-length/i);
  });

  it("carries the same bytes for every client, also behind a proxy that speaks HTTP/1.0", async () => {
    const { join, change } = await startTestHub();
    const streams = [await join(), await join(), await join({ version: "1.0" })];
    await change("second");
    const events = await Promise.all(streams.map((stream) => stream.next()));
    expect(events[0]).toMatchObject({ event: "delta", data: { from: 1, revision: 2 } });
    expect(new Set(streams.map((stream) => stream.body())).size).toBe(1);
  });

  it("gets a heartbeat each five seconds, and no two slots of clients get theirs at once", async () => {
    const { join, platform } = await startTestHub();
    const streams = await Promise.all(Array.from({ length: 20 }, () => join()));
    const beats = (): number =>
      streams.reduce((sum, stream) => sum + stream.body().split("event: heartbeat").length - 1, 0);
    const perSlot: number[] = [];
    for (let slot = 0, before = 0; slot < 10; slot++) {
      await platform.advance(500);
      const now = await settled(beats);
      perSlot.push(now - before);
      before = now;
    }
    expect(perSlot).toEqual(Array.from({ length: 10 }, () => 2));
    for (const stream of streams) expect(stream.body().match(/event: heartbeat/g)).toHaveLength(1);
  });

  it("shows its client at the revision that it was sent", async () => {
    const { join, hub, change } = await startTestHub();
    await join({ instance: "a" });
    await change("second");
    expect(hub.clientsView("production", 10)).toMatchObject({
      total: 1,
      current: 1,
      clients: [{ instanceId: "a", revision: 2, transport: "stream" }],
    });
  });

  it("is let go when its client leaves, and when it closes only its own half", async () => {
    const ends: StreamEnd[] = [];
    const { join, hub } = await startTestHub({ meter: { streamClosed: (_, end) => ends.push(end) } });
    const [gone, half] = [await join(), await join()];
    expect(hub.size).toBe(2);
    gone.socket.destroy();
    half.socket.end();
    await expect.poll(() => hub.size).toBe(0);
    await half.closed();
    expect(ends).toEqual(["client", "client"]);
  });
});

describe("a consumer that does not read", () => {
  it("is left out once its buffer is full, and gets the present when it reads again", async () => {
    let slow = 0;
    const { join, hub, change, feed } = await startTestHub({ meter: { consumerSlow: () => (slow += 1) } });
    const [stalled, healthy] = [await join({ instance: "stalled" }), await join({ instance: "healthy" })];
    stalled.socket.pause();
    for (let i = 0; i < FLOOD_MEBIBYTES; i++) {
      await change(`${i} ${MEBIBYTE}`);
      await healthy.nextOf("delta");
    }
    expect(slow).toBe(1);
    const behind = hub.clientsView("production", 1)?.clients[0];
    expect(behind).toMatchObject({ instanceId: "stalled" });
    expect(behind?.lag).toBeGreaterThan(0);
    stalled.socket.resume();
    const present = await stalled.nextOf("snapshot");
    expect(present.id).toBe(`${feed.epoch}:${feed.revision}`);
    await change("after");
    expect(await stalled.nextOf("delta")).toMatchObject({ data: { revision: feed.revision } });
    expect(hub.clientsView("production", 10)).toMatchObject({ current: 2 });
  });

  it("is closed when it has not read for 30 s, and holds up nobody else", async () => {
    const ends: StreamEnd[] = [];
    const { join, hub, change, platform } = await startTestHub({ meter: { streamClosed: (_, end) => ends.push(end) } });
    const [stalled, healthy] = [await join(), await join()];
    stalled.socket.pause();
    for (let i = 0; i < FLOOD_MEBIBYTES; i++) {
      await change(`${i} ${MEBIBYTE}`);
      await healthy.nextOf("delta");
    }
    await platform.advance(29_000);
    expect(hub.size).toBe(2);
    await platform.advance(6_500);
    await expect.poll(() => hub.size).toBe(1);
    expect(ends).toEqual(["slow"]);
    await change("after");
    expect(await healthy.nextOf("delta")).toMatchObject({ data: { flags: [{ variants: { text: "after" } }] } });
  });
});

describe("a storm", () => {
  it("is let in as far as the bucket reaches; the rest is told when to come back, spread", async () => {
    let next = 0;
    const { open, refused, hub, platform } = await startTestHub({
      limits: { admission: { perSecond: 2, burst: 3 } },
      chance: () => (next = (next + 0.37) % 1),
    });
    const streams = Array.from({ length: 10 }, () => open());
    await Promise.all(streams.map((stream) => stream.head()));
    expect(hub.size).toBe(3);
    expect(refused.map(({ refusal }) => refusal)).toEqual(Array.from({ length: 7 }, () => "storm"));
    expect(new Set(refused.map(({ retryAfterSeconds }) => retryAfterSeconds)).size).toBeGreaterThan(2);
    expect(Math.max(...refused.map(({ retryAfterSeconds }) => retryAfterSeconds))).toBeLessThanOrEqual(5);
    await platform.advance(1_000);
    expect((await open().next()).event).toBe("snapshot");
  });

  it("does not get past the number of streams that the server may hold", async () => {
    const { open, join, refused } = await startTestHub({ limits: { streamsMax: 1 } });
    const only = await join();
    await open().head();
    expect(refused).toMatchObject([{ refusal: "full" }]);
    only.socket.destroy();
    await expect.poll(async () => (await open().head()).includes("200 OK")).toBe(true);
  });
});

describe("goodbye", () => {
  it("is said to everybody within two seconds when the server goes, each with another time to come back", async () => {
    const ends: StreamEnd[] = [];
    const { join, open, hub, platform, refused } = await startTestHub({
      meter: { streamClosed: (_, end) => ends.push(end) },
    });
    const streams = await Promise.all(Array.from({ length: 40 }, () => join()));
    const drained = hub.drain();
    await platform.advance(1_000);
    await expect.poll(() => hub.size).toBeLessThan(30);
    expect(hub.size).toBeGreaterThan(10);
    await open().head();
    expect(refused).toMatchObject([{ refusal: "draining" }]);
    await platform.advance(1_000);
    const goodbyes = await Promise.all(streams.map((stream) => stream.nextOf("goodbye")));
    await Promise.all(streams.map((stream) => stream.closed()));
    await platform.advance(1_000);
    await drained;
    expect(goodbyes.every(({ data }) => data["reason"] === "shutdown")).toBe(true);
    expect(new Set(goodbyes.map(({ data }) => data["retryAfterMs"])).size).toBe(20);
    expect(ends).toEqual(Array.from({ length: 40 }, () => "shutdown"));
  });

  it("does not wait for a client that never reads it", async () => {
    const { join, hub, change, platform } = await startTestHub();
    const stalled = await join();
    stalled.socket.pause();
    for (let i = 0; i < FLOOD_MEBIBYTES; i++) await change(`${i} ${MEBIBYTE}`);
    const drained = hub.drain();
    await platform.advance(3_000);
    await drained;
    await expect.poll(() => hub.size).toBe(0);
  });

  it("is said to the streams of a revoked token, and to no others", async () => {
    const { join, hub } = await startTestHub();
    const [revoked, other] = [await join({ token: "bad" }), await join({ token: "good" })];
    expect([...hub.tokenIds()].toSorted()).toEqual(["bad", "good"]);
    hub.revoke("bad");
    expect(await revoked.next()).toMatchObject({ event: "goodbye", data: { reason: "revoked" } });
    await revoked.closed();
    await expect.poll(() => hub.size).toBe(1);
    expect([...hub.tokenIds()]).toEqual(["good"]);
    expect(other.body()).not.toContain("goodbye");
  });
});

/** What `read` gives once it does not change any more: bytes on a loopback socket take a few turns. */
async function settled(read: () => number): Promise<number> {
  for (let last = read(), same = 0; ;) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same > 50) return now;
  }
}
