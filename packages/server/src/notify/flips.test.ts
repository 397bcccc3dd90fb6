import type { AuditEntry } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Delivery } from "../ports/notifier.ts";
import { createMemoryCheckpoints } from "../store/memory-checkpoints.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { TRIES_MAX } from "./back-off.ts";
import { Flips } from "./flips.ts";
import { flipCall, isFlip } from "./otlp.ts";

const DELIVERED: Delivery = { kind: "delivered" };
const FAILED: Delivery = { kind: "failed", reason: "HTTP 503", again: true };

const entryOf = (seq: number, action: string): AuditEntry => ({
  seq,
  at: "2026-01-05T02:00:30.250Z",
  actor: "token:1 (ci)",
  action,
  target: "flag/checkout",
  environment: "production",
  revision: 7,
  previousHash: "0",
  hash: "1",
});

/** An audit that grows, and collectors that answer what they are told to. */
function world(answer: (name: string, seq: number) => Delivery = () => DELIVERED) {
  const platform = manualPlatform();
  const entries: AuditEntry[] = [];
  const told: string[] = [];
  const errors: object[] = [];
  const logger = { warn: () => undefined, error: (fields: object) => void errors.push(fields) } as unknown as Logger;
  const checkpoints: CheckpointStore = createMemoryCheckpoints();
  let evaluates = true;
  const leadership: Leadership = { isShared: true, evaluating: () => (evaluates ? { fence: 1 } : undefined) };
  const collectors = new Set(["otel"]);
  const start = (): Flips => {
    const flips = new Flips({
      ...platform,
      audit: async ({ after = 0, order = "newest", limit }) =>
        (order === "oldest" ? entries : entries.toReversed()).filter(({ seq }) => seq > after).slice(0, limit),
      checkpoints,
      channels: {
        collectors: async () => [...collectors],
        tellFlip: async (name, { seq }) => {
          const said = answer(name, seq);
          if (said.kind === "delivered") told.push(`${name} ${seq}`);
          return said;
        },
      },
      leadership,
      logger,
    });
    flips.start();
    return flips;
  };
  const act = (...actions: readonly string[]): void =>
    actions.forEach((action) => void entries.push(entryOf(entries.length + 1, action)));
  return {
    platform,
    told,
    errors,
    collectors,
    start,
    act,
    setEvaluates: (does: boolean) => {
      evaluates = does;
    },
  };
}

describe("the flips of flags", () => {
  it("are told to every collector in their order, and nothing else of the audit is", async () => {
    const { platform, told, collectors, start, act } = world();
    act("flag.killed");
    collectors.add("lake");
    start();
    await platform.advance(1_000);
    expect(told).toEqual([]);
    act("flag.ramped", "token.created", "flag.killed", "config.changed", "flag.restored", "flag.rolledBack");
    await platform.advance(1_000);
    expect(told.filter((one) => one.startsWith("otel"))).toEqual(["otel 2", "otel 4", "otel 6", "otel 7"]);
    expect(told.filter((one) => one.startsWith("lake"))).toHaveLength(4);
    await platform.advance(60_000);
    expect(told).toHaveLength(8);
  });

  it("that were made while no server ran are told by the next one, those before them not again", async () => {
    const { platform, told, start, act } = world();
    const first = start();
    await platform.advance(1_000);
    act("flag.ramped");
    await platform.advance(1_000);
    await first.stop();
    act("flag.killed");
    start();
    await platform.advance(1_000);
    expect(told).toEqual(["otel 1", "otel 2"]);
  });

  it("are told by the server that evaluates only", async () => {
    const { platform, told, start, act, setEvaluates } = world();
    setEvaluates(false);
    start();
    act("flag.killed");
    await platform.advance(5_000);
    expect(told).toEqual([]);
    setEvaluates(true);
    await platform.advance(1_000);
    act("flag.restored");
    await platform.advance(1_000);
    expect(told).toEqual(["otel 2"]);
  });

  it("wait for a collector that is away, and hold up no other, whatever is stored meanwhile", async () => {
    let isAway = true;
    const { platform, told, collectors, start, act } = world((name) =>
      isAway && name === "otel" ? FAILED : DELIVERED,
    );
    collectors.add("lake");
    const first = start();
    await platform.advance(1_000);
    act("flag.ramped", "flag.killed");
    await platform.advance(10_000);
    expect(told).toEqual(["lake 1", "lake 2"]);
    await first.stop();
    start();
    isAway = false;
    await platform.advance(1_000);
    // Once more for the one that had them: at least once is what is promised.
    expect(told.filter((one) => one.startsWith("otel"))).toEqual(["otel 1", "otel 2"]);
  });

  it("are given up after an hour of trying, with a word", async () => {
    let tries = 0;
    const { platform, told, errors, start, act } = world((_, seq) => {
      if (seq === 2) return DELIVERED;
      tries += 1;
      return FAILED;
    });
    start();
    await platform.advance(1_000);
    act("flag.ramped", "flag.killed");
    await platform.advance(3 * 3_600_000);
    expect(tries).toBe(TRIES_MAX);
    expect(told).toEqual(["otel 2"]);
    expect(errors).toEqual([{ channel: "otel", flips: 1, reason: "HTTP 503" }]);
  });
});

describe("a flip for OpenTelemetry", () => {
  const recordOf = (entry: AuditEntry, link?: string): unknown => {
    const { body } = flipCall({ url: "http://collector:4318/v1/logs", headers: [] }, entry, link);
    return (body as { resourceLogs: [{ scopeLogs: [{ logRecords: [unknown] }] }] }).resourceLogs[0].scopeLogs[0]
      .logRecords[0];
  };

  it("is a log record with the flag, who did it, what users get from then on, and the trace of the call", () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const after = { enabled: true, fallthrough: { percentage: 25 } };
    const entry = { ...entryOf(12, "flag.ramped"), reason: "looks good", traceId, after };
    expect(isFlip(entry)).toBe(true);
    expect(recordOf(entry, "https://rampart.example/flags/checkout")).toEqual({
      timeUnixNano: "1767578430250000000",
      severityNumber: 9,
      severityText: "INFO",
      eventName: "rampart.flag.ramped",
      body: { stringValue: "checkout in production: ramped by token:1 (ci): looks good" },
      attributes: [
        { key: "log.record.uid", value: { stringValue: "audit-12" } },
        { key: "feature_flag.key", value: { stringValue: "checkout" } },
        { key: "deployment.environment.name", value: { stringValue: "production" } },
        { key: "rampart.flag.percentage", value: { doubleValue: 25 } },
        { key: "rampart.flag.revision", value: { doubleValue: 7 } },
        { key: "rampart.flag.by", value: { stringValue: "token:1 (ci)" } },
        { key: "rampart.flag.reason", value: { stringValue: "looks good" } },
        { key: "url.full", value: { stringValue: "https://rampart.example/flags/checkout" } },
      ],
      traceId,
    });
  });

  it("is a warning where the flag was taken back, and 0 % whatever its percentage is", () => {
    const killed = recordOf({
      ...entryOf(3, "flag.killed"),
      after: { enabled: false, fallthrough: { percentage: 50 } },
    });
    expect(killed).toMatchObject({ severityNumber: 13, severityText: "WARN", eventName: "rampart.flag.killed" });
    expect(JSON.stringify(killed)).toContain('{"key":"rampart.flag.percentage","value":{"doubleValue":0}}');
    expect(killed).not.toHaveProperty("traceId");
  });
});
