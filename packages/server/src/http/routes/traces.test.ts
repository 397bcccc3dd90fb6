import type { AuditEntry, EvidenceView, Page } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { verifyChain } from "../../domain/audit.ts";
import { readChannels } from "../../notify/channels-file.ts";
import { startReceiver } from "../../notify/testing/receiver.ts";
import { PLAN, startRolloutServer, type RolloutServer } from "../../testing/rollout-server.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
const FLAG = "/api/v1/environments/production/flags/checkout";

const auditOf = async (server: RolloutServer): Promise<readonly AuditEntry[]> =>
  (await server.call<Page<AuditEntry>>("GET /api/v1/audit?order=oldest&limit=1000")).body.items;

describe("the trace of a call that changes something", () => {
  it("is in the audit, and under its hashes", async () => {
    const server = await startRolloutServer();
    await server.call(`POST ${FLAG}/rollout`, { body: { percentage: 5, reason: "a start" }, headers });
    await server.call(`POST ${FLAG}/kill`, { body: {}, headers: { traceparent: "no trace" } });
    const entries = await auditOf(server);
    const tracesOf = (action: string) => entries.filter((one) => one.action === action).map(({ traceId }) => traceId);
    expect(tracesOf("flag.ramped")).toEqual([TRACE]);
    expect(tracesOf("flag.killed")).toEqual([undefined]);
    expect(verifyChain(entries).kind).toBe("intact");
    const other = entries.map((one) => (one.traceId === TRACE ? { ...one, traceId: "f".repeat(32) } : one));
    expect(verifyChain(other).kind).toBe("broken");
  });

  it("is in the story of a rollout, in its evidence, and with the flag that it takes back", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    await server.command(id, "rollback", { reason: "a hunch" }, { headers });
    const { body } = await server.call<EvidenceView>(`GET /api/v1/rollouts/${id}/evidence`);
    const cause = { kind: "command", subject: "rollback", reason: "a hunch", traceId: TRACE };
    expect(body.events.find(({ event }) => event === "rollbackStarted")?.cause).toMatchObject(cause);
    expect(body.decisions.find(({ what }) => what === "rollback")?.cause).toMatchObject(cause);
    const traced = (await auditOf(server)).filter(({ traceId }) => traceId === TRACE).map(({ action }) => action);
    expect(traced).toEqual(expect.arrayContaining(["flag.rolledBack", "rollout.rollbackStarted"]));
    const { text } = await server.call(`GET /api/v1/rollouts/${id}/evidence?format=md`);
    expect(text).toContain(`“a hunch”, trace ${TRACE}`);
  });

  it("goes to the collector with the rollout's events", async () => {
    const collector = await startReceiver();
    const read = readChannels(`otel: { type: otlp, url: "${collector.url}/v1/logs" }`, () => undefined);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const server = await startRolloutServer({ config: { channels: read.channels } });
    const id = await server.begin(`${PLAN}\n  notify: [ { on: [stage, rollback], to: [otel] } ]`);
    await server.until(id, "running");
    await server.command(id, "rollback", {}, { headers });
    for (let turn = 0; turn < 2_000 && collector.received.length < 2; turn += 1)
      await server.platform.advance(turn % 10 === 9 ? 10 : 0);
    const [stage, rollback] = collector.received.map(({ text }) => text);
    expect(stage).toContain('"eventName":"rampart.rollout.stage"');
    expect(stage).not.toContain("traceId");
    expect(rollback).toContain('"eventName":"rampart.rollout.rollback"');
    expect(rollback).toContain(`"traceId":"${TRACE}"`);
  });

  it("goes to the collector with what people do to a flag by hand", async () => {
    const collector = await startReceiver();
    const read = readChannels(`otel: { type: otlp, url: "${collector.url}/v1/logs" }`, () => undefined);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const server = await startRolloutServer({ config: { channels: read.channels } });
    await server.platform.advance(1_000);
    await server.call(`POST ${FLAG}/rollout`, { body: { percentage: 5 }, headers });
    await server.call(`POST ${FLAG}/kill`, { body: {}, headers });
    await server.call(`POST ${FLAG}/restore`, { body: {} });
    for (let turn = 0; turn < 2_000 && collector.received.length < 3; turn += 1)
      await server.platform.advance(turn % 10 === 9 ? 100 : 0);
    const told = collector.received.map(({ text }) => text);
    expect(told.map((text) => /"eventName":"([^"]+)"/.exec(text)?.[1])).toEqual([
      "rampart.flag.ramped",
      "rampart.flag.killed",
      "rampart.flag.restored",
    ]);
    expect(told.map((text) => text.includes(`"traceId":"${TRACE}"`))).toEqual([true, true, false]);
    expect(told.map((text) => /percentage","value":\{"doubleValue":(\d+)\}/.exec(text)?.[1])).toEqual([
      "5",
      "0",
      undefined,
    ]);
  });

  it("is not said of what a rollout does by itself", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    expect((await auditOf(server)).filter(({ traceId }) => traceId !== undefined)).toEqual([]);
  });
});
