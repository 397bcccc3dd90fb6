import { describe, expect, it } from "vitest";
import type { AlertsResult, SignalResult } from "@rampart/core";
import { startRolloutServer, type RolloutServer } from "../../testing/rollout-server.ts";

async function startRunning(): Promise<{ readonly server: RolloutServer; readonly id: string }> {
  const server = await startRolloutServer();
  const id = await server.begin();
  await server.until(id, "running");
  return { server, id };
}

describe("a signal", () => {
  it("acts at once, and is answered with the rollouts that heard it", async () => {
    const { server, id } = await startRunning();
    const { status, body } = await server.call<SignalResult>("POST /api/v1/signals", {
      body: { name: "security_incident" },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      name: "security_incident",
      at: "2026-01-05T02:00:10.000Z",
      heard: [{ id, flag: "checkout", environment: "production", status: expect.any(String) as string, percentage: 0 }],
    });
    expect(await server.exposure()).toBe(0);
    expect((await server.rollout(id)).cause).toMatchObject({ kind: "trigger", subject: "security" });
  });

  it("with a number is the value of the metrics that stand for it", async () => {
    const { server, id } = await startRunning();
    const push = (value: number) =>
      server.call<SignalResult>("POST /api/v1/signals", { body: { name: "support_tickets", value } });
    expect((await push(40)).body.heard).toMatchObject([{ status: "running" }]);
    expect((await server.rollout(id)).metrics[1]).toMatchObject({
      name: "tickets",
      state: "value",
      value: 40,
      query: "signal support_tickets",
    });
    expect((await push(120)).body.heard).toMatchObject([{ status: "paused", percentage: 5 }]);
  });

  it("is heard by the rollouts that are meant, whose plans know it, and that the token may move", async () => {
    const { server, id } = await startRunning();
    const heard = async (body: object, token = server.admin) =>
      (await server.call<SignalResult>("POST /api/v1/signals", { body, token })).body.heard?.map((one) => one.id);
    expect(await heard({ name: "support_tickets", value: 1 })).toEqual([id]);
    expect(await heard({ name: "support_tickets", value: 1, flag: "checkout", environment: "production" })).toEqual([
      id,
    ]);
    expect(await heard({ name: "support_tickets", value: 1, flag: "other" })).toEqual([]);
    expect(await heard({ name: "support_tickets", value: 1, environment: "staging" })).toEqual([]);
    expect(await heard({ name: "unknown" })).toEqual([]);
    const { text: staging } = await server.token("ci", ["staging"]);
    expect(await heard({ name: "security_incident" }, staging)).toEqual([]);
    expect(
      (await server.call("POST /api/v1/signals", { body: { name: "x", environment: "production" }, token: staging }))
        .status,
    ).toBe(403);
    expect((await server.rollout(id)).status).toBe("running");
  });

  it("that is no signal is refused with what is wrong", async () => {
    const { server } = await startRunning();
    expect((await server.call("POST /api/v1/signals", { body: { name: "a", value: "many" } })).body).toMatchObject({
      status: 400,
      code: "INVALID_BODY",
      errors: [{ pointer: "/value" }],
    });
    expect((await server.call("POST /api/v1/signals", { body: { name: "a".repeat(5_000) } })).status).toBe(413);
  });
});

/** As Alertmanager 0.25 sends it. */
function payloadOf(
  labels: Readonly<Record<string, string>>,
  status: "firing" | "resolved" = "firing",
  fingerprint = "c1cf2b2f1d2a8d4e",
) {
  return {
    receiver: "rampart",
    status,
    alerts: [
      {
        status,
        labels: { alertname: "CheckoutErrors", ...labels },
        annotations: { summary: "errors are up" },
        startsAt: "2026-01-05T02:00:00.000Z",
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus:9090/graph",
        fingerprint,
      },
    ],
    groupLabels: { alertname: "CheckoutErrors" },
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: "http://alertmanager:9093",
    version: "4",
    groupKey: '{}:{alertname="CheckoutErrors"}',
    truncatedAlerts: 0,
  };
}

const send = async (server: RolloutServer, body: object, token = server.admin) =>
  (await server.call<AlertsResult>("POST /api/v1/integrations/alertmanager", { body, token })).body;

describe("an alert of Alertmanager", () => {
  it("takes the flag of a rollout to 0 % at once", async () => {
    const { server, id } = await startRunning();
    const result = await send(server, payloadOf({ rampart_flag: "checkout", rampart_action: "rollback" }));
    expect(result).toMatchObject({
      unmapped: 0,
      alerts: [{ name: "CheckoutErrors", action: "rollback", outcome: "told", rollouts: [{ id, percentage: 0 }] }],
    });
    expect(await server.exposure()).toBe(0);
    expect((await server.rollout(id)).cause).toMatchObject({ kind: "alert", subject: "CheckoutErrors" });
  });

  it("acts by its severity where no label says what to do, and is found by the plan's name", async () => {
    const { server, id } = await startRunning();
    expect(
      (await send(server, payloadOf({ rampart_rollout: "checkout", severity: "warning" }))).alerts[0],
    ).toMatchObject({ action: "pause", outcome: "told" });
    expect(await server.rollout(id)).toMatchObject({
      status: "paused",
      alerts: [{ name: "CheckoutErrors", action: "pause", severity: "P1" }],
    });
  });

  it("keeps the percentage from rising until it is resolved", async () => {
    const { server, id } = await startRunning();
    const labels = { rampart_rollout: id, severity: "warning" };
    await send(server, payloadOf(labels));
    expect((await server.command(id, "promote")).body).toMatchObject({ code: "TRIGGER_TRUE" });
    await send(server, payloadOf(labels, "resolved"));
    expect((await server.rollout(id)).alerts).toEqual([]);
    expect((await server.command(id, "promote")).body).toMatchObject({ status: "awaiting" });
  });

  it("that is sent again is not acted upon again", async () => {
    const { server, id } = await startRunning();
    const labels = { rampart_flag: "checkout", severity: "warning" };
    await send(server, payloadOf(labels));
    await server.command(id, "resume");
    await send(server, payloadOf(labels));
    expect((await server.rollout(id)).status).toBe("running");
  });

  it("kills a flag that no rollout ramps", async () => {
    const server = await startRolloutServer();
    await server.call("POST /api/features/rollout", { body: { feature: "checkout", percentage: 30 } });
    const labels = { rampart_flag: "checkout", severity: "critical" };
    expect((await send(server, payloadOf(labels))).alerts[0]).toMatchObject({ outcome: "killed" });
    expect(await server.exposure()).toBe(0);
    expect((await send(server, payloadOf(labels))).alerts[0]).toMatchObject({ outcome: "nothing" });
    const { body } = await server.call<{ items: { reason?: string }[] }>("GET /api/v1/audit?action=flag.killed");
    expect(body.items[0]?.reason).toBe("alert CheckoutErrors is firing");
  });

  it("without our labels, or about nothing that there is, is answered and counted", async () => {
    const { server } = await startRunning();
    expect(await send(server, payloadOf({ severity: "critical" }))).toMatchObject({
      unmapped: 1,
      alerts: [{ outcome: "unmapped" }],
    });
    expect((await send(server, payloadOf({ rampart_flag: "nothing", severity: "critical" }))).alerts[0]).toMatchObject({
      outcome: "noTarget",
      detail: expect.stringContaining("nothing") as string,
    });
    expect((await send(server, payloadOf({ rampart_rollout: "gone", severity: "critical" }))).alerts[0]).toMatchObject({
      outcome: "noTarget",
    });
    expect(server.logs.join("")).toContain("an alert names nothing that there is");
    const { text } = await server.call("GET /metrics");
    expect(text).toContain('rampart_alerts_total{outcome="unmapped"} 1');
    expect(await server.exposure()).toBe(5);
  });

  it("is about the environment that its token is good for", async () => {
    const { server } = await startRunning();
    const { text: staging } = await server.token("ci", ["staging"]);
    const labels = { rampart_flag: "checkout", severity: "critical" };
    expect((await send(server, payloadOf(labels), staging)).alerts[0]).toMatchObject({ outcome: "killed" });
    expect(
      (await send(server, payloadOf({ ...labels, rampart_environment: "production" }), staging)).alerts[0],
    ).toMatchObject({ outcome: "noTarget" });
    expect(await server.exposure()).toBe(5);
  });

  it("of another version is refused", async () => {
    const { server } = await startRunning();
    expect(
      (await server.call("POST /api/v1/integrations/alertmanager", { body: { ...payloadOf({}), version: "3" } })).body,
    ).toMatchObject({ status: 400, errors: [{ pointer: "/version" }] });
  });
});
