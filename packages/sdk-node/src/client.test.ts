import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FlagClient } from "@rampart/core";
import { createClientOnPorts } from "@rampart/core";
import { createClient } from "./client.ts";
import { createNodePorts } from "./ports.ts";
import { deltaOf, FLAG, flagAt, snapshotOf } from "./testing/frames.ts";
import { FlagServer, frameOf } from "./testing/flag-server.ts";
import { until, VirtualTime } from "./testing/time.ts";
import { readFileSync } from "node:fs";
import { SDK_VERSION } from "./version.ts";

const ON = snapshotOf(flagAt(5));
const KILL = deltaOf(flagAt(6, { killed: true }), { urgent: true });

let server: FlagServer;
let time: VirtualTime;
let client: FlagClient;
let errors: string[];

beforeEach(async () => {
  server = await new FlagServer(ON).start();
  time = new VirtualTime();
});

afterEach(async () => {
  const closing = client?.close();
  time.advance(2_000);
  await closing;
  await server.stop();
});

/** A client with real sockets, and clocks that the test moves. */
function create(): FlagClient {
  errors = [];
  client = createClientOnPorts(
    { ...createNodePorts(), ...time.ports },
    { url: server.url, sdkKey: "rs_key", sdk: "node/test", instanceId: "i-1" },
  );
  client.on("error", ({ code, message }) => errors.push(`${code}: ${message}`));
  return client;
}

async function connected(): Promise<void> {
  expect(await create().init()).toEqual({ status: "ready", revision: server.snapshot.revision });
}

const revisionIs = (revision: number) => until(() => client.status().revision === revision, `revision ${revision}`);
const streamsAre = (count: number) => until(() => server.streams.length === count, `${count} streams`);
const failures = (count: number) =>
  until(() => errors.filter((error) => error.startsWith("STREAM")).length === count, `${count} failures`);

describe("over real sockets, a client", () => {
  it("sends its key and its name, and takes the snapshot", async () => {
    await connected();
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    expect(server.asked[0]).toMatchObject({
      method: "GET",
      path: "/sdk/v1/stream",
      headers: {
        authorization: "Bearer rs_key",
        "x-rampart-sdk": "node/test",
        "x-rampart-instance": "i-1",
        accept: "text/event-stream",
      },
    });
  });

  it("applies a kill and posts a receipt", async () => {
    await connected();
    server.stream.send("delta", KILL);
    await revisionIs(6);
    expect(client.isEnabled(FLAG, "u")).toBe(false);
    time.advance(500);
    await until(() => server.askedFor("/sdk/v1/ack").length === 1, "a receipt");
    expect(JSON.parse(server.askedFor("/sdk/v1/ack").at(0)!.body)).toEqual({
      instanceId: "i-1",
      epoch: "e1",
      revision: 6,
      appliedAt: time.startedAt,
    });
  });

  it("takes duplicates once and resyncs after a gap", async () => {
    await connected();
    server.stream.send("delta", KILL);
    server.stream.send("delta", KILL);
    await revisionIs(6);
    server.snapshot = snapshotOf(flagAt(9));
    server.stream.send("delta", deltaOf(flagAt(9)));
    await until(() => errors.length === 1, "a resync");
    time.advance(1_000);
    await revisionIs(9);
    expect(server.stream.asked.path).toBe("/sdk/v1/stream");
    expect(errors[0]).toMatch(/^RESYNC/);
  });

  it("applies nothing of a frame that was cut at any byte", async () => {
    const bytes = Buffer.from(frameOf("delta", deltaOf(flagAt(6, { killed: true }))));
    for (let length = 0; length < bytes.length; length += 1) {
      const ports = createNodePorts({
        fetch: async () => answerOf(frameOf("snapshot", ON), bytes.subarray(0, length)),
      });
      client = createClientOnPorts(
        { ...ports, ...time.ports },
        { url: "http://cut.test", sdkKey: "rs_key", sdk: "node/test", instanceId: "i-1" },
      );
      let failed = false;
      client.on("error", ({ code }) => (failed ||= code === "STREAM_FAILED"));
      void client.init();
      await until(() => failed, "the end of the stream");
      expect(client.status().revision).toBe(5);
      expect(client.isEnabled(FLAG, "u")).toBe(true);
      await client.close();
    }
  });

  it("is not confused by a frame that comes byte by byte", async () => {
    await connected();
    for (const byte of Buffer.from(frameOf("delta", KILL))) {
      server.stream.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await revisionIs(6);
  });

  it("leaves a half-open connection after 12 s without a frame", async () => {
    await connected();
    server.stream.write(": not a frame\n\n");
    time.advance(12_000);
    expect(client.status()).toMatchObject({ state: "stale", lastContactMs: 12_000 });
    await until(() => !server.stream.isOpen, "the old stream to be closed");
    time.advance(1_000);
    await streamsAre(2);
    await until(() => client.status().state === "ready", "contact");
    expect(server.stream.asked.path).toBe("/sdk/v1/stream?basis=e1%3A5");
  });

  it("comes back no earlier than Retry-After says", async () => {
    server.onStream = (_asked, response) => void response.writeHead(503, { "retry-after": "20" }).end("busy");
    void create().init();
    await failures(1);
    expect(errors[0]).toContain("503");
    server.onStream = (asked, response) => server.openStream(asked, response);
    time.advance(19_999);
    expect(server.askedFor("/sdk/v1/stream").length).toBe(1);
    time.advance(1_000);
    await revisionIs(5);
  });

  it("keeps values and stops asking when its key was revoked", async () => {
    await connected();
    server.onStream = (_asked, response) => void response.writeHead(401).end();
    server.stream.cut();
    await failures(1);
    time.advance(1_000);
    await until(() => client.status().state === "failed", "the refusal");
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    time.advance(299_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.asked.length).toBe(2);
  });

  it("polls with ETag after three failures, and returns to the stream", async () => {
    await connected();
    server.onStream = (_asked, response) => void response.writeHead(502).end();
    server.stream.cut();
    for (let failure = 1; failure <= 3; failure += 1) {
      await failures(failure);
      time.advance(failure * 1_000);
    }
    await until(() => client.status().transport === "poll", "polling");
    expect(server.askedFor("/sdk/v1/flags")[0]?.headers).toMatchObject({
      "if-none-match": '"e1:5"',
      "x-rampart-basis": "e1:5",
    });
    expect(client.status().state).toBe("ready");

    server.snapshot = snapshotOf(flagAt(6, { killed: true }));
    time.advance(10_000);
    await revisionIs(6);
    expect(client.isEnabled(FLAG, "u")).toBe(false);

    server.onStream = (asked, response) => server.openStream(asked, response);
    await time.advanceUntil(() => client.status().transport === "stream", "the stream");
    expect(server.stream.asked.path).toBe("/sdk/v1/stream?basis=e1%3A6");
  });

  it("polls where a proxy holds the stream's bytes back", async () => {
    server.onStream = (asked, response) => void server.acceptStream(asked, response);
    void create().init();
    for (let failure = 1; failure <= 3; failure += 1) {
      await streamsAre(failure);
      await new Promise((resolve) => setImmediate(resolve));
      time.advance(5_000);
    }
    time.advance(1_000);
    await until(() => client.status().transport === "poll", "polling");
    expect(client.isEnabled(FLAG, "u")).toBe(true);
  });

  it("takes no answer that is no event stream", async () => {
    server.onStream = (_asked, response) =>
      void response.writeHead(200, { "content-type": "text/html" }).end("<p>please log in</p>");
    void create().init();
    await failures(1);
    expect(errors[0]).toContain("content type");
  });

  it("does not follow a redirect with its key", async () => {
    const other = await new FlagServer(ON).start();
    server.onStream = (_asked, response) =>
      void response.writeHead(302, { location: `${other.url}/sdk/v1/stream` }).end();
    void create().init();
    await failures(1);
    expect(other.asked).toEqual([]);
    await other.stop();
  });

  it("keeps its values over a restart of the server, and follows on", async () => {
    await connected();
    await server.stop();
    await failures(1);
    time.advance(1_000);
    await failures(2);
    expect(client.status().state).toBe("stale");
    expect(client.isEnabled(FLAG, "u")).toBe(true);
    server.snapshot = snapshotOf(flagAt(7, { killed: true }));
    await server.start();
    time.advance(2_000);
    await revisionIs(7);
  });

  it("sends what was measured, and closes", async () => {
    await connected();
    client.run(FLAG, "u", { on: () => 1, off: () => 2 });
    client.track("orders", "u", { value: 3 });
    await client.close();
    const [report] = server.askedFor("/sdk/v1/events").map(({ body }) => JSON.parse(body));
    expect(report).toMatchObject({
      instanceId: "i-1",
      seq: 1,
      runs: [{ flag: FLAG, cohort: "on", count: 1, failures: 0 }],
      tracks: [{ metric: "orders", count: 1, sum: 3 }],
    });
    await until(() => !server.stream.isOpen, "the end of the stream");
  });

  it("closes within 2 s when the server hangs, by its own clock", async () => {
    client = createClient({ url: server.url, sdkKey: "rs_key" });
    await client.init();
    server.onPost = () => {};
    client.track("orders", "u");
    const startedMs = performance.now();
    await client.close();
    expect(performance.now() - startedMs).toBeLessThan(2_500);
  });
});

describe("createClient", () => {
  it("follows a server with the global fetch too", async () => {
    client = createClient({ url: server.url, sdkKey: "rs_key", fetch: globalThis.fetch });
    expect((await client.init()).status).toBe("ready");
    server.stream.send("delta", KILL);
    await revisionIs(6);
  });

  it("tells a logger what the error event is told", async () => {
    await server.stop();
    const lines: string[] = [];
    client = createClient({ url: server.url, sdkKey: "rs_key", logger: { warn: (line) => lines.push(line) } });
    expect((await client.init({ timeoutMs: 50 })).status).toBe("timeout");
    expect(lines[0]).toMatch(/^rampart: STREAM_FAILED: GET http:.*ECONNREFUSED/);
    expect(lines.join()).not.toContain("rs_key");
  });

  it("answers a missing url or key with a message, not with a throw", async () => {
    client = createClient({} as { url: string; sdkKey: string });
    expect(await client.init()).toMatchObject({ status: "failed", message: expect.stringContaining("url") });
  });

  it("survives an address that only the platform can tell is none", async () => {
    const lines: string[] = [];
    client = createClient({ url: "http://[flags", sdkKey: "rs_key", logger: { warn: (line) => lines.push(line) } });
    expect((await client.init({ timeoutMs: 50 })).status).toBe("timeout");
    expect(lines[0]).toMatch(/STREAM_FAILED/);
  });

  it("names the version that package.json has", () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(SDK_VERSION).toBe(version);
  });
});

/** An answer that gives these bytes and ends. */
function answerOf(...parts: readonly (string | Uint8Array)[]) {
  const chunks = parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part));
  return {
    status: 200,
    headers: { get: (name: string) => (name.toLowerCase() === "content-type" ? "text/event-stream" : null) },
    body: {
      getReader: () => ({
        read: async () => {
          const value = chunks.shift();
          return value === undefined ? ({ done: true } as const) : ({ done: false, value } as const);
        },
        cancel: async () => {},
      }),
    },
  };
}
