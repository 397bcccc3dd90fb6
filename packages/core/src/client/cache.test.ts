import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Cached } from "./cache-text.ts";
import { decodeCache, encodeCache, fingerprintOf, mayReplace } from "./cache-text.ts";
import { createClientOnPorts } from "./client.ts";
import { IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { ClientOptions } from "./client.ts";
import type { FlagClient, InitResult } from "./types.ts";

const ON = snapshotOf(5, [flagAt(5, {})]);
const DAY_MS = 24 * 3_600_000;

let platform: FakePlatform;
let errors: string[];

function create(options: Partial<ClientOptions> = {}): FlagClient {
  const client = createClientOnPorts(platform.ports, { ...IDENTITY, ...options });
  errors = [];
  client.on("error", ({ code }) => errors.push(code));
  return client;
}

async function connected(options: Partial<ClientOptions> = {}): Promise<FlagClient> {
  const client = create(options);
  void client.init();
  await settle();
  platform.stream.open().send("snapshot", ON);
  return client;
}

/** A new process that finds no server. */
async function restarted(
  options: Partial<ClientOptions> = {},
): Promise<{ readonly client: FlagClient; readonly result: InitResult }> {
  const client = create(options);
  const result = client.init({ timeoutMs: 0 });
  await platform.advance(0);
  return { client, result: await result };
}

beforeEach(() => {
  platform = new FakePlatform();
});

describe("the cache", () => {
  it("serves a restarted process that finds no server, which then resumes from it", async () => {
    await (await connected()).close();
    const { client, result } = await restarted();
    expect(result).toMatchObject({ status: "stale", revision: 5 });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(platform.stream.request.url).toContain("basis=e1%3A5");
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    expect(client.status().state).toBe("ready");
  });

  it("holds neither the key nor the address", async () => {
    await (await connected()).close();
    expect(platform.cache.text).not.toContain("secret");
    expect(platform.cache.text).not.toContain("flags.test");
  });

  it("is saved 2 s after a change, several changes together", async () => {
    await connected();
    platform.stream.send("delta", deltaOf(6, flagAt(6, {}))).send("delta", deltaOf(7, flagAt(7, {})));
    await platform.advance(1_999);
    expect(platform.cache.saves).toBe(0);
    await platform.advance(1);
    expect(platform.cache.saves).toBe(1);
    expect(platform.cache.text).toContain('"revision":7');
  });

  it("is saved at once after an urgent change, and again when another came meanwhile", async () => {
    await connected();
    platform.cache.hold();
    platform.stream.send("delta", deltaOf(6, flagAt(6, { killed: true }), { urgent: true }));
    await settle();
    platform.stream.send("delta", deltaOf(7, flagAt(7, { killed: true }), { urgent: true }));
    await settle();
    expect(platform.cache.saves).toBe(0);
    platform.cache.release();
    await settle();
    expect(platform.cache.saves).toBe(2);
    expect(platform.cache.text).toContain('"revision":7');
  });

  it("is written again after an hour without changes, so that it does not expire under a running process", async () => {
    await connected();
    await platform.advance(2_000);
    for (let beat = 0; beat < 721; beat++) {
      await platform.advance(5_000);
      platform.stream.send("heartbeat", heartbeatOf(ON));
    }
    await platform.advance(2_000);
    expect(platform.cache.saves).toBe(2);
  });

  it("expires after seven days, or when the options say", async () => {
    await (await connected()).close();
    platform.wallMs += 7 * DAY_MS - 1_000;
    expect((await restarted()).result.status).toBe("stale");
    expect((await restarted({ cacheMaxAgeMs: DAY_MS })).result.status).toBe("timeout");
    platform.wallMs += 1_001;
    expect((await restarted()).result.status).toBe("timeout");
  });

  it.each([
    ["another key", { sdkKey: "rs_other" }],
    ["another server", { url: "http://other.test" }],
  ])("of %s is left out", async (_case, options) => {
    await (await connected()).close();
    const { client, result } = await restarted(options);
    expect(result.status).toBe("timeout");
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(errors).toEqual(["CACHE_UNUSABLE"]);
  });

  it("that is cut anywhere, or has a bit flipped anywhere, is left out", async () => {
    await (await connected()).close();
    const text = platform.cache.text ?? "";
    const fingerprint = fingerprintOf(IDENTITY.url, IDENTITY.sdkKey);
    expect(decodeCache(text, fingerprint).ok).toBe(true);
    for (let length = 0; length < text.length; length++)
      expect(decodeCache(text.slice(0, length), fingerprint).ok).toBe(false);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, mask) => {
        const damaged = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ mask) + text.slice(at + 1);
        expect(decodeCache(damaged, fingerprint).ok).toBe(false);
      }),
    );
    fc.assert(fc.property(fc.string(), (junk) => !decodeCache(junk, fingerprint).ok));
  });

  it("with a whole checksum but a senseless content is left out", async () => {
    const whole = { snapshot: ON, leftEpochs: [], contactAt: 1, savedAt: 1 };
    expect(decodeCache(encodeCache(whole, "f"), "f").ok).toBe(true);
    for (const wrong of [{ snapshot: { ...ON, flags: 1 } }, { leftEpochs: "e0" }, { savedAt: "now" }]) {
      expect(decodeCache(encodeCache({ ...whole, ...wrong } as unknown as typeof whole, "f"), "f").ok).toBe(false);
    }
  });

  it("that can't be read or written is reported, and nothing else", async () => {
    platform.cache.broken = true;
    const client = await connected();
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(2_000);
    expect(errors).toEqual(["CACHE_UNREADABLE", "CACHE_UNWRITABLE"]);
    await Promise.all([client.close(), platform.advance(2_000)]);
  });

  it("that hangs is not waited for longer than a second", async () => {
    const hanging = { ...platform.ports, cache: { load: () => new Promise<string>(() => {}), save: async () => {} } };
    const client = createClientOnPorts(hanging, IDENTITY);
    void client.init({ timeoutMs: 5_000 });
    await platform.advance(999);
    expect(platform.streams).toEqual([]);
    await platform.advance(1);
    expect(platform.openStreams).toBe(1);
    void client.close();
  });

  it("of a process that was left behind does not replace what another has saved", async () => {
    const behind = await connected();
    await platform.advance(2_000);
    const other = create();
    void other.init();
    await settle();
    const killed = snapshotOf(6, [flagAt(6, { killed: true })]);
    platform.stream.open().send("snapshot", killed);
    await other.close();
    await behind.close();
    const { client } = await restarted();
    expect(client.status().revision).toBe(6);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
  });

  it("remembers epochs that were left, also for the next process", async () => {
    const client = await connected();
    platform.stream.send("snapshot", snapshotOf(1, [flagAt(1, { killed: true })], "e2"));
    await client.close();
    const { client: next } = await restarted();
    platform.stream.open().send("snapshot", snapshotOf(99, [flagAt(99, {})], "e1"));
    expect(next.isEnabled(FLAG, "u")).toBe(false);
    expect(next.status()).toMatchObject({ epoch: "e2", revision: 1 });
  });
});

describe("a cache that processes share", () => {
  const at = (
    epoch: string,
    revision: number,
    how: { readonly left?: readonly string[]; readonly contactAt?: number } = {},
  ): Cached => ({
    snapshot: snapshotOf(revision, [], epoch),
    leftEpochs: how.left ?? [],
    contactAt: how.contactAt,
    savedAt: 0,
  });

  it.each([
    ["a later revision", at("e1", 5), at("e1", 6), true],
    ["the same revision", at("e1", 5), at("e1", 5), true],
    ["an earlier revision", at("e1", 5), at("e1", 4), false],
    ["an epoch that was left", at("e2", 1, { left: ["e1"] }), at("e1", 99, { contactAt: 9 }), false],
    ["an epoch that followed", at("e1", 99, { contactAt: 9 }), at("e2", 1, { left: ["e1"] }), true],
    ["an unknown epoch, heard of later", at("e1", 9, { contactAt: 1 }), at("e2", 1, { contactAt: 2 }), true],
    ["an unknown epoch, heard of earlier", at("e1", 9, { contactAt: 2 }), at("e2", 99, { contactAt: 1 }), false],
    ["an unknown epoch, never heard of", at("e1", 9, { contactAt: 2 }), at("e2", 99), false],
  ])("given %s, is replaced or not", (_case, there, next, expected) => {
    expect(mayReplace(there, next)).toBe(expected);
  });
});

describe("a bootstrap beside a cache", () => {
  it("wins when it is a later revision of the same epoch", async () => {
    await (await connected()).close();
    const { client } = await restarted({ bootstrap: snapshotOf(8, [flagAt(8, { killed: true })]) });
    expect(client.status().revision).toBe(8);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
  });

  it.each([
    ["an earlier revision", snapshotOf(3, [flagAt(3, { killed: true })])],
    ["another epoch", snapshotOf(99, [flagAt(99, { killed: true })], "e0")],
  ])("loses when it is of %s", async (_case, bootstrap) => {
    await (await connected()).close();
    const { client } = await restarted({ bootstrap });
    expect(client.status()).toMatchObject({ epoch: "e1", revision: 5 });
    expect(errors).toEqual([]);
  });
});
