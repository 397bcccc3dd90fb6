import { beforeEach, describe, expect, it } from "vitest";
import { createClientOnPorts } from "./client.ts";
import { connectedClient, IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform } from "./testing/platform.ts";
import type { FlagClient } from "./types.ts";

const LEASED = snapshotOf(5, [flagAt(5, { leaseMs: 25_000 })]);

let platform: FakePlatform;
let client: FlagClient;

async function connect(snapshot = LEASED): Promise<void> {
  client = await connectedClient(platform, snapshot);
}

/** A new process with the cache that the last one left, and no server. */
async function restart(options: { readonly bootstrap?: unknown } = {}): Promise<void> {
  client = createClientOnPorts(platform.ports, { ...IDENTITY, ...options });
  const ready = client.init({ timeoutMs: 0 });
  await platform.advance(0);
  expect((await ready).status).toBe("stale");
}

const served = () => client.evaluate(FLAG, "u", false);

beforeEach(() => {
  platform = new FakePlatform();
});

describe("a flag with a lease", () => {
  it("turns off when its server was silent for longer, and on again with the next contact", async () => {
    await connect();
    await platform.advance(25_000);
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1);
    expect(client.isEnabled(FLAG, "u", true)).toBe(false);
    expect(served()).toMatchObject({ value: false, variant: "off", reason: "STALE" });
    await platform.advance(1_000);
    platform.stream.open().send("heartbeat", heartbeatOf(LEASED));
    expect(served()).toMatchObject({ value: true, variant: "on" });
  });

  it("lives as long as heartbeats come", async () => {
    await connect();
    for (let beat = 0; beat < 12; beat++) {
      await platform.advance(5_000);
      platform.stream.send("heartbeat", heartbeatOf(LEASED));
    }
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("lives as long as polls are answered", async () => {
    await connect();
    for (let failure = 0; failure < 3; failure++) {
      platform.stream.fail();
      await platform.advance(5_000);
    }
    for (let poll = 0; poll < 4; poll++) {
      await platform.exchange("/flags").answer({ status: 304 });
      await platform.advance(11_000);
      expect(client.isEnabled(FLAG, "u")).toBe(true);
    }
  });

  it("is not kept on by a server whose data is older: its kill would be ignored", async () => {
    await connect();
    const older = snapshotOf(3, [flagAt(3, {})]);
    for (let beat = 0; beat < 6; beat++) {
      await platform.advance(5_000);
      platform.stream.send("heartbeat", heartbeatOf(older));
    }
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
  });

  it("is not kept on by a server that does not know what is stored, though the connection to it is, and on again when it does", async () => {
    await connect();
    for (let beat = 0; beat < 6; beat++) {
      await platform.advance(5_000);
      platform.stream.send("unconfirmed", null);
    }
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
    expect(client.status()).toMatchObject({ state: "stale", transport: "stream" });
    expect(platform.openStreams).toBe(1);
    platform.stream.send("heartbeat", heartbeatOf(LEASED));
    expect(served()).toMatchObject({ value: true });
    expect(client.status().state).toBe("ready");
  });

  it("is off when such a server is all that a client ever heard of; flags without a lease are served", async () => {
    const plain = flagAt(5, { key: "plain" });
    client = await connectedClient(platform, snapshotOf(5, [...LEASED.flags, plain]), "unconfirmed");
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
    expect(client.isEnabled("plain", "u")).toBe(true);
    expect(client.status().state).toBe("stale");
  });

  it("is not kept on by kills that could not be stored, nor by the answer to a receipt", async () => {
    await connect(snapshotOf(5, [...LEASED.flags, flagAt(4, { key: "a" }), flagAt(4, { key: "b" })]));
    for (const key of ["a", "b"]) {
      await platform.advance(11_000);
      platform.stream.send("emergency", { epoch: "e1", revision: 5, off: [key] });
      await platform.advance(500);
      await platform.exchange("/ack").answer({ status: 204 });
      expect(client.isEnabled(key, "u")).toBe(false);
    }
    await platform.advance(2_000);
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1);
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
  });

  it("is off after the machine slept, until the server was heard of anew", async () => {
    await connect();
    platform.suspend(3_600_000);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    // The frame lay in the socket's buffer all night: it proves nothing.
    platform.stream.send("heartbeat", heartbeatOf(LEASED));
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    expect(platform.openStreams).toBe(0);
    expect(client.status().state).toBe("stale");
    await platform.advance(1_000);
    platform.stream.open().send("heartbeat", heartbeatOf(LEASED));
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(client.status().state).toBe("ready");
  });

  it("is off after the wall clock was set by an hour, until the next frame of a new stream", async () => {
    await connect();
    platform.wallMs -= 3_600_000;
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    platform.stream.send("heartbeat", heartbeatOf(LEASED));
    await platform.advance(1_000);
    platform.stream.open().send("heartbeat", heartbeatOf(LEASED));
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("is not brought back by an answer that was under way when the machine went to sleep", async () => {
    await connect();
    for (let failure = 0; failure < 3; failure++) {
      platform.stream.fail();
      await platform.advance(5_000);
    }
    platform.suspend(3_600_000);
    await platform.exchange("/flags").answer({ status: 304 });
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    await platform.advance(11_000);
    await platform.exchange("/flags").answer({ status: 304 });
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("does not mind clocks that drift by a little", async () => {
    await connect();
    platform.wallMs += 5_000;
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("runs on over a restart from the cache", async () => {
    await connect();
    await client.close();
    await platform.advance(24_000);
    await restart();
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1_001);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
  });

  it("is off at once when the cache's last contact is longer ago than the lease", async () => {
    await connect();
    await client.close();
    await platform.advance(60_000);
    await restart();
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
  });

  it("is off when the wall clock is earlier than the cache's last contact", async () => {
    await connect();
    await client.close();
    platform.wallMs -= 60_000;
    await restart();
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
  });

  it("is off from a bootstrap: nobody knows how old that is", async () => {
    await restart({ bootstrap: LEASED });
    expect(served()).toMatchObject({ value: false, reason: "STALE" });
  });
});

describe("a flag without a lease", () => {
  it("is served as it was last known, however long the silence, without a look at the clock", async () => {
    await connect(snapshotOf(5, [flagAt(5, {})]));
    await platform.advance(7 * 24 * 3_600_000);
    // The first one begins what is reported.
    client.isEnabled(FLAG, "u");
    const before = platform.clockReads;
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(platform.clockReads).toBe(before);
  });

  it("begins to expire with the delta that gives it a lease", async () => {
    await connect(snapshotOf(5, [flagAt(5, {})]));
    platform.stream.send("delta", deltaOf(6, flagAt(6, { leaseMs: 1_000 })));
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    await platform.advance(1_001);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
  });
});
