import { createHmac } from "node:crypto";
import type { ClientsView, CreatedToken, EvaluationsView, RampView, ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { breakableStore } from "../../testing/breakable-store.ts";
import { openStream } from "../../testing/sse-client.ts";
import { startTestRelay, type TestRelay } from "../../testing/test-relay.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../../testing/test-server.ts";
import { loadRelayConfig } from "./config.ts";
import { startRelay } from "./start-relay.ts";

const ENVIRONMENT = "/api/v1/environments/production";
const FLAG = `${ENVIRONMENT}/flags/checkout`;

async function originWithFlag(options: TestServerOptions = {}): Promise<TestServer> {
  const origin = await startTestServer(options);
  await origin.call("POST /api/v1/flags", { body: { key: "checkout" } });
  await origin.call(`PATCH ${FLAG}`, { body: { clientVisible: true } });
  return origin;
}

const ramp = async (origin: TestServer, percentage: number): Promise<number> =>
  (await origin.call<RampView>(`POST ${FLAG}/rollout`, { body: { percentage } })).body.revision ?? 0;

const revisionAt = async (relay: TestRelay, token: string): Promise<unknown> =>
  (await relay.call("GET /sdk/v1/flags", { token })).body["revision"];

const listening = (relay: TestRelay, token: string, instance: string): ReturnType<typeof openStream> =>
  openStream(relay.port, "/sdk/v1/stream", { authorization: `Bearer ${token}`, "x-rampart-instance": instance });

describe("a relay", () => {
  it("serves the same revision in the same epoch as its upstream server, and each change as it comes", async () => {
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin);
    await relay.serving;
    const { sdkKey: token } = origin;
    const there = await origin.call("GET /sdk/v1/flags", { token });
    const here = await relay.call("GET /sdk/v1/flags", { token });
    expect(here.body).toEqual(there.body);
    const stream = listening(relay, token, "client-1");
    await stream.nextOf("snapshot");
    const revision = await ramp(origin, 50);
    expect((await stream.nextOf("delta")).data).toMatchObject({ epoch: there.body["epoch"], revision });
  });

  it("serves nothing, and not an empty environment, until it has heard from its upstream server", async () => {
    const unreachable = "http://127.0.0.1:9";
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin, { upstream: unreachable });
    const { status, body } = await relay.call("GET /sdk/v1/flags", { token: origin.sdkKey });
    expect([status, body.code]).toEqual([503, "NOT_CURRENT"]);
    expect((await relay.call("GET /ready")).status).toBe(503);
    expect((await relay.call("GET /live")).status).toBe(204);
  });

  it("tells an SDK that holds more than it knows nothing older", async () => {
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin);
    await relay.serving;
    const epoch = String((await relay.call("GET /sdk/v1/flags", { token: origin.sdkKey })).body["epoch"]);
    const headers = { "x-rampart-basis": `${epoch}:999` };
    const { status, body } = await relay.call("GET /sdk/v1/flags", { token: origin.sdkKey, headers });
    expect([status, body.code]).toEqual([503, "NOT_CURRENT"]);
  });

  it("takes the keys of SDKs that its upstream server has for its environment, and no other token", async () => {
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin);
    await relay.serving;
    const staging = await origin.token("server", ["staging"]);
    const statusWith = async (token: string): Promise<number> =>
      (await relay.call("GET /sdk/v1/flags", { token })).status;
    expect(await statusWith(origin.sdkKey)).toBe(200);
    expect(await statusWith(origin.admin)).toBe(401);
    expect(await statusWith(staging.text)).toBe(401);
    const { text: key } = await origin.token("relay", ["production"]);
    expect(await statusWith(key)).toBe(403);
  });

  it("lets go of a key within seconds of its being revoked", async () => {
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin);
    await relay.serving;
    const { text: token, id } = await origin.token("server", ["production"]);
    const stream = listening(relay, token, "client-1");
    await stream.nextOf("snapshot");
    await origin.call(`DELETE /api/v1/tokens/${id}`);
    expect((await stream.nextOf("goodbye")).data).toMatchObject({ reason: "revoked" });
    await expect
      .poll(async () => (await relay.call("GET /sdk/v1/flags", { token })).status, { timeout: 5_000 })
      .toBe(401);
  });

  it("answers pages what they may know, and checks signed contexts", async () => {
    const origin = await originWithFlag();
    await origin.call("POST /api/v1/flags", { body: { key: "hidden" } });
    const relay = await startTestRelay(origin);
    await relay.serving;
    const made = await origin.call<CreatedToken>("POST /api/v1/tokens", {
      body: { kind: "client", name: "page", environments: ["production"], secure: true },
    });
    const { token, secret = "" } = made.body;
    const unsigned = await relay.call("POST /client/v1/evaluate", { token, body: { context: "u-1" } });
    expect(unsigned.body.code).toBe("SIGNATURE_REQUIRED");
    const expires = Date.now() + 60_000;
    const hash = createHmac("sha256", secret).update(`${expires}:u-1`).digest("hex");
    const body = { context: "u-1", secure: { expires, hash } };
    const signed = await relay.call<{ flags: object }>("POST /client/v1/evaluate", { token, body });
    expect(Object.keys(signed.body.flags ?? {})).toEqual(["checkout"]);
    const stream = openStream(relay.port, "/client/v1/stream", { authorization: `Bearer ${token}` }, "1.1", body);
    await stream.nextOf("values");
    const revision = await ramp(origin, 100);
    expect((await stream.nextOf("changed")).data).toMatchObject({ revision, flags: { checkout: { value: true } } });
  });

  it("hands reports on with the caller's key, and says what the upstream server says", async () => {
    const origin = await originWithFlag();
    const relay = await startTestRelay(origin);
    await relay.serving;
    const counts = [["checkout", "off", 7]];
    const report = { instanceId: "client-1", seq: 1, from: 1, to: 2, runs: [], tracks: [], dropped: 0 };
    const body = { ...report, evaluations: { counts, dropped: 0 } };
    const { sdkKey: token } = origin;
    expect((await relay.call("POST /sdk/v1/events", { token, body })).status).toBe(204);
    // It may have arrived before: counted once.
    expect((await relay.call("POST /sdk/v1/events", { token, body })).status).toBe(204);
    const asked = await origin.call<EvaluationsView>(`GET ${FLAG}/evaluations`);
    expect(asked.body.total).toBe(7);
    const wrong = await relay.call("POST /sdk/v1/events", { token, body: { seq: "one" } });
    expect([wrong.status, wrong.body.code]).toEqual([400, "INVALID_BODY"]);
  });

  it("adds the receipt of each of its clients to those of its upstream server, through several levels", async () => {
    const origin = await originWithFlag();
    await ramp(origin, 100);
    const outer = await startTestRelay(origin, { name: "outer" });
    await outer.serving;
    const inner = await startTestRelay(origin, { upstream: outer.url, name: "inner" });
    await inner.serving;
    const { sdkKey: token } = origin;
    const clients = [
      { relay: outer, stream: listening(outer, token, "client-1"), instanceId: "client-1" },
      { relay: inner, stream: listening(inner, token, "client-2"), instanceId: "client-2" },
    ];
    for (const { stream } of clients) await stream.nextOf("snapshot");
    const placed = async (): Promise<object> =>
      Object.fromEntries(
        (await origin.call<ClientsView>(`GET ${ENVIRONMENT}/clients`)).body.clients?.map((one) => [
          one.instanceId,
          one.relay,
        ]) ?? [],
      );
    await expect.poll(placed, { timeout: 10_000 }).toEqual({ "client-1": "outer", "client-2": "outer/inner" });
    const { revision } = (await origin.call<RampView>(`POST ${FLAG}/kill`)).body;
    const receipts = async (): Promise<Partial<ReceiptsView>> =>
      (await origin.call<ReceiptsView>(`GET ${ENVIRONMENT}/receipts/${revision}`)).body;
    for (const { relay, stream, instanceId } of clients) {
      const { epoch } = (await stream.nextOf("delta")).data;
      expect(await receipts()).not.toMatchObject({ verdict: "proven" });
      await relay.call("POST /sdk/v1/ack", { token, body: { instanceId, epoch, revision, appliedAt: Date.now() } });
    }
    await expect.poll(receipts, { timeout: 10_000 }).toMatchObject({ verdict: "proven", expected: 2, acknowledged: 2 });
  });

  it("tells of what its clients hold also where it never heard of the change itself", async () => {
    const origin = await originWithFlag();
    await ramp(origin, 100);
    const first = await startTestRelay(origin, { name: "first" });
    await first.serving;
    const { sdkKey: token } = origin;
    const { epoch } = (await listening(first, token, "client-1").nextOf("snapshot")).data;
    const listed = async (): Promise<unknown> =>
      (await origin.call<ClientsView>(`GET ${ENVIRONMENT}/clients`)).body.clients?.map((one) => one.relay);
    await expect.poll(listed, { timeout: 10_000 }).toEqual(["first"]);
    await first.close();
    const { revision } = (await origin.call<RampView>(`POST ${FLAG}/kill`)).body;
    const receipts = async (): Promise<Partial<ReceiptsView>> =>
      (await origin.call<ReceiptsView>(`GET ${ENVIRONMENT}/receipts/${revision}`)).body;
    expect(await receipts()).toMatchObject({
      verdict: "open",
      stragglers: [{ instanceId: "client-1", relay: "first" }],
    });
    const second = await startTestRelay(origin, { name: "second" });
    await second.serving;
    const headers = { authorization: `Bearer ${token}`, "x-rampart-instance": "client-1" };
    openStream(second.port, `/sdk/v1/stream?basis=${String(epoch)}:${revision}`, headers);
    await expect.poll(receipts, { timeout: 10_000 }).toMatchObject({ verdict: "proven", expected: 1, stragglers: [] });
  });

  it("renews no lease while its upstream server does not know what is stored, and says so behind it too", async () => {
    const origin = await originWithFlag();
    const outer = await startTestRelay(origin, { name: "outer" });
    await outer.serving;
    const inner = await startTestRelay(origin, { upstream: outer.url, name: "inner" });
    await inner.serving;
    expect(await revisionAt(inner, origin.sdkKey)).toBe(2);
    await origin.close();
    const heard = async (relay: TestRelay): Promise<unknown> => (await relay.call("GET /ready")).status;
    await expect.poll(() => heard(outer), { timeout: 8_000 }).toBe(503);
    await expect.poll(() => heard(inner), { timeout: 8_000 }).toBe(503);
    const { status, body } = await inner.call("GET /sdk/v1/flags", { token: origin.sdkKey });
    expect([status, body.code]).toEqual([503, "NOT_CURRENT"]);
  });

  it("takes a kill to its clients that its upstream server could not store, and to those who come later", async () => {
    const store = breakableStore();
    const origin = await originWithFlag({ wrap: store.wrap });
    await ramp(origin, 100);
    const relay = await startTestRelay(origin);
    await relay.serving;
    const { sdkKey: token } = origin;
    const stream = listening(relay, token, "client-1");
    await stream.nextOf("snapshot");
    store.state = "gone";
    await origin.call(`POST ${FLAG}/kill`);
    expect((await stream.nextOf("emergency")).data).toMatchObject({ off: ["checkout"] });
    const later = listening(relay, token, "client-2");
    expect((await later.nextOf("snapshot")).data).toMatchObject({ off: ["checkout"] });
    store.state = "fine";
    // Stored at last, as the kill that it is.
    expect((await stream.nextOf("delta")).data).toMatchObject({ urgent: true });
  });

  it("ends, and says why, when its key is refused", async () => {
    const origin = await originWithFlag();
    const { text: key, id } = await origin.token("relay", ["production"]);
    await origin.call(`DELETE /api/v1/tokens/${id}`);
    const loaded = loadRelayConfig(["--upstream", origin.url, "--key", key, "--port", "0"], {});
    if (loaded.kind === "invalid") throw new Error("the settings are good");
    const relay = await startRelay(loaded.config, { logs: { write: () => undefined } });
    await expect(relay.serving).rejects.toThrow("the upstream server refuses key 1");
    await relay.close();
  });
});
