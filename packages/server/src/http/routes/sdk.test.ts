import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import type { ClientsView, Snapshot } from "@rampart/core";
import { BASIS_HEADER, INSTANCE_HEADER, parseSnapshot, SDK_HEADER } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import { openStream } from "../../testing/sse-client.ts";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await server.call("POST /api/v1/flags", { body: { key: "checkout", description: "not for SDKs" } });
});

const kill = () => server.call("POST /api/v1/environments/production/flags/checkout/kill");
const clients = async () => (await server.call<ClientsView>("GET /api/v1/environments/production/clients")).body;
const named = (instance: string, more: Readonly<Record<string, string>> = {}) => ({
  authorization: `Bearer ${server.sdkKey}`,
  [INSTANCE_HEADER]: instance,
  [SDK_HEADER]: "node/0.1.0",
  ...more,
});
const poll = (headers: Readonly<Record<string, string>> = {}) =>
  server.call<Snapshot>("GET /sdk/v1/flags", { token: server.sdkKey, headers });

describe("GET /sdk/v1/flags", () => {
  it("is the whole environment, as SDKs parse it, and nothing that they don't need", async () => {
    const { status, body, headers, text } = await poll();
    expect(status).toBe(200);
    expect(parseSnapshot(body)).toMatchObject({
      ok: true,
      skipped: [],
      value: { environment: "production", flags: [{ key: "checkout" }] },
    });
    expect(headers.get("etag")).toBe(`"${body.epoch}:${body.revision}"`);
    expect(text).not.toContain("not for SDKs");
  });

  it("has no body for a client that has it, until something changes", async () => {
    const etag = (await poll()).headers.get("etag") ?? "";
    expect(await poll({ "if-none-match": etag })).toMatchObject({ status: 304, text: "" });
    expect(await poll({ "if-none-match": `"other", W/${etag}` })).toMatchObject({ status: 304 });
    await kill();
    expect((await poll({ "if-none-match": etag })).status).toBe(200);
  });

  it("comes compressed where that is understood, and only there", async () => {
    const raw = async (encoding: string): Promise<{ encoding: string | undefined; body: Buffer }> => {
      const sent = request({
        port: server.port,
        path: "/sdk/v1/flags",
        headers: { authorization: `Bearer ${server.sdkKey}`, "accept-encoding": encoding, connection: "close" },
      });
      const [response] = (await once(sent.end(), "response")) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return { encoding: response.headers["content-encoding"], body: Buffer.concat(chunks) };
    };
    const plain = await raw("identity");
    const zipped = await raw("br, gzip");
    expect(plain.encoding).toBeUndefined();
    expect(zipped.encoding).toBe("gzip");
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
    expect((await raw("gzip;q=0, br")).encoding).toBeUndefined();
  });

  it("shows who polls, and takes what they say they hold for a receipt", async () => {
    const { body } = await poll({ [INSTANCE_HEADER]: "poller", [SDK_HEADER]: "node/0.1.0" });
    await poll({
      [INSTANCE_HEADER]: "poller",
      [SDK_HEADER]: "node/0.1.0",
      [BASIS_HEADER]: `${body.epoch}:${body.revision}`,
    });
    expect((await clients()).clients).toMatchObject([
      { instanceId: "poller", sdk: "node/0.1.0", transport: "poll", revision: 1, acknowledgedRevision: 1, lag: 0 },
    ]);
  });

  it("does not keep a name that is none", async () => {
    await poll({ [INSTANCE_HEADER]: "<script>", [SDK_HEADER]: "x" });
    await poll({ [INSTANCE_HEADER]: "fine", [SDK_HEADER]: "not a name" });
    expect((await clients()).clients).toMatchObject([{ instanceId: "fine", sdk: "unknown" }]);
  });

  it("sees a write as soon as its caller was answered", async () => {
    for (let percentage = 1; percentage <= 20; percentage++) {
      await server.call("POST /api/features/rollout", { body: { feature: "checkout", percentage } });
      expect((await poll()).body.flags[0]?.fallthrough).toEqual({ percentage });
    }
  });
});

describe("GET /sdk/v1/stream", () => {
  it("carries a kill to a client at once, marked urgent, and shows its receipt", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", named("streamer"));
    const { data: snapshot } = await stream.nextOf("snapshot");
    await kill();
    const { data: delta } = await stream.nextOf("delta");
    expect(delta).toMatchObject({ from: 1, revision: 2, urgent: true, flags: [{ key: "checkout", enabled: false }] });
    const ack = { instanceId: "streamer", epoch: snapshot["epoch"], revision: 2, appliedAt: Date.now() };
    expect((await server.call("POST /sdk/v1/ack", { token: server.sdkKey, body: ack })).status).toBe(204);
    expect(await clients()).toMatchObject({
      total: 1,
      current: 1,
      clients: [{ instanceId: "streamer", transport: "stream", revision: 2, acknowledgedRevision: 2 }],
    });
    const { text } = await server.call("GET /metrics");
    expect(text).toMatch(/rampart_receipt_seconds_count\{environment="production"\} 1/);
    expect(text).toMatch(/rampart_fanout_seconds_count\{environment="production"\} 1/);
  });

  it("takes a client's goodbye, and expects nothing of it any more", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", named("leaver"));
    const { data: snapshot } = await stream.nextOf("snapshot");
    await kill();
    const goodbye = { instanceId: "leaver", epoch: snapshot["epoch"], revision: 2, appliedAt: Date.now(), left: true };
    expect((await server.call("POST /sdk/v1/ack", { token: server.sdkKey, body: goodbye })).status).toBe(204);
    expect(await clients()).toMatchObject({ total: 0, clients: [] });
    expect((await server.call("GET /metrics")).text).not.toMatch(
      /rampart_receipt_seconds_count\{environment="production"\} [1-9]/,
    );
  });

  it("resumes from the query, or from what an EventSource sends by itself", async () => {
    const { body } = await poll();
    await kill();
    const byQuery = openStream(server.port, `/sdk/v1/stream?basis=${body.epoch}:1`, named("a"));
    expect(await byQuery.next()).toMatchObject({ event: "delta", data: { from: 1, revision: 2 } });
    const byHeader = openStream(server.port, "/sdk/v1/stream", named("b", { "last-event-id": `${body.epoch}:2` }));
    expect(await byHeader.next()).toMatchObject({ event: "heartbeat", data: { revision: 2 } });
  });

  it("takes a client without a name for as long as its connection lasts", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", { "x-api-key": server.sdkKey });
    await stream.nextOf("snapshot");
    expect((await clients()).clients).toMatchObject([
      { instanceId: expect.stringMatching(/^anonymous-\d+$/) as string, sdk: "unknown" },
    ]);
  });

  it("that is refused says when to come back", async () => {
    const full = await startTestServer({ config: { streamsMax: 1 } });
    const headers = { authorization: `Bearer ${full.sdkKey}` };
    await openStream(full.port, "/sdk/v1/stream", headers).nextOf("snapshot");
    const { status, headers: answer, body } = await full.call("GET /sdk/v1/stream", { token: full.sdkKey });
    expect(status).toBe(503);
    expect(Number(answer.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(body.code).toBe("STREAMS_FULL");
  });

  it("is not opened twice on a connection that pipelines, and what a client sends into it changes nothing", async () => {
    const stream = openStream(server.port, "/sdk/v1/stream", named("talker"));
    await stream.nextOf("snapshot");
    stream.socket.write(`GET /sdk/v1/flags HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.sdkKey}\r\n\r\n`);
    await kill();
    expect((await stream.nextOf("delta")).data).toMatchObject({ revision: 2 });
    stream.socket.write("\u0000 nonsense \r\n\r\n");
    await stream.closed();
    expect(stream.body()).not.toContain("HTTP/1.1");
    expect((await poll()).status).toBe(200);
  });
});

describe("POST /sdk/v1/ack", () => {
  it.each([{}, { instanceId: "a", epoch: "e", revision: -1, appliedAt: 0 }, [], "text"])("refuses %j", async (body) => {
    expect(
      await server.call("POST /sdk/v1/ack", {
        token: server.sdkKey,
        body,
        headers: { "content-type": "application/json" },
      }),
    ).toMatchObject({ status: 400 });
  });
});

describe("POST /sdk/v1/events", () => {
  const report = (runs: readonly object[], more: object = {}) => ({
    instanceId: "a",
    seq: 1,
    from: 0,
    to: 10_000,
    runs,
    tracks: [{ metric: "basket", count: 2, sum: 40 }],
    dropped: 1,
    ...more,
  });
  const run = (flag: string, cohort: string) => ({
    flag,
    cohort,
    count: 10,
    failures: 2,
    latencySumMs: 500,
    latencyBins: [[3, 10]],
  });
  const send = (body: unknown) => server.call("POST /sdk/v1/events", { token: server.sdkKey, body });

  it("counts what was measured, by flag and cohort, and drops what is of no flag", async () => {
    expect((await send(report([run("checkout", "on"), run("checkout", "off"), run("made-up", "on")]))).status).toBe(
      204,
    );
    const { text } = await server.call("GET /metrics");
    expect(text).toMatch(/rampart_flag_runs_total\{environment="production",flag="checkout",cohort="on"\} 10/);
    expect(text).toMatch(/rampart_flag_run_failures_total\{environment="production",flag="checkout",cohort="off"\} 2/);
    expect(text).toMatch(/rampart_flag_run_seconds_total\{environment="production",flag="checkout",cohort="on"\} 0.5/);
    expect(text).toMatch(/rampart_events_dropped_total\{environment="production"\} 11/);
    expect(text).not.toContain("made-up");
  });

  it("counts a report once, however often it comes", async () => {
    const body = report([run("checkout", "on")]);
    for (let time = 0; time < 3; time++) expect((await send(body)).status).toBe(204);
    await send({ ...body, seq: 2 });
    const { text } = await server.call("GET /metrics");
    expect(text).toMatch(/rampart_flag_runs_total\{environment="production",flag="checkout",cohort="on"\} 20/);
  });

  it("refuses units that can't be read, counting nothing of the report, so that it can be sent again", async () => {
    const units = [{ flag: "checkout", metric: "run", thousandths: 5_000, data: "!" }];
    const body = report([run("checkout", "on")], { units });
    expect(await send(body)).toMatchObject({
      status: 400,
      body: { code: "INVALID_BODY", detail: "units[0].data can't be read." },
    });
    expect((await send({ ...body, units: [{ ...units[0], data: "AA" }] })).status).toBe(204);
  });

  it.each([
    ["units of a percentage that divides nobody", { units: [{ flag: "f", metric: "run", thousandths: 0, data: "" }] }],
    [
      "a bin beyond the last",
      { cohorts: [{ flag: "f", metric: "m", cohort: "on", count: 1, failures: 0, valueBins: [[255, 1]] }] },
    ],
    ["a cohort that is none", { runs: [run("checkout", "maybe")] }],
    ["a count below 0", { runs: [{ ...run("checkout", "on"), count: -1 }] }],
    [
      "more series than an SDK keeps",
      { runs: Array.from({ length: 1_001 }, () => ({ ...run("c", "on"), latencyBins: [] })) },
    ],
    ["no number", { tracks: [{ metric: "m", count: 1, sum: "1" }] }],
  ])("refuses a report with %s", async (_, more) => {
    expect(await send(report([], more))).toMatchObject({ status: 400, body: { code: "INVALID_BODY" } });
  });
});
