import { actorName, rolloutCauseWords, rolloutEventWords } from "@rampart/core";
import type { CauseView, RolloutCommand, RolloutEventView, RolloutStatus, RolloutSummary } from "@rampart/core";
import { length } from "../../output/measure.ts";
import type { Paint } from "../../output/style.ts";

/** How a status is written and painted. */
export const STATUS: { readonly [status in RolloutStatus]: { readonly word: string; readonly paint: Paint } } = {
  scheduled: { word: "scheduled", paint: "dim" },
  preconditions: { word: "preconditions", paint: "cyan" },
  awaiting: { word: "awaiting", paint: "yellow" },
  running: { word: "running", paint: "green" },
  paused: { word: "paused", paint: "yellow" },
  rollingBack: { word: "rolling back", paint: "red" },
  verifying: { word: "rolled back, verifying", paint: "red" },
  rolledBack: { word: "rolled back", paint: "red" },
  completed: { word: "completed", paint: "green" },
  cancelled: { word: "cancelled", paint: "dim" },
};

/** Nothing will change it by itself any more. */
export function isOver(status: RolloutStatus): boolean {
  return status === "completed" || status === "rolledBack" || status === "cancelled";
}

/** The rollback was decided and the flag is at 0 %, or about to be. */
export function isRolledBack(status: RolloutStatus): boolean {
  return status === "rollingBack" || status === "verifying" || status === "rolledBack";
}

/** What each command of the API is called here. */
export const COMMAND_WORDS: { readonly [command in RolloutCommand]: string } = {
  start: "begin",
  approve: "approve",
  reject: "reject",
  tick: "tick",
  pause: "pause",
  resume: "resume",
  promote: "promote",
  rollback: "rollback",
  cancel: "cancel",
  acknowledge: "ack",
};

const BAD_EVENTS: ReadonlySet<string> = new Set([
  "triggerFired",
  "rollbackStarted",
  "notRecovered",
  "rolledBack",
  "escalated",
]);
const GOOD_EVENTS: ReadonlySet<string> = new Set(["stageStarted", "stageDone", "recovered", "completed"]);
const HALTING_EVENTS: ReadonlySet<string> = new Set(["paused", "noData", "timedOut", "rejected", "alert", "refused"]);

/** How an event is painted. */
export function eventPaint({ event }: RolloutEventView): Paint {
  if (BAD_EVENTS.has(event)) return "red";
  if (GOOD_EVENTS.has(event)) return "green";
  return HALTING_EVENTS.has(event) ? "yellow" : "none";
}

/** `trigger fired: errors (error_rate >= 5%) at 6.12% for 2m`. */
export function eventText(event: RolloutEventView): string {
  const { cause, at } = event;
  const why = cause === undefined ? "" : causeText(cause, at, event.event);
  return why === "" ? whatText(event) : `${whatText(event)}: ${why}`;
}

function whatText({ event, stage, percentage }: RolloutEventView): string {
  if (event === "stageStarted" && stage !== null) return `${stage} opened at ${percentage} %`;
  if (event === "stageDone" && stage !== null) return `${stage} done`;
  if (event === "awaiting" && stage !== null) return `waits to open ${stage}`;
  return rolloutEventWords(event);
}

/** Why something happened, in a few words; `at`: when it did, `event`: what did, where that was said before. */
export function causeText(cause: CauseView, at: string, event?: string): string {
  const { condition, value, since, by, reason, comparison, attribution } = cause;
  const forMs = since === undefined ? 0 : Date.parse(at) - Date.parse(since);
  const parts = [
    rolloutCauseWords(cause, event),
    condition === undefined ? "" : `(${condition})`,
    value === undefined ? "" : `at ${causeValue(cause, value)}`,
    forMs > 0 ? `for ${length(forMs)}` : "",
    by === undefined ? "" : `by ${actorName(by)}`,
    reason === undefined ? "" : `· ${reason}`,
    comparison === undefined ? "" : `· ${comparison}`,
    attribution === "shared" ? "· shared incident, flag not implicated" : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** A value in the unit that the condition was written in: where `5%` stands for the threshold 0.05, 0.0612 is `6.12%`. */
function causeValue({ condition = "", threshold }: CauseView, value: number): string {
  const [, literal, unit = ""] = /[<>=] *(\d+(?:\.\d+)?) *(%|[a-z]*)$/.exec(condition) ?? [];
  const scale = literal === undefined || !threshold ? undefined : Number(literal) / threshold;
  return scale === undefined
    ? String(Number(value.toPrecision(4)))
    : `${Number((value * scale).toPrecision(4))}${unit}`;
}

/** `checkout in production`. */
export function whereText({ flag, environment }: Pick<RolloutSummary, "flag" | "environment">): string {
  return `${flag} in ${environment}`;
}
