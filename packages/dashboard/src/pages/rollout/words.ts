import { rolloutEventWords } from "@rampart/core";

/** An event in words, as the beginning of a line. */
export function eventWord(event: string): string {
  const words = rolloutEventWords(event);
  return words.charAt(0).toUpperCase() + words.slice(1);
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
