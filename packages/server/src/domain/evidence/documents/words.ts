import { measure, rolloutEventWords } from "@rampart/core";
import type { CauseView, EvidenceView, MetricUnitName, RolloutEventName, RolloutEventView } from "@rampart/core";
import { capital } from "../../capital.ts";
import { person, span, UNKNOWN } from "./markdown.ts";

/** What is clear in a rollout's log and not in a document about it. */
const IN_FULL: ReadonlyMap<string, string> = new Map<RolloutEventName, string>([
  ["scheduled", "Rollout scheduled"],
  ["started", "Rollout started"],
  ["ticked", "Checklist item ticked"],
  ["promoted", "Stage ended by a person, in place of its criteria"],
  ["alert", "Alert received"],
  ["signal", "Signal received"],
  ["timedOut", "Stage not done in its time"],
  ["rollbackStarted", "Rollback decided"],
  ["verifying", "Flag off; watching whether this helped"],
  ["notRecovered", "Not recovered: the flag is not the cause, or not alone"],
  ["completed", "Rollout completed"],
  ["cancelled", "Rollout cancelled"],
  ["reviewed", "Review held"],
]);

/** What happened, in a sentence for people who were not there. */
export function eventSentence({ event, stage, percentage, cause, at }: RolloutEventView, units: Units): string {
  const what = IN_FULL.get(event) ?? capital(rolloutEventWords(event));
  const where =
    (event === "stageStarted" || event === "stageDone" || event === "awaiting") && stage !== null ? ` (${stage})` : "";
  const exposure = event === "stageStarted" ? `, ${percentage} % of users` : "";
  if (cause === undefined || SAID_BEFORE.has(event)) return `${what}${where}${exposure}`;
  const isImplied = IMPLIED.get(event) === cause.kind;
  return `${what}${where}${exposure}: ${causeSentence(cause, at, units, isImplied)}`;
}

/** What comes of a rollback has the rollback's cause, which stands two lines above. */
const SAID_BEFORE: ReadonlySet<string> = new Set(["verifying", "rolledBack", "started"]);

/** The kind of cause that an event's own name says already. */
const IMPLIED: ReadonlyMap<string, string> = new Map([
  ["triggerFired", "trigger"],
  ["alert", "alert"],
  ["signal", "signal"],
  ["noData", "noData"],
  ["approved", "approval"],
  ["rejected", "rejection"],
  ["timedOut", "timeout"],
  ["reviewed", "review"],
  ["drillRecorded", "drill"],
  ["scheduled", "start"],
]);

/** Units of the metrics by name. */
export type Units = ReadonlyMap<string, MetricUnitName>;

/** The units of everything that the rollout measured. A metric that is not in it was never sampled. */
export function unitsOf({ series }: Pick<EvidenceView, "series">): Units {
  return new Map(series.map(({ metric, unit }) => [metric, unit]));
}

/** Why something happened; `isImplied`: what kind of cause it is was said already. `trigger errors, error_rate >= 5%, measured 6.12% against 5%, true for 2 min`. */
export function causeSentence(cause: CauseView, at: string, units: Units, isImplied = false): string {
  const { kind, subject, condition, value, threshold, since, by, traceId, reason } = cause;
  const unit = unitIn(condition ?? subject, units);
  const forMs = since === undefined ? 0 : Date.parse(at) - Date.parse(since);
  const measured =
    value === undefined
      ? ""
      : `measured ${measure(value, unit)}${threshold === undefined ? "" : ` against ${measure(threshold, unit)}`}`;
  const parts = [
    kind === "command" && by !== undefined
      ? ""
      : kind === "command" || isImplied
        ? subject
        : `${KINDS[kind] ?? kind} ${subject}`,
    condition === undefined || condition === subject ? "" : condition,
    measured,
    forMs > 0 ? `true for ${span(forMs)}` : "",
    by === undefined || by === subject ? "" : `by ${person(by)}`,
    reason === undefined || reason === condition ? "" : `“${reason}”`,
    traceId === undefined ? "" : `trace ${traceId}`,
  ].filter((part) => part !== "");
  return parts.map((part) => part.trim()).join(", ");
}

const KINDS: { readonly [kind: string]: string } = {
  start: "plan",
  precondition: "preconditions",
  noData: "no data of",
  error: "no answer for",
  deleted: "deleted flag",
  kill: "kill switch of",
  checklist: "",
  stage: "stage",
  timeout: "time is up for",
};

function unitIn(text: string, units: Units): MetricUnitName {
  const name = (text.match(/[\w.-]+/g) ?? []).find((word) => units.has(word));
  return (name === undefined ? undefined : units.get(name)) ?? "none";
}

/** `automatically, by trigger errors`, for the middle of a sentence. */
export function howTriggered(evidence: EvidenceView): string {
  return triggeredBy(evidence).replace("Automatic,", "automatically,").replace("Manual,", "by hand,");
}

/** Whether a person took the flag back, or Rampart did. */
export function triggeredBy({ rollout }: EvidenceView): string {
  const { cause } = rollout;
  if (cause === undefined) return UNKNOWN;
  if (cause.kind === "command" || cause.kind === "kill" || cause.kind === "deleted" || cause.kind === "rejection")
    return `Manual, by ${person(cause.by ?? cause.subject)}`;
  return `Automatic, by ${KINDS[cause.kind] ?? cause.kind} ${cause.subject}`;
}

/** What version went out, where anybody said. The plan's own version is another thing. */
export function releaseOf({ plan }: EvidenceView): string | undefined {
  const { labels } = plan;
  return labels["version"] ?? labels["release"] ?? labels["image"];
}

/** Who put the rollout there. */
export const deployedBy = ({ rollout }: EvidenceView): string => person(rollout.createdBy);

/** Whether the flag was taken back, or is about to be. */
export function isTakenBack({ rollout }: Pick<EvidenceView, "rollout">): boolean {
  return rollout.status === "rollingBack" || rollout.status === "verifying" || rollout.status === "rolledBack";
}
