import { describe, expect, it } from "vitest";
import type { Store } from "../../ports/store.ts";
import { booleanFlag, config, everywhere, meta } from "../../store/testing/fixtures.ts";
import { breakableStore } from "../../testing/breakable-store.ts";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { openStream } from "../../testing/sse-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

const READY = {
  ready: true,
  checks: { database: "ok", schema: "ok", fanout: "ok", shutdown: "ok" },
  notes: [],
};

describe("health", () => {
  it.each(["/health", "/api/healthz"])("at %s has the shape that monitors expect, without a token", async (path) => {
    const server = await startTestServer();
    const { status, body } = await server.call(`GET ${path}`, { token: undefined });
    expect(status).toBe(200);
    expect(body).toEqual({
      status: "healthy",
      version: "0.1.0",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      dependencies: { database: "connected" },
    });
  });

  it("and readiness tell when the store is gone, and when it is back; what was served still is", async () => {
    const platform = manualPlatform();
    const store = breakableStore();
    const server = await startTestServer({ platform, wrap: store.wrap });
    expect((await server.call("GET /ready")).body).toEqual(READY);
    await server.call("GET /api/v1/flags");
    store.state = "gone";
    await platform.advance(7_000);
    expect(await server.call("GET /health")).toMatchObject({
      status: 503,
      body: { status: "unhealthy", dependencies: { database: "disconnected" } },
    });
    expect(await server.call("GET /ready")).toMatchObject({
      status: 503,
      body: {
        ready: false,
        checks: { database: "failed", schema: "unknown", fanout: "stale: development, staging, production" },
      },
    });
    // A server that is restarted for its store's sake has lost its clients.
    expect((await server.call("GET /live", { token: undefined })).status).toBe(204);
    expect((await server.call("GET /api/v1/environments")).status).toBe(200);
    store.state = "fine";
    await platform.advance(2_000);
    expect((await server.call("GET /ready")).status).toBe(200);
  });
});

describe("readiness", () => {
  /** A store that says so of its schema and does this with changes. */
  const store =
    (over: Partial<Store>) =>
    (bare: Store): Store =>
      new Proxy(bare, {
        get(target, name) {
          if (name in over) return Reflect.get(over, name) as unknown;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });

  it("is not there when the store does not answer within two seconds", async () => {
    const platform = manualPlatform();
    const silent = breakableStore();
    const server = await startTestServer({ platform, wrap: silent.wrap });
    silent.state = "silent";
    let answer: unknown;
    void server.call("GET /ready").then((ready) => (answer = ready));
    await expect
      .poll(async () => {
        await platform.advance(500);
        return answer;
      })
      .toMatchObject({ status: 503, body: { checks: { database: "failed" } } });
    silent.state = "fine";
  });

  it("is there on a schema that a newer server migrated meanwhile, and says so", async () => {
    const schema = async () => ({ found: 3, known: 2 });
    const server = await startTestServer({ wrap: store({ schema }) });
    expect(await server.call("GET /ready")).toMatchObject({
      status: 200,
      body: { ready: true, checks: { schema: "ok" }, notes: [expect.stringContaining("version 3") as string] },
    });
  });

  it.each([
    { found: 1, says: "older: version 1, and this server needs 2" },
    { found: 0, says: "missing" },
  ])("is not there on a schema that does not suit: $says", async ({ found, says }) => {
    const schema = async () => ({ found, known: 2 });
    const server = await startTestServer({ wrap: store({ schema }) });
    expect(await server.call("GET /ready")).toMatchObject({
      status: 503,
      body: { ready: false, checks: { database: "ok", schema: says } },
    });
  });

  it("is not there while what is served is older than what is stored, by how much it says", async () => {
    const platform = manualPlatform();
    let bare: Store | undefined;
    let isHeld = false;
    const server = await startTestServer({
      platform,
      wrap: (inner) => {
        bare = inner;
        // Answers in time, and never with what is new.
        return store({
          changesSince: async (environment, from) => {
            const changes = await inner.changesSince(environment, from);
            return isHeld && changes !== undefined ? { ...changes, revision: from } : changes;
          },
        })(inner);
      },
    });
    isHeld = true;
    await bare?.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
    expect(await server.call("GET /ready")).toMatchObject({
      status: 503,
      body: { checks: { fanout: "behind: development at 0 of 1, staging at 0 of 1, production at 0 of 1" } },
    });
    isHeld = false;
    await platform.advance(1_000);
    expect((await server.call("GET /ready")).body).toEqual(READY);
  });

  it("tells of streams that are not let in, which others may have room for, and stays", async () => {
    const server = await startTestServer({ config: { streamsMax: 1 } });
    const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${server.sdkKey}` });
    await stream.next();
    expect(await server.call("GET /ready")).toMatchObject({
      status: 200,
      body: { notes: [expect.stringContaining("--streams-max") as string] },
    });
    const stormy = await startTestServer({ config: { admission: { perSecond: 0.001, burst: 0 } } });
    expect(await stormy.call("GET /ready")).toMatchObject({
      status: 200,
      body: { notes: [expect.stringContaining("come later") as string] },
    });
  });
});

describe("metrics", () => {
  it.each(["/metrics", "/api/public/metrics.prom"])(
    "at %s are Prometheus' text, for those who may read them",
    async (path) => {
      const server = await startTestServer();
      await server.call("POST /api/v1/flags", { body: { key: "a" } });
      const { status, headers, text } = await server.call(`GET ${path}`);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toContain("text/plain");
      expect(text).toContain('rampart_commits_total{action="flag.created"} 1');
      expect(text).toContain('rampart_revision{environment="production"} 1');
      expect(text).toMatch(/rampart_http_request_duration_seconds_count\{method="post",path="\/api\/v1\/flags"\} 1/);
      expect(text).toMatch(/rampart_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+/);
      expect(text.match(/^rampart_\w+/gm)?.length).toBe(text.match(/^\w+/gm)?.length);
      expect((await server.call(`GET ${path}`, { token: undefined })).status).toBe(401);
    },
  );

  it("can be opened to everybody", async () => {
    const server = await startTestServer({ config: { publicMetrics: true } });
    expect((await server.call("GET /metrics", { token: undefined })).status).toBe(200);
  });
});
