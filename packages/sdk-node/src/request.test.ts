import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HttpRequest } from "@rampart/core";
import { SNAPSHOT_BYTES_MAX } from "@rampart/core";
import { nodeFetch } from "./fetch.ts";
import type { Fetch } from "./fetch.ts";
import { request } from "./request.ts";
import { openStream } from "./stream.ts";
import { FlagServer } from "./testing/flag-server.ts";
import { flagAt, snapshotOf } from "./testing/frames.ts";
import { until } from "./testing/time.ts";

const SNAPSHOT = snapshotOf(flagAt(5));

let server: FlagServer;

beforeEach(async () => {
  server = await new FlagServer(SNAPSHOT).start();
});

afterEach(() => server.stop());

const get = (how: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url: `${server.url}/sdk/v1/flags`,
  headers: { "x-test": "1" },
  timeoutMs: 2_000,
  bodyBytesMax: 1_000_000,
  ...how,
});

describe.each([
  ["node:http", nodeFetch],
  ["the global fetch", globalThis.fetch as Fetch],
])("a request over %s", (_name, fetch) => {
  it("gives status, body and Retry-After", async () => {
    server.onFlags = (_asked, response) => void response.writeHead(429, { "retry-after": "7" }).end("slow · down");
    expect(await request(fetch, get()).response).toEqual({ status: 429, body: "slow · down", retryAfter: "7" });
    expect(server.asked[0]?.headers).toMatchObject({ "x-test": "1" });
  });

  it("posts a body of any alphabet", async () => {
    const posted = get({ method: "POST", url: `${server.url}/sdk/v1/events`, body: '{"ü":1}' });
    expect((await request(fetch, posted).response).status).toBe(202);
    expect(server.asked[0]).toMatchObject({ method: "POST", body: '{"ü":1}' });
  });

  it("rejects an answer that is too long while it comes", async () => {
    server.onFlags = (_asked, response) => void response.writeHead(200).write("x".repeat(2_000));
    await expect(request(fetch, get({ bodyBytesMax: 1_999 })).response).rejects.toThrow("longer than 1999 bytes");
  });

  it.each([
    ["no answer", () => {}],
    ["half an answer", (_asked: unknown, response: { write(text: string): unknown }) => void response.write("half")],
  ])("rejects %s at its deadline", async (_case, handler) => {
    server.onFlags = handler;
    await expect(request(fetch, get({ timeoutMs: 50 })).response).rejects.toThrow("no whole answer within 0.05 s");
  });

  it("rejects an answer that is cut short", async () => {
    server.onFlags = (_asked, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half", () => response.destroy());
    };
    await expect(request(fetch, get()).response).rejects.toThrow();
  });

  it("can be aborted, more than once", async () => {
    server.onFlags = () => {};
    const pending = request(fetch, get());
    pending.abort();
    pending.abort();
    await expect(pending.response).rejects.toThrow("aborted");
  });

  it("rejects an address that is none", async () => {
    await expect(request(fetch, get({ url: "http://[" })).response).rejects.toThrow();
  });
});

describe("a stream", () => {
  it("gives up on an event without an end before it fills the memory", async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(120);
    let chunks = 0;
    const read = async (): Promise<{ done: false; value: Uint8Array }> => {
      chunks++;
      await new Promise((resolve) => setImmediate(resolve));
      return { done: false, value: chunk };
    };
    let cancelled = false;
    const cancel = async (): Promise<void> => void (cancelled = true);
    const endless: Fetch = async () => ({
      status: 200,
      headers: { get: () => "text/event-stream" },
      body: { getReader: () => ({ read, cancel }) },
    });
    let failure = "";
    const events = {
      opened: () => {},
      bytes: () => {},
      frame: () => {},
      failed: ({ message }: { message: string }) => (failure = message),
    };
    openStream(endless, { url: "http://endless.test", headers: {} }, events);
    await until(() => cancelled, "the limit");
    expect(failure).toContain(`longer than ${SNAPSHOT_BYTES_MAX} bytes`);
    expect(chunks).toBe(SNAPSHOT_BYTES_MAX / chunk.length + 1);
  });

  it("says nothing after it was closed, also when it was closed before it began", async () => {
    let said = 0;
    const say = (): void => void said++;
    const stream = openStream(
      nodeFetch,
      { url: `${server.url}/sdk/v1/stream`, headers: {} },
      { opened: say, bytes: say, frame: say, failed: say },
    );
    stream.close();
    stream.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toBe(0);
    expect(server.asked).toEqual([]);
  });
});
