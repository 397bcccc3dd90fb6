import { describe, expect, it } from "vitest";
import { breakableStore } from "../../testing/breakable-store.ts";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { startTestServer } from "../../testing/test-server.ts";

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
    expect((await server.call("GET /ready")).body).toEqual({
      ready: true,
      checks: { database: "ok", fanout: "ok", shutdown: "ok" },
    });
    await server.call("GET /api/v1/flags");
    store.state = "gone";
    await platform.advance(7_000);
    expect(await server.call("GET /health")).toMatchObject({
      status: 503,
      body: { status: "unhealthy", dependencies: { database: "disconnected" } },
    });
    expect(await server.call("GET /ready")).toMatchObject({
      status: 503,
      body: { ready: false, checks: { database: "failed", fanout: "stale: development, staging, production" } },
    });
    // A server that is restarted for its store's sake has lost its clients.
    expect((await server.call("GET /live", { token: undefined })).status).toBe(204);
    expect((await server.call("GET /api/v1/environments")).status).toBe(200);
    store.state = "fine";
    await platform.advance(2_000);
    expect((await server.call("GET /ready")).status).toBe(200);
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
