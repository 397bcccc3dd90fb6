import { actorName, rolloutCauseWords, rolloutEventWords, type RolloutEventView } from "@rampart/core";

/** An event in words, as the beginning of a line. */
export function eventWord(event: string): string {
  const words = rolloutEventWords(event);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why something happened: what is left to say after the event's own words and its stage's name. */
export function whyWords({
  event,
  stage,
  cause,
}: Pick<RolloutEventView, "event" | "stage" | "cause">): readonly string[] {
  if (cause === undefined) return [];
  const { kind, subject, condition = "", by, reason = "" } = cause;
  // A command's name is what the line begins with, the page is about the rollout, and what is over was named as the stage.
  const isSaid =
    kind === "command" || kind === "start" || (subject === stage && (event === "stageDone" || event === "timedOut"));
  const parts = [
    isSaid ? "" : rolloutCauseWords(cause, event),
    condition,
    by === undefined ? "" : `by ${actorName(by)}`,
    reason,
  ];
  return parts.filter((part) => part !== "");
}

const BAD = new Set(["rollbackStarted", "notRecovered", "rolledBack", "escalated", "verifying"]);
const WARN = new Set([
  "paused",
  "triggerFired",
  "noData",
  "timedOut",
  "alert",
  "awaiting",
  "rejected",
  "approvalsVoided",
]);
const GOOD = new Set([
  "stageStarted",
  "stageDone",
  "completed",
  "recovered",
  "promoted",
  "preconditionsMet",
  "dataBack",
]);

/** How an event is marked in the timeline and on charts. */
export function eventTone(event: string): "good" | "warn" | "bad" | "neutral" {
  if (BAD.has(event)) return "bad";
  if (WARN.has(event)) return "warn";
  return GOOD.has(event) ? "good" : "neutral";
}

/** What stays of a sentence while its times and values move. */
export const withoutFigures = (sentence: string): string => sentence.replaceAll(/(?:\d[\d.,]*(?:ms|[dhms%])?)+/g, "");
