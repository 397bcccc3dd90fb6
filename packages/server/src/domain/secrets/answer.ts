import type { JsonValue } from "@rampart/core";
import { SECRET_MARK } from "./scrub.ts";

/** Stands for what was left out of somebody else's text. */
const LEFT_OUT = "[…]";

/** Parts of an answer that are kept; an answer to one question has a few. */
const NODES_MAX = 200;
const DEPTH_MAX = 8;

/** What health checks and Prometheus say of themselves. Anything else that is text may be anything, so it isn't kept. */
const WORDS: ReadonlySet<string> = new Set(
  `success error vector matrix scalar string ok up down pass passed fail failed failing warn warning healthy unhealthy degraded ready
  notready unready connected disconnected connecting available unavailable open closed half_open half-open running stopped starting
  active inactive enabled disabled green yellow red true false none null unknown timeout canceled cancelled execution bad_data internal
  not_found not_acceptable NaN +Inf -Inf operational outage maintenance normal critical`
    .split(/\s+/)
    .map((word) => word.toLowerCase()),
);

const NUMBER = /^[+-]?\d{1,17}(?:\.\d{1,17})?(?:e[+-]?\d{1,3})?%?$/i;

/** A field's name: a word or a few, without a digit, as no key or token is. */
const FIELD = /^[a-z]{1,20}(?:[._-]?[a-z]{1,20}){0,4}$/i;

/**
 * What is kept of a source's raw answer: its form, its numbers, and words from a short list. All other text could be a secret that the source
 * shows (a token in a label, a header that a health check echoes), so it is left out, whatever it looks like.
 */
export function keptAnswer(raw: string): string {
  const [, status = "", body = ""] = /^(\d{3})? ?([\s\S]*)$/.exec(raw) ?? [];
  const parsed = parse(body);
  if (parsed === undefined) return [status, body.trim() === "" ? "" : keptText(body.trim())].filter(Boolean).join(" ");
  const room = { nodes: NODES_MAX };
  return [status, JSON.stringify(kept(parsed, room, 0))].filter(Boolean).join(" ");
}

function kept(value: JsonValue, room: { nodes: number }, depth: number): JsonValue {
  room.nodes -= 1;
  if (room.nodes < 0 || depth > DEPTH_MAX) return LEFT_OUT;
  if (typeof value === "string") return keptText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.slice(0, Math.max(0, room.nodes) + 1).map((item: JsonValue) => kept(item, room, depth + 1));
  }
  const fields: [string, JsonValue][] = [];
  let leftOut = 0;
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    if (FIELD.test(name)) fields.push([name, kept(field, room, depth + 1)]);
    else leftOut += 1;
  }
  return Object.fromEntries(leftOut === 0 ? fields : [...fields, [LEFT_OUT, leftOut]]);
}

const keptText = (text: string): string =>
  text === "" || NUMBER.test(text) || WORDS.has(text.toLowerCase()) ? text : LEFT_OUT;

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Words of somebody else's message that are kept: letters only, or a small number; a key or a token is neither. */
const PLAIN_WORD = /^[("'`[]*(?:[A-Za-z]{1,16}(?:[-/'][A-Za-z]{1,12})?|\d{1,5}(?:[.:]\d{1,5}){0,4})[)"'`\],.:;!?]*$/;

/** Quotes, brackets and punctuation. */
const AROUND_WORD = /^[("'`[]+|[)"'`\],.:;!?]+$/g;

const isKept = (word: string): boolean =>
  PLAIN_WORD.test(word) || WORDS.has(word.toLowerCase()) || word.includes(LEFT_OUT) || word === SECRET_MARK;

const FOREIGN_LENGTH_MAX = 300;

/**
 * Somebody else's message (an error of a metric's source) as it may be shown and kept: its plain words and small numbers. Quoted parts and words that hold
 * digits, underscores or more than sixteen letters are left out, for they may be what was sent there; unless they stand in `shown`, a text that is shown anyway.
 */
export function foreignMessage(text: string, shown = ""): string {
  const isShown = (part: string): boolean => part !== "" && shown.includes(part);
  return text
    .slice(0, FOREIGN_LENGTH_MAX)
    .replaceAll(/(["'`])(?:(?!\1)[^\\]|\\.){1,}\1/g, (whole: string, quote: string) =>
      isShown(whole.slice(1, -1)) ? whole : `${quote}${LEFT_OUT}${quote}`,
    )
    .split(/\s+/)
    .map((word) => (isKept(word) || isShown(word.replaceAll(AROUND_WORD, "")) ? word : LEFT_OUT))
    .join(" ")
    .replaceAll(/(?:\[…\] ?){2,}/g, `${LEFT_OUT} `)
    .trim();
}
