import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "@rampart/sdk-node";
import type { RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, ServerProcess, temporaryFolder } from "../e2e/harness.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { recovered } from "./record.ts";

const FLAG = "checkout";
/** Longer than a poll takes to come round. */
const LEASE_MS = 15_000;
/** The longest back-off of a client, and what it takes to connect. */
const BACK_MS_MAX = 45_000;
/** For what a busy machine adds. */
const SLACK_MS = 3_000;
const PLAN = planForAll(FLAG, "15s");

type Client = ReturnType<typeof createClient>;

describe("a network that carries nothing to the server any more", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let streams: ChaosProxy;
  let polls: ChaosProxy;
  let streaming: Client;
  let polling: Client;

  beforeAll(async () => {
    const port = await freePort();
    server = new ServerProcess({ port, dataDir: folder.path });
    await server.start();
    streams = await ChaosProxy.start(port);
    polls = await ChaosProxy.start(port, { refusesStreams: true });
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    const begun = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: PLAN });
    expect(begun.status, JSON.stringify(begun.body)).toBe(201);
    const { server: sdkKey } = server.tokens();
    streaming = createClient({ url: streams.url, sdkKey });
    polling = createClient({ url: polls.url, sdkKey });
    await Promise.all([streaming.init({ timeoutMs: 10_000 }), polling.init({ timeoutMs: 10_000 })]);
    await eventually(() => streaming.isEnabled(FLAG, "u") && polling.isEnabled(FLAG, "u"), BACK_MS_MAX);
    expect([streaming.status().transport, polling.status().transport]).toEqual(["stream", "poll"]);
  });

  afterAll(async () => {
    await streaming?.close();
    await polling?.close();
    await streams?.close();
    await polls?.close();
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  it("takes a polling client off when its lease is over, and gives it back when it is mended", async () => {
    polls.weather = { kind: "halfClose" };
    const since = performance.now();
    await eventually(() => !polling.isEnabled(FLAG, "u"), LEASE_MS + SLACK_MS);
    recovered(18, "a poll that can't be asked any more: off by its lease", performance.now() - since);
    expect(streaming.isEnabled(FLAG, "u")).toBe(true);
    polls.weather = { kind: "pass" };
    await eventually(() => polling.isEnabled(FLAG, "u"), BACK_MS_MAX);
  });

  it("still carries a rollback to a stream that is open, and to a poll once it is mended", async () => {
    streams.weather = { kind: "halfClose" };
    polls.weather = { kind: "halfClose" };
    const [rollout] = (await api<{ items: RolloutView[] }>(server, "GET", "/api/v1/rollouts?active=true")).body.items;
    expect((await api(server, "POST", `/api/v1/rollouts/${rollout?.id}/rollback`)).status).toBe(200);
    const since = performance.now();
    await eventually(() => !streaming.isEnabled(FLAG, "u"), 5_000);
    recovered(18, "a rollback on a stream that hears and can't speak", performance.now() - since);
    expect(streaming.status().state).toBe("ready");
    await eventually(() => !polling.isEnabled(FLAG, "u"), LEASE_MS + SLACK_MS);
    polls.weather = { kind: "pass" };
    await eventually(() => polling.status().state === "ready", BACK_MS_MAX);
    expect([streaming.isEnabled(FLAG, "u"), polling.isEnabled(FLAG, "u")]).toEqual([false, false]);
  });
});
