import { beforeEach, describe, expect, it } from "vitest";
import { manualPlatform } from "../testing/manual-platform.ts";
import { openStream } from "../testing/sse-client.ts";
import type { TestServer } from "../testing/test-server.ts";
import { startTestServer } from "../testing/test-server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});

const poll = (token: string, headers: Readonly<Record<string, string>> = {}) =>
  server.call("GET /sdk/v1/flags", { token, headers });

/** How many reads were answered past the router. */
async function servedPast(path: string): Promise<number> {
  const { text } = await server.call("GET /metrics");
  return Number(new RegExp(`rampart_sdk_reads_total\\{path="${path}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

describe("the way past the router", () => {
  it("is open for a key that the guards have let in, and gives the same answer", async () => {
    const first = await poll(server.sdkKey);
    const second = await poll(server.sdkKey);
    expect(await servedPast("/sdk/v1/flags")).toBe(1);
    expect(second.text).toBe(first.text);
    for (const name of ["etag", "content-type", "cache-control", "vary", "x-content-type-options"])
      expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    expect(await poll(server.sdkKey, { "if-none-match": first.headers.get("etag") ?? "" })).toMatchObject({
      status: 304,
    });
  });

  it("is taken by streams too, with and without a basis", async () => {
    const { body } = await server.call<{ epoch: string }>("GET /sdk/v1/flags", { token: server.sdkKey });
    const headers = { authorization: `Bearer ${server.sdkKey}` };
    expect((await openStream(server.port, "/sdk/v1/stream", headers).next()).event).toBe("snapshot");
    expect((await openStream(server.port, `/sdk/v1/stream?basis=${body.epoch}:0`, headers).next()).event).toBe(
      "heartbeat",
    );
    expect((await openStream(server.port, `/sdk/v1/stream?basis=${body.epoch}%3A0`, headers).next()).event).toBe(
      "heartbeat",
    );
    expect(await servedPast("/sdk/v1/stream")).toBe(3);
  });

  it("is shut at once when the key is revoked here", async () => {
    const key = await server.token("server", ["production"]);
    expect((await poll(key.text)).status).toBe(200);
    expect((await poll(key.text)).status).toBe(200);
    await server.call(`DELETE /api/v1/tokens/${key.id}`);
    expect((await poll(key.text)).status).toBe(401);
  });

  it("is shut within two seconds when it was revoked elsewhere, and at the very moment when it expires", async () => {
    const platform = manualPlatform();
    server = await startTestServer({ platform });
    const revoked = await server.token("server", ["production"]);
    const expiring = await server.token("server", ["production"], { expiresAt: platform.clock.now() + 500 });
    for (const { text } of [revoked, expiring]) expect((await poll(text)).status).toBe(200);
    await server.store.revokeToken(revoked.id, {
      actor: "elsewhere",
      action: "token.revoked",
      at: platform.clock.now(),
    });
    await platform.advance(500);
    expect((await poll(expiring.text)).status).toBe(401);
    await platform.advance(1_500);
    expect((await poll(revoked.text)).status).toBe(401);
  });

  it("is shut to keys that may not read, however often they ask", async () => {
    const viewer = await server.token("viewer", ["production"]);
    for (let turn = 0; turn < 3; turn++) {
      expect((await server.call("GET /api/v1/flags", { token: viewer.text })).status).toBe(200);
      expect((await poll(viewer.text)).status).toBe(403);
    }
    expect(await servedPast("/sdk/v1/flags")).toBe(0);
  });

  it.each([
    "/sdk/v1/flags?x=1",
    "/sdk/v1/flags/",
    "/sdk/v1//flags",
    "/sdk/v1/streams",
    "/sdk/v1/stream/x",
    "/sdk/v1/other",
  ])("is not taken by what is not plainly such a read: %s", async (path) => {
    await poll(server.sdkKey);
    const { status } = await server.call(`GET ${path}`, { token: server.sdkKey });
    expect([path, status]).toEqual([path, path.startsWith("/sdk/v1/flags?") ? 200 : 404]);
    expect(await servedPast("/sdk/v1/flags")).toBe(0);
  });

  it.each(["%0d%0aevent:%20delta", "a:1&x=1", "x".repeat(500)])(
    "leaves a basis that is none to the guards: %s",
    async (basis) => {
      await poll(server.sdkKey);
      const stream = openStream(server.port, `/sdk/v1/stream?basis=${basis}`, {
        authorization: `Bearer ${server.sdkKey}`,
      });
      const head = await stream.head();
      expect(head).toMatch(basis.length > 160 ? /^HTTP\/1\.1 400/ : /^HTTP\/1\.1 200/);
      expect(await servedPast("/sdk/v1/stream")).toBe(0);
    },
  );
});
