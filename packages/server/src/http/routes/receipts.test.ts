import type { AuditEntry, Page, ReceiptsList, ReceiptsView } from "@rampart/core";
import { INSTANCE_HEADER, SDK_HEADER } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import type { ManualPlatform } from "../../testing/manual-platform.ts";
import { manualPlatform } from "../../testing/manual-platform.ts";
import type { SseClient } from "../../testing/sse-client.ts";
import { openStream } from "../../testing/sse-client.ts";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

const LEASE_MS = 25_000;
const CHECKOUT = "/api/v1/environments/production/flags/checkout";

let server: TestServer;
let platform: ManualPlatform;

beforeEach(async () => {
  platform = manualPlatform();
  server = await startTestServer({ platform });
  await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
  await server.call("POST /api/features/rollout", { body: { feature: "checkout", percentage: 25 } });
});

const lease = () => server.call(`PATCH ${CHECKOUT}`, { body: { leaseMs: LEASE_MS } });
const kill = async (): Promise<number> =>
  (await server.call<{ revision: number }>(`POST ${CHECKOUT}/kill`)).body.revision;
const receipts = async (revision: number): Promise<ReceiptsView> =>
  (await server.call<ReceiptsView>(`GET /api/v1/environments/production/receipts/${revision}`)).body;
const audited = async (): Promise<readonly AuditEntry[]> =>
  (await server.call<Page<AuditEntry>>("GET /api/v1/audit?action=receipts.closed")).body.items;

/** An SDK as the server sees it: a stream, and receipts when it is told to send them. */
async function connect(name: string): Promise<{ readonly stream: SseClient; confirm(): Promise<void> }> {
  const headers = { authorization: `Bearer ${server.sdkKey}`, [INSTANCE_HEADER]: name, [SDK_HEADER]: "node/0.1.0" };
  const stream = openStream(server.port, "/sdk/v1/stream", headers);
  const { data } = await stream.nextOf("snapshot");
  return {
    stream,
    async confirm() {
      const { data: delta } = await stream.nextOf("delta");
      expect(delta).toMatchObject({ urgent: true });
      await platform.advance(100);
      const body = {
        instanceId: name,
        epoch: data["epoch"],
        revision: delta["revision"],
        appliedAt: platform.clock.now() - 60,
      };
      expect((await server.call("POST /sdk/v1/ack", { token: server.sdkKey, body })).status).toBe(204);
    },
  };
}

describe("the receipts of a kill", () => {
  it("prove that every SDK with a stream is off, and end in one audit entry", async () => {
    const clients = [await connect("web-1"), await connect("web-2")];
    const revision = await kill();
    expect(await receipts(revision)).toMatchObject({
      verdict: "open",
      expected: 2,
      acknowledged: 0,
      flags: ["checkout"],
    });
    for (const client of clients) await client.confirm();
    await platform.advance(2_000);
    const view = await receipts(revision);
    expect(view).toMatchObject({
      verdict: "proven",
      expected: 2,
      acknowledged: 2,
      applied: { p50Ms: 40, maxMs: 140 },
      stragglers: [],
    });
    expect(await audited()).toMatchObject([
      { target: "flag/checkout", environment: "production", actor: "system", after: view },
    ]);
  });

  it("bound an SDK that stays silent by its lease, and name it", async () => {
    await lease();
    const loud = await connect("web-1");
    await connect("silent");
    const revision = await kill();
    await loud.confirm();
    await platform.advance(34_000);
    expect(await receipts(revision)).toMatchObject({
      verdict: "open",
      acknowledged: 1,
      stragglers: [{ instanceId: "silent" }],
    });
    await platform.advance(2_000);
    const { verdict, boundedAt, committedAt, stragglers } = await receipts(revision);
    expect({ verdict, stragglers: stragglers.map(({ instanceId }) => instanceId) }).toEqual({
      verdict: "bounded",
      stragglers: ["silent"],
    });
    expect(Date.parse(boundedAt ?? "") - Date.parse(committedAt)).toBe(LEASE_MS + 2_000);
  });

  it("leave a kill unproven when a silent SDK has no lease, also when its stream broke before", async () => {
    const { stream } = await connect("gone");
    stream.socket.destroy();
    await platform.advance(60_000);
    const revision = await kill();
    await platform.advance(36_000);
    expect(await receipts(revision)).toMatchObject({
      verdict: "unproven",
      expected: 1,
      stragglers: [{ instanceId: "gone" }],
    });
  });

  it("don't ask for a client whose lease was over before", async () => {
    await lease();
    const { stream } = await connect("gone");
    stream.socket.destroy();
    await platform.advance(60_000);
    const revision = await kill();
    await platform.advance(2_000);
    expect(await receipts(revision)).toMatchObject({ verdict: "proven", expected: 0, alreadyOff: 1 });
  });

  it("take a reconnect that holds the change for a receipt", async () => {
    const { stream } = await connect("web-1");
    const revision = await kill();
    const { data } = await stream.nextOf("delta");
    const basis = `${String(data["epoch"])}:${revision}`;
    const headers = { authorization: `Bearer ${server.sdkKey}`, [INSTANCE_HEADER]: "web-1" };
    await openStream(server.port, `/sdk/v1/stream?basis=${basis}`, headers).next();
    expect(await receipts(revision)).toMatchObject({ acknowledged: 1 });
  });

  it("are stored as they stand when the server goes", async () => {
    await connect("web-1");
    await kill();
    const closed = server.close();
    await platform.advance(5_000);
    await closed;
    const entries = await server.store.audit({ action: "receipts.closed", limit: 10 });
    expect(entries).toMatchObject([{ after: { verdict: "unproven", acknowledged: 0 } }]);
  });
});

describe("GET /api/v1/environments/:env/receipts", () => {
  it("lists urgent changes, the newest first, and nothing else", async () => {
    const first = await kill();
    await server.call(`POST ${CHECKOUT}/restore`);
    const second = await kill();
    const { body } = await server.call<ReceiptsList>("GET /api/v1/environments/production/receipts");
    expect(body.items.map(({ revision }) => revision)).toEqual([second, first]);
  });

  it("says of which revisions there are receipts when asked for another", async () => {
    expect(await server.call("GET /api/v1/environments/production/receipts/1")).toMatchObject({
      status: 404,
      body: { code: "RECEIPTS_NOT_FOUND", hint: expect.stringContaining("since its start") as string },
    });
    const revision = await kill();
    expect(await server.call("GET /api/v1/environments/production/receipts/last")).toMatchObject({
      status: 404,
      body: { hint: expect.stringContaining(String(revision)) as string },
    });
  });
});
