import { describe, expect, it } from "vitest";
import { createEgress } from "../egress/egress.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { readChannel } from "./channels-file.ts";
import { deliverHttp } from "./deliver-http.ts";
import { otlpCall } from "./otlp.ts";
import type { Outgoing } from "./outgoing.ts";
import { startReceiver } from "./testing/receiver.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const ROLLBACK: Outgoing = {
  key: "r1:4:0:otel",
  rolloutId: "r1",
  notify: {
    kind: "notify",
    event: "rollback",
    subject: "rolled back from 5 % to 0 %",
    severity: "P0",
    stage: "canary",
    cause: { kind: "command", subject: "rollback", by: "token:1 (ci)", traceId: TRACE },
  },
  message: {
    title: "[P0] Rolled back: checkout in production",
    text: "Rolled back from 5 % to 0 %.",
    facts: [],
    values: { flag: "checkout", environment: "production", percentage: "0 %" },
  },
  onlyIncident: false,
  createdAt: Date.parse("2026-01-05T02:00:30.250Z"),
  link: "https://rampart.example/rollouts/r1",
};

interface LogRecord {
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

const recordOf = (outgoing: Outgoing): LogRecord => {
  const { body } = otlpCall({ url: "http://collector:4318/v1/logs", headers: [] }, outgoing);
  const { resourceLogs } = body as { resourceLogs: [{ scopeLogs: [{ logRecords: [LogRecord] }] }] };
  return resourceLogs[0].scopeLogs[0].logRecords[0];
};

describe("an event of a rollout for OpenTelemetry", () => {
  it("is a log record with the flag, the rollout, and the trace of the call that made it happen", () => {
    expect(recordOf(ROLLBACK)).toEqual({
      timeUnixNano: "1767578430250000000",
      severityNumber: 17,
      severityText: "P0",
      eventName: "rampart.rollout.rollback",
      body: { stringValue: "[P0] Rolled back: checkout in production: Rolled back from 5 % to 0 %." },
      attributes: [
        { key: "log.record.uid", value: { stringValue: "r1:4:0:otel" } },
        { key: "feature_flag.key", value: { stringValue: "checkout" } },
        { key: "deployment.environment.name", value: { stringValue: "production" } },
        { key: "rampart.rollout.id", value: { stringValue: "r1" } },
        { key: "rampart.rollout.stage", value: { stringValue: "canary" } },
        { key: "rampart.rollout.percentage", value: { doubleValue: 0 } },
        { key: "rampart.rollout.cause", value: { stringValue: "command rollback" } },
        { key: "rampart.rollout.by", value: { stringValue: "token:1 (ci)" } },
        { key: "url.full", value: { stringValue: "https://rampart.example/rollouts/r1" } },
      ],
      traceId: TRACE,
    });
  });

  it("leaves out what there is not, and is of no trace when the rollout did it by itself", () => {
    const { link: _, ...rest } = ROLLBACK;
    const bare = recordOf({
      ...rest,
      notify: { kind: "notify", event: "completed", subject: "completed" },
      message: { title: "Completed", text: "Completed.", facts: [] },
    });
    expect(bare).toMatchObject({ severityNumber: 9, severityText: "INFO", eventName: "rampart.rollout.completed" });
    expect(bare).not.toHaveProperty("traceId");
    expect(bare.attributes.map(({ key }) => key)).toEqual(["log.record.uid", "rampart.rollout.id"]);
  });

  it("reaches a collector as JSON, with the headers of the channel", async () => {
    const collector = await startReceiver();
    const read = readChannel(
      "otel",
      { type: "otlp", url: `${collector.url}/v1/logs`, header: ["X-Api-Key: k:1", "x-tenant: shop"] },
      () => undefined,
    );
    if (!read.ok || read.settings.type !== "otlp") throw new Error(JSON.stringify(read));
    const egress = createEgress({ policy: { allow: [], allowPrivate: true }, nowMs: () => performance.now() });
    const sent = await deliverHttp({ egress, clock: manualPlatform().clock }, otlpCall(read.settings, ROLLBACK));
    expect(sent).toEqual({ kind: "delivered" });
    const [call] = collector.received;
    expect(call?.line).toBe("POST /v1/logs");
    expect(call?.headers).toMatchObject({ "content-type": "application/json", "x-api-key": "k:1", "x-tenant": "shop" });
    expect(JSON.parse(call?.text ?? "")).toHaveProperty("resourceLogs");
  });

  it.each(["no colon", "x-key:", "x key: 1", "x-key: a\nb: c"])("is not sent with the header %j", (header) => {
    const read = readChannel("otel", { type: "otlp", url: "http://collector:4318/v1/logs", header }, () => undefined);
    expect(read).toMatchObject({ ok: false, problems: [{ where: "otel.header.0" }] });
  });
});
