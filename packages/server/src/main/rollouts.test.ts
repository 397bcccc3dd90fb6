import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { manualPlatform, type ManualPlatform } from "../testing/manual-platform.ts";
import { startMetricsServer } from "../testing/metrics-server.ts";
import { PLAN, rolloutsOf, startRolloutServer } from "../testing/rollout-server.ts";
import { callServer, testConfig, type CallOptions } from "../testing/test-server.ts";
import { kill } from "../domain/ramp.ts";
import { openDataFolder } from "../store/sqlite/data-folder.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { startServer } from "./start.ts";

const HOUR_MS = 3_600_000;

/** A data folder with a metrics server beside it, on which a server can be started again and again. */
async function startFolder() {
  const folder = mkdtempSync(join(tmpdir(), "rampart-restart-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const platform = manualPlatform();
  const metrics = await startMetricsServer(() => platform.clock.now());
  metrics.values.set("errors", 0.001);
  let token: string | undefined;
  const start = async () => {
    const config = { ...testConfig("--data-dir", folder), egressPrivate: true, variables: () => metrics.url };
    const server = await startServer(config, { platform, logs: { write: () => undefined } });
    token ??= server.firstTokens?.admin;
    const call = <T>(line: string, options?: CallOptions) => callServer<T>(server.url, line, { token, ...options });
    const close = async (): Promise<void> => {
      const closed = server.close();
      await platform.advance(1_000);
      await closed;
    };
    onTestFinished(close);
    return { call, close, ...rolloutsOf({ call }, platform) };
  };
  /** Kills the flag while no server runs that could tell the rollout. */
  const killBehindItsBack = async (): Promise<void> => {
    const place = openDataFolder(folder, process.pid);
    const { store } = openSqliteStore({ folder: place, random: platform.randomBytes, timers: platform.timers, now: 0 });
    await store.changeConfig("production", "checkout", kill, {
      actor: "token:b",
      action: "flag.killed",
      at: 1,
      urgent: true,
    });
    await store.close();
    place.release();
  };
  return { platform, metrics, start, killBehindItsBack };
}

describe("a server that is started again", () => {
  it("goes on with a rollout where it was, and asks for its criteria to be seen anew", async () => {
    const { platform, start } = await startFolder();
    const first = await start();
    await first.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const id = await first.begin();
    await first.until(id, "running");
    await first.pass(20_000);
    const before = await first.rollout(id);
    await first.close();
    await platform.advance(HOUR_MS);
    const second = await start();
    const after = await second.rollout(id);
    expect(after).toMatchObject({
      status: "running",
      percentage: 5,
      stage: { name: "canary" },
      exposedAt: before.exposedAt,
    });
    await second.pass(20_000);
    expect(await second.rollout(id)).toMatchObject({
      status: "running",
      criteria: [{ text: "errors < 1%", holds: false }],
    });
    await second.pass(20_000);
    expect(await second.rollout(id)).toMatchObject({ status: "awaiting", percentage: 5 });
    expect((await second.events(id)).map(({ id: eventId }) => eventId)).toEqual([1, 2, 3, 4, 5]);
  });

  it("takes a rollout back that went bad while nobody looked", async () => {
    const { platform, metrics, start } = await startFolder();
    const first = await start();
    await first.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const id = await first.begin();
    await first.until(id, "running");
    await first.close();
    metrics.values.set("errors", 0.5);
    await platform.advance(HOUR_MS);
    const second = await start();
    await second.pass(30_000);
    expect(await second.rollout(id)).toMatchObject({ percentage: 0, cause: { subject: "errors" } });
    expect(await second.exposure()).toBe(0);
  });

  it("ends a rollout whose flag was killed meanwhile", async () => {
    const { start, killBehindItsBack } = await startFolder();
    const first = await start();
    await first.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const id = await first.begin();
    await first.until(id, "running");
    await first.close();
    await killBehindItsBack();
    const second = await start();
    await second.pass(10_000);
    expect(await second.rollout(id)).toMatchObject({ status: "rolledBack", cause: { kind: "kill", by: "token:b" } });
    await second.call("POST /api/v1/environments/production/flags/checkout/restore");
    expect(await second.exposure()).toBe(0);
  });
});

/** A platform whose wall clock can be set, while time goes on as before. */
function settable(): ManualPlatform & { set(byMs: number): void } {
  const platform = manualPlatform();
  let offMs = 0;
  const { clock } = platform;
  return {
    ...platform,
    clock: { now: () => clock.now() + offMs, monotonicMs: () => clock.monotonicMs() },
    set: (byMs) => void (offMs = byMs),
  };
}

describe("a wall clock that is set", () => {
  it.each([
    ["an hour back", -HOUR_MS],
    ["an hour forward", HOUR_MS],
  ])("%s neither skips a stage nor keeps a trigger from firing", async (_, byMs) => {
    const platform = settable();
    const server = await startRolloutServer({ platform });
    const id = await server.begin();
    await server.until(id, "running");
    platform.set(byMs);
    await server.pass(30_000);
    const held = await server.rollout(id);
    expect(held).toMatchObject({ status: "running", percentage: 5 });
    expect(held.stages[0]?.elapsedMs).toBeLessThan(50_000);
    server.metrics.values.set("errors", 0.5);
    await server.pass(30_000);
    expect(await server.exposure()).toBe(0);
    expect((await server.rollout(id)).cause).toMatchObject({ subject: "errors" });
  });
});

describe("what metrics may be asked of", () => {
  it("is not this machine, unless the operator says so", async () => {
    const server = await startRolloutServer({ config: { egressPrivate: false } });
    const id = await server.begin();
    await server.pass(20_000);
    const { metrics, status } = await server.rollout(id);
    expect(status).toBe("preconditions");
    expect(metrics[0]).toMatchObject({
      state: "error",
      reason: expect.stringContaining("RAMPART_EGRESS_ALLOW=127.0.0.1") as string,
    });
    expect(server.metrics.asked).toEqual([]);
  });

  it("is the operator's own Prometheus, wherever it is, for metrics that name none", async () => {
    const platform = manualPlatform();
    const metrics = await startMetricsServer(() => platform.clock.now());
    metrics.values.set("errors", 0.001);
    const server = await startRolloutServer({ platform, config: { egressPrivate: false, prometheusUrl: metrics.url } });
    const id = await server.begin(PLAN.replace(/url: "\$\{METRICS_URL\}", /, ""));
    expect((await server.until(id, "running")).metrics[0]).toMatchObject({ state: "value", value: 0.001 });
    expect(metrics.asked).toContain("errors");
  });
});
