import { beforeEach, describe, expect, it } from "vitest";
import { createClientOnPorts } from "./client.ts";
import { IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, FLAG, goodbyeOf, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { ClientEvents, FlagClient } from "./types.ts";

const ON = snapshotOf(5, [flagAt(5, { percentage: 100 })]);

let platform: FakePlatform;
let client: FlagClient;
const events: { readonly event: keyof ClientEvents; readonly payload: unknown }[] = [];

function create(
  options: { readonly bootstrap?: unknown; readonly sdkKey?: string; readonly url?: string } = {},
): FlagClient {
  client = createClientOnPorts(platform.ports, { ...IDENTITY, url: "http://flags.test/", ...options });
  events.length = 0;
  for (const event of ["ready", "change", "stale", "error"] as const)
    client.on(event, (payload) => events.push({ event, payload }));
  return client;
}

/** A client with the snapshot ON over a live stream. */
async function connected(snapshot = ON): Promise<void> {
  const ready = create().init();
  await settle();
  platform.stream.open().send("snapshot", snapshot);
  expect(await ready).toEqual({ status: "ready", revision: snapshot.revision });
}

/** The stream fails until the client polls. */
async function failUntilPolling(): Promise<void> {
  for (let failure = 0; failure < 3; failure++) {
    platform.stream.fail();
    await platform.advance(5_000);
  }
}

const errors = () =>
  events.filter(({ event }) => event === "error").map(({ payload }) => (payload as ClientEvents["error"]).code);

beforeEach(() => {
  platform = new FakePlatform();
});

describe("a client", () => {
  it("starts nothing before init", () => {
    create();
    expect(platform.streams).toEqual([]);
    expect(platform.timersPending).toBe(0);
    expect(client.status()).toEqual({
      state: "idle",
      epoch: undefined,
      revision: 0,
      lastContactMs: undefined,
      transport: "none",
    });
    expect(client.evaluate(FLAG, "u", false)).toMatchObject({ value: false, errorCode: "PROVIDER_NOT_READY" });
  });

  it("says who it is and asks for a snapshot, with the key in a header only", async () => {
    void create().init();
    await settle();
    expect(platform.stream.request).toEqual({
      url: "http://flags.test/sdk/v1/stream",
      headers: { authorization: "Bearer rs_secret", "x-rampart-sdk": "test/1", "x-rampart-instance": "i-1" },
    });
  });

  it("is ready with the first snapshot, and follows deltas", async () => {
    await connected();
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    platform.stream.send("delta", deltaOf(6, flagAt(6, { killed: true })));
    expect(client.isEnabled(FLAG, "u", true)).toBe(false);
    expect(client.status()).toMatchObject({
      state: "ready",
      epoch: "e1",
      revision: 6,
      lastContactMs: 0,
      transport: "stream",
    });
    expect(events).toEqual([
      { event: "change", payload: { revision: 5, flags: [FLAG], urgent: false } },
      { event: "ready", payload: { revision: 5 } },
      { event: "change", payload: { revision: 6, flags: [FLAG], urgent: false } },
    ]);
  });

  it("resumes from its basis after the stream broke", async () => {
    await connected();
    platform.stream.fail();
    await platform.advance(1_000);
    expect(platform.stream.request.url).toBe("http://flags.test/sdk/v1/stream?basis=e1%3A5");
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    expect(client.status().state).toBe("ready");
  });

  it("ignores a delta that it has, and late ones", async () => {
    await connected();
    const killed = deltaOf(6, flagAt(6, { killed: true }));
    platform.stream
      .send("delta", killed)
      .send("delta", killed)
      .send("delta", deltaOf(5, flagAt(5, { percentage: 100 })));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(client.status().revision).toBe(6);
    expect(errors()).toEqual([]);
  });

  it.each([
    ["a delta that skips a revision", "delta", deltaOf(8, flagAt(8, { killed: true }))],
    ["a heartbeat of a later revision", "heartbeat", heartbeatOf({ ...ON, revision: 7 })],
    ["a heartbeat with another digest", "heartbeat", heartbeatOf({ ...ON, digest: "00000000" })],
    ["a heartbeat of another epoch", "heartbeat", heartbeatOf({ ...ON, epoch: "e2" })],
    ["a delta of another epoch", "delta", deltaOf(6, flagAt(6, {}), { epoch: "e2" })],
  ])("asks for a snapshot after %s", async (_case, event, frame) => {
    await connected();
    platform.stream.send(event, frame);
    expect(platform.openStreams).toBe(0);
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1_000);
    expect(platform.stream.request.url).toBe("http://flags.test/sdk/v1/stream");
    platform.stream.open().send("snapshot", snapshotOf(8, [flagAt(8, { killed: true })]));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(errors()).toEqual(["RESYNC"]);
  });

  it("applies a delta whose digest does not fit, and then asks for a snapshot", async () => {
    await connected();
    platform.stream.send("delta", deltaOf(6, flagAt(6, { killed: true }), { digest: "00000000" }));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    await platform.advance(1_000);
    expect(platform.stream.request.url).not.toContain("basis");
  });

  it("does not ask again and again when a flag that it can't read makes the digests differ", async () => {
    const whole = snapshotOf(5, [flagAt(5, {}), flagAt(4, { key: "broken" })]);
    const broken = { ...whole, flags: [whole.flags[0], { ...whole.flags[1], fallthrough: { percentage: "most" } }] };
    const ready = create().init();
    await settle();
    platform.stream.open().send("snapshot", broken);
    expect((await ready).status).toBe("ready");
    platform.stream.send("heartbeat", heartbeatOf(whole));
    expect(platform.openStreams).toBe(1);
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(errors()).toEqual(["FLAG_SKIPPED"]);
  });

  it("does not ask again and again when a snapshot does not fit its own digest", async () => {
    const ready = create().init();
    await settle();
    platform.stream.open().send("snapshot", { ...snapshotOf(5, [flagAt(5, {})]), digest: "00000000" });
    expect((await ready).status).toBe("ready");
    platform.stream
      .send("heartbeat", heartbeatOf({ ...ON, digest: "11111111" }))
      .send("delta", deltaOf(6, flagAt(6, { killed: true }), { digest: "22222222" }));
    expect(platform.openStreams).toBe(1);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(errors()).toEqual([]);
  });

  it("keeps what it has and starts anew when a frame can't be read", async () => {
    await connected();
    platform.stream.send("delta", '{"epoch":"e1","from":5,"rev');
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1_000);
    expect(platform.openStreams).toBe(1);
    expect(errors()).toEqual(["PAYLOAD_INVALID"]);
  });

  it("lets events of a newer server pass", async () => {
    await connected();
    platform.stream.send("horoscope", { sign: "leo" });
    expect(platform.openStreams).toBe(1);
    expect(errors()).toEqual([]);
  });

  it("keeps the newer values when the server comes back with older ones, and says so once", async () => {
    await connected(snapshotOf(9, [flagAt(9, { killed: true })]));
    platform.stream.fail();
    await platform.advance(1_000);
    platform.stream.open().send("snapshot", ON);
    platform.stream.send("heartbeat", heartbeatOf(ON)).send("heartbeat", heartbeatOf(ON));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(client.status()).toMatchObject({ state: "stale", revision: 9 });
    expect(errors()).toEqual(["STREAM_FAILED", "REVISION_WENT_BACK"]);
    platform.stream.send("heartbeat", heartbeatOf(snapshotOf(9, [flagAt(9, { killed: true })])));
    expect(client.status().state).toBe("ready");
  });

  it("does not call itself ready for a moment when it comes back to a server with older data", async () => {
    await connected(snapshotOf(9, [flagAt(9, {})]));
    await platform.advance(12_000);
    await platform.advance(1_000);
    events.length = 0;
    platform.stream.open().send("snapshot", ON);
    expect(events.map(({ event }) => event)).toEqual(["error"]);
    expect(client.status()).toMatchObject({ state: "stale", transport: "stream" });
  });

  it("does not listen to a stream that it has left, should that go on talking", async () => {
    await connected();
    const left = platform.stream;
    await platform.advance(13_000);
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    left.send("delta", deltaOf(6, flagAt(6, { killed: true }))).bytes();
    left.open().fail();
    expect(client.status()).toMatchObject({ state: "ready", revision: 5 });
    expect(platform.openStreams).toBe(1);
  });

  it("takes a snapshot of a new epoch whatever its revision, and never goes back to the old one", async () => {
    await connected();
    platform.stream.send("snapshot", snapshotOf(2, [flagAt(2, { killed: true })], "e2"));
    expect(client.status()).toMatchObject({ epoch: "e2", revision: 2, state: "ready" });
    platform.stream.send("snapshot", snapshotOf(99, [flagAt(99, {})]));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(errors()).toEqual(["EPOCH_WENT_BACK"]);
    expect(platform.openStreams).toBe(0);
  });

  it("reconnects when no frame came for 12 s, and calls that stale", async () => {
    await connected();
    await platform.advance(11_999);
    expect(platform.openStreams).toBe(1);
    platform.chance = 0.9;
    await platform.advance(1);
    expect(platform.openStreams).toBe(0);
    expect(client.status().state).toBe("stale");
    expect(events.at(-1)).toEqual({ event: "stale", payload: { sinceMs: 12_000 } });
    expect(errors()).toEqual(["STREAM_SILENT"]);
    await platform.advance(1_000);
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    expect(events.at(-1)).toEqual({ event: "ready", payload: { revision: 5 } });
  });

  it("counts a stream that gives no byte in 3 s as failed, and polls after the third", async () => {
    void create().init();
    await settle();
    for (let failure = 0; failure < 3; failure++) {
      platform.stream.open();
      await platform.advance(3_000);
      expect(platform.openStreams).toBe(0);
      if (failure < 2) await platform.advance(2_000);
    }
    await platform.advance(1_000);
    await platform.exchange("/flags").answer({ status: 200, body: JSON.stringify(ON) });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(client.status()).toMatchObject({ state: "ready", transport: "poll" });
  });

  it("polls with ETag and basis while the stream fails, and stops when it is back", async () => {
    await connected();
    await failUntilPolling();
    const poll = platform.exchange("/flags");
    expect(poll.request.headers).toMatchObject({ "if-none-match": '"e1:5"', "x-rampart-basis": "e1:5" });
    expect(client.status()).toMatchObject({ state: "stale", transport: "none" });
    await poll.answer({ status: 304 });
    expect(client.status()).toMatchObject({ state: "ready", transport: "poll", lastContactMs: 0 });

    await platform.advance(11_000);
    const second = platform.exchange("/flags");
    expect(second).not.toBe(poll);
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    expect(second.aborted).toBe(true);
    expect(client.status().transport).toBe("stream");
    const asked = platform.exchanges.length;
    for (let beats = 0; beats < 8; beats++) {
      await platform.advance(5_000);
      platform.stream.send("heartbeat", heartbeatOf(ON));
    }
    expect(platform.exchanges.length).toBe(asked);
  });

  it("takes no poll that is older than what it holds, nor one that is cut short", async () => {
    await connected();
    await failUntilPolling();
    await platform
      .exchange("/flags")
      .answer({ status: 200, body: JSON.stringify(snapshotOf(4, [flagAt(4, { killed: true })])) });
    expect(client.status()).toMatchObject({ revision: 5, state: "stale" });
    await platform.advance(11_000);
    await platform.exchange("/flags").answer({ status: 200, body: JSON.stringify(snapshotOf(7, [])).slice(0, -3) });
    expect(client.status()).toMatchObject({ revision: 5, state: "stale" });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("takes the kills that a server tells which can't answer a poll, and none of it as contact", async () => {
    await connected();
    await failUntilPolling();
    const { lastContactMs } = client.status();
    const problem = { code: "NOT_CURRENT", status: 503 };
    await platform.exchange("/flags").answer({ status: 503, body: JSON.stringify(problem) });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(11_000);
    const told = { ...problem, ...snapshotOf(5, [flagAt(5, { killed: true })]), off: [FLAG] };
    await platform.exchange("/flags").answer({ status: 503, body: JSON.stringify(told) });
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(client.status().lastContactMs).toBeGreaterThanOrEqual((lastContactMs ?? 0) + 11_000);
    expect(client.status().state).toBe("stale");
  });

  it("waits with polling for as long as Retry-After says", async () => {
    await connected();
    await failUntilPolling();
    await platform.exchange("/flags").answer({ status: 503, retryAfter: "40" });
    const asked = platform.exchanges.length;
    await platform.advance(40_000);
    expect(platform.exchanges.length).toBe(asked);
    await platform.advance(1_000);
    expect(platform.exchanges.length).toBe(asked + 1);
  });

  it("keeps values and stops asking when its key is refused", async () => {
    await connected();
    platform.stream.fail();
    await platform.advance(1_000);
    platform.stream.fail({ status: 401 });
    expect(client.status().state).toBe("failed");
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(errors()).toEqual(["STREAM_FAILED", "STREAM_FAILED", "KEY_REFUSED"]);
    const opened = platform.streams.length;
    await platform.advance(299_000);
    expect(platform.streams.length).toBe(opened);
    await platform.advance(17_000);
    expect(platform.streams.length).toBe(opened + 1);
    platform.stream.open().send("heartbeat", heartbeatOf(ON));
    expect(client.status().state).toBe("ready");
  });

  it("comes back after a goodbye when the server said, still ready", async () => {
    await connected();
    platform.stream.send("goodbye", goodbyeOf("shutdown", 2_000));
    expect(platform.openStreams).toBe(0);
    expect(client.status().state).toBe("ready");
    await platform.advance(2_000);
    expect(platform.openStreams).toBe(0);
    await platform.advance(1_000);
    expect(platform.openStreams).toBe(1);
  });

  it("is not disturbed by listeners that throw", async () => {
    create();
    client.on("change", () => {
      throw new Error("mine");
    });
    let heard = 0;
    client.on("change", () => (heard += 1));
    void client.init();
    await settle();
    platform.stream.open().send("snapshot", ON);
    expect(heard).toBe(1);
    expect(client.status().state).toBe("ready");
    expect(errors()).toEqual(["LISTENER_THREW"]);
  });

  it("stops telling a listener that unsubscribed", async () => {
    await connected();
    let heard = 0;
    const off = client.on("change", () => (heard += 1));
    off();
    platform.stream.send("delta", deltaOf(6, flagAt(6, {})));
    expect(heard).toBe(0);
  });
});

describe("init", () => {
  it("gives defaults after its timeout when there is no server, and goes on trying", async () => {
    const result = create().init({ timeoutMs: 300 });
    await platform.advance(300);
    expect(await result).toMatchObject({ status: "timeout", revision: 0 });
    expect(client.isEnabled(FLAG, "u", true)).toBe(true);
    platform.stream.open().send("snapshot", ON);
    expect(client.status().state).toBe("ready");
    expect(await client.init()).toEqual({ status: "ready", revision: 5 });
  });

  it("is stale with a bootstrap when there is no server", async () => {
    const result = create({ bootstrap: ON }).init({ timeoutMs: 300 });
    await platform.advance(300);
    expect(await result).toMatchObject({ status: "stale", revision: 5 });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(client.status()).toMatchObject({ state: "stale", lastContactMs: undefined });
  });

  it("says what is wrong with a bootstrap, and goes on without", async () => {
    void create({ bootstrap: { flags: "none" } }).init();
    await settle();
    expect(errors()).toEqual(["BOOTSTRAP_INVALID"]);
    expect(platform.openStreams).toBe(1);
  });

  it("fails at once when the key is refused", async () => {
    const result = create().init();
    await settle();
    platform.stream.fail({ status: 403 });
    expect(await result).toMatchObject({
      status: "failed",
      revision: 0,
      message: expect.stringContaining("refused the key"),
    });
  });

  it.each([
    ["url", { url: "flags.example.com" }],
    ["url", { url: "" }],
    ["sdkKey", { sdkKey: "" }],
    ["sdkKey", { sdkKey: "top\nsecret" }],
  ])("fails with a message about the %s, without asking anybody, given %o", async (field, options) => {
    const result = await create(options).init();
    expect(result).toMatchObject({ status: "failed", message: expect.stringContaining(field) });
    expect(result.message).not.toContain("secret");
    expect(platform.streams).toEqual([]);
    expect(client.isEnabled(FLAG, "u", true)).toBe(true);
    expect(await client.init()).toEqual(result);
  });

  it("keeps the process alive while it waits, and not a moment longer", async () => {
    const result = create().init({ timeoutMs: 300 });
    await settle();
    expect(platform.keepsProcessAlive).toBe(true);
    await platform.advance(300);
    await result;
    expect(platform.keepsProcessAlive).toBe(false);
    expect(platform.timersPending).toBeGreaterThan(0);
  });

  it.each([Number.NaN, -1, 0])("does not wait at all for %d ms", async (timeoutMs) => {
    const result = create().init({ timeoutMs });
    await platform.advance(0);
    expect((await result).status).toBe("timeout");
  });

  it("answers two callers with one connection, each in its own time", async () => {
    create();
    const hasty = client.init({ timeoutMs: 100 });
    const patient = client.init({ timeoutMs: 1_000 });
    await platform.advance(100);
    platform.stream.open().send("snapshot", ON);
    expect((await hasty).status).toBe("timeout");
    expect((await patient).status).toBe("ready");
    expect(platform.streams.length).toBe(1);
  });
});

describe("close", () => {
  it("ends the stream, the timers and the waiting, and keeps the values", async () => {
    await connected();
    await client.close();
    expect(platform.openStreams).toBe(0);
    expect(platform.timersPending).toBe(0);
    expect(client.status()).toMatchObject({ state: "closed", transport: "none" });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(await client.init()).toMatchObject({ status: "failed" });
  });

  it("is idempotent", async () => {
    await connected();
    const first = client.close();
    expect(client.close()).toBe(first);
    await first;
    await client.close();
  });

  it("returns within 2 s when the server hangs and the disk does too", async () => {
    await connected();
    client.track("clicks", "u");
    platform.cache.hold();
    let closed = false;
    void client.close().then(() => (closed = true));
    await platform.advance(1_999);
    expect(closed).toBe(false);
    expect(platform.keepsProcessAlive).toBe(true);
    await platform.advance(1);
    expect(closed).toBe(true);
  });

  it("before init only marks the client as closed", async () => {
    await create().close();
    expect((await client.init()).status).toBe("failed");
    expect(platform.streams).toEqual([]);
    expect(platform.cache.saves).toBe(0);
  });

  it("while init waits ends the waiting", async () => {
    const result = create().init({ timeoutMs: 60_000 });
    await settle();
    await client.close();
    expect((await result).status).toBe("failed");
    expect(platform.timersPending).toBe(0);
  });
});
