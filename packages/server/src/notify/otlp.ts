import type { AuditEntry, FlagConfig, JsonValue } from "@rampart/core";
import type { Severity } from "../domain/plan/types.ts";
import type { HttpCall } from "./deliver-http.ts";
import type { Outgoing } from "./outgoing.ts";

interface OtlpSettings {
  /** Where the collector takes logs over HTTP: `http://collector:4318/v1/logs`. */
  readonly url: string;
  /** As curl has them: `x-api-key: …`. */
  readonly headers: readonly string[];
}

/** What in the audit is a flip: a change of who gets a flag's on variant. */
const FLIPS: readonly string[] = ["flag.ramped", "flag.killed", "flag.restored", "flag.rolledBack"];

/** Whether an entry of the audit is a flag's flip, by whomever. */
export const isFlip = ({ action }: AuditEntry): boolean => FLIPS.includes(action);

/** OpenTelemetry's numbers for ERROR, WARN and INFO. */
const SEVERITIES: { readonly [severity in Severity]: number } = { P0: 17, P1: 13, P2: 13, P3: 9 };
const INFO = 9;

/**
 * An event of a rollout as an OpenTelemetry event: one log record, in OTLP's JSON. It is part of the trace of the call that made it
 * happen, where a call did and named one. `log.record.uid` is the same whenever the message comes again.
 */
export function otlpCall(settings: OtlpSettings, outgoing: Outgoing): HttpCall {
  return callOf(settings, recordOf(outgoing));
}

/** A flag's flip as an OpenTelemetry event, in the same form. `link`: the flag's page. */
export function flipCall(settings: OtlpSettings, entry: AuditEntry, link: string | undefined): HttpCall {
  return callOf(settings, flipRecordOf(entry, link));
}

function callOf({ url, headers }: OtlpSettings, record: object): HttpCall {
  const resource = { attributes: attributesOf({ "service.name": "rampart" }) };
  const scopeLogs = [{ scope: { name: "rampart" }, logRecords: [record] }];
  return { url, headers: headersOf(headers), body: { resourceLogs: [{ resource, scopeLogs }] } };
}

function flipRecordOf({ seq, at, actor, action, target, ...entry }: AuditEntry, link: string | undefined): object {
  const { environment, revision, reason, traceId, after } = entry;
  const flag = target.slice("flag/".length);
  const verb = action.slice("flag.".length);
  const isOff = verb === "killed" || verb === "rolledBack";
  return {
    timeUnixNano: `${Date.parse(at)}000000`,
    severityNumber: isOff ? SEVERITIES.P1 : INFO,
    severityText: isOff ? "WARN" : "INFO",
    eventName: `rampart.${action}`,
    body: { stringValue: `${flag} in ${environment}: ${verb} by ${actor}${reason === undefined ? "" : `: ${reason}`}` },
    attributes: attributesOf({
      "log.record.uid": `audit-${seq}`,
      "feature_flag.key": flag,
      "deployment.environment.name": environment,
      "rampart.flag.percentage": percentageOf(after),
      "rampart.flag.revision": revision,
      "rampart.flag.by": actor,
      "rampart.flag.reason": reason,
      "url.full": link,
    }),
    ...(traceId !== undefined && { traceId }),
  };
}

/** The percentage that users get from then on, where the flip says it: the audit has what was changed, and a restored flag has what it had. */
function percentageOf(after: JsonValue | undefined): number | undefined {
  const { enabled, fallthrough } = (after ?? {}) as Partial<FlagConfig>;
  if (enabled === false) return 0;
  return fallthrough !== undefined && "percentage" in fallthrough ? fallthrough.percentage : undefined;
}

function recordOf({ key, rolloutId, notify, message, createdAt, link }: Outgoing): object {
  const { event, severity, stage, cause } = notify;
  const { flag, environment, percentage } = message.values ?? {};
  return {
    // OTLP's JSON has 64-bit numbers as texts.
    timeUnixNano: `${createdAt}000000`,
    severityNumber: severity === undefined ? INFO : SEVERITIES[severity],
    severityText: severity ?? "INFO",
    eventName: `rampart.rollout.${event}`,
    body: { stringValue: `${message.title}: ${message.text}` },
    attributes: attributesOf({
      "log.record.uid": key,
      "feature_flag.key": flag,
      "deployment.environment.name": environment,
      "rampart.rollout.id": rolloutId,
      "rampart.rollout.stage": stage,
      "rampart.rollout.percentage": percentage === undefined ? undefined : Number.parseFloat(percentage),
      "rampart.rollout.cause": cause === undefined ? undefined : `${cause.kind} ${cause.subject}`,
      "rampart.rollout.by": cause?.by,
      "url.full": link,
    }),
    ...(cause?.traceId !== undefined && { traceId: cause.traceId }),
  };
}

function attributesOf(values: { readonly [name: string]: string | number | undefined }): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [{ key, value: typeof value === "number" ? { doubleValue: value } : { stringValue: value } }],
  );
}

function headersOf(lines: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
}
