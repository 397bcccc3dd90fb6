import type { Comparison } from "../types.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** The unit a number was written with; `plain`: none, so it is in the metric's own unit. */
export type LiteralUnit = "%" | "ms" | "s" | "m" | "h" | "plain";

/** A number as it was written, before it is converted to the metric's unit. */
export interface Literal {
  readonly value: number;
  readonly unit: LiteralUnit;
  readonly text: string;
}

/** A condition before its metric is known: which metric, which comparison, with what. */
export interface ConditionText {
  readonly metric: string;
  readonly operator: Comparison;
  readonly right:
    | { readonly kind: "literal"; readonly literal: Literal }
    /** `baseline`, with what is added to it; a percentage is relative. */
    | { readonly kind: "baseline"; readonly add?: Literal };
  /** With single spaces. */
  readonly text: string;
}

/** Names of metrics: what a condition can tell apart from its operator. `baseline` is taken. */
export const METRIC_NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$";

/** Whether a metric can be called that. */
export function isMetricName(text: string): boolean {
  return new RegExp(METRIC_NAME_PATTERN).test(text) && text !== "baseline";
}

const NUMBER = "-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?";
const LITERAL = `(${NUMBER})\\s*(%|ms|s|m|h)?`;

/** What editors check a condition with; `parseCondition` says more. */
export const CONDITION_PATTERN = `^\\s*[A-Za-z_][A-Za-z0-9_.-]*\\s*(?:<=?|>=?|==|!=)\\s*(?:${LITERAL}|baseline(?:\\s*[+-]\\s*${LITERAL})?)\\s*$`;

const SHAPE = new RegExp(`^([A-Za-z_][A-Za-z0-9_.-]*)\\s*(<=|>=|==|!=|<|>)\\s*([^\\s=<>].*)$`);
const BASELINE = new RegExp(`^baseline(?:\\s*([+-])\\s*${LITERAL})?$`);
const PLAIN = new RegExp(`^${LITERAL}$`);

const EXAMPLES = 'for example "error_rate >= 5%", "p95 < 500ms" or "tickets >= baseline + 25%"';

/** Reads `metric op value` and `metric op baseline [± n|n%]`. Units are checked when the metric is known (`lowerCondition`). */
export function parseCondition(source: string): Parsed<ConditionText> {
  const text = source.trim().replaceAll(/\s+/g, " ");
  const shape = SHAPE.exec(text);
  const operator = shape?.[2] as Comparison | undefined;
  if (shape?.[1] === undefined || shape[3] === undefined || operator === undefined) {
    return refused(
      `${quote(text)} is not a condition`,
      mended(text) ?? `a condition is a metric, an operator (< <= > >= == !=) and a value: ${EXAMPLES}`,
    );
  }
  const head = { metric: shape[1], operator, text };
  const baseline = BASELINE.exec(shape[3]);
  if (baseline) {
    if (baseline[1] === undefined) return parsed({ ...head, right: { kind: "baseline" } });
    const add = literalOf(`${baseline[1] === "-" ? "-" : ""}${baseline[2] ?? ""}`, baseline[3]);
    return parsed({ ...head, right: { kind: "baseline", add } });
  }
  const plain = PLAIN.exec(shape[3]);
  if (plain?.[1] === undefined) {
    return refused(
      `${quote(shape[3])} in ${quote(text)} is not a value to compare with`,
      mended(text) ??
        `write a number (0.05, 5%, 500ms, 2s) or baseline (baseline, baseline + 25%, baseline - 3): ${EXAMPLES}`,
    );
  }
  return parsed({ ...head, right: { kind: "literal", literal: literalOf(plain[1], plain[2]) } });
}

/** A number with or without a unit: `200ms`, `0.5%`, `12`. */
export function parseLiteral(source: string): Parsed<Literal> {
  const match = PLAIN.exec(source.trim());
  if (match?.[1] === undefined) return refused(`${quote(source)} is not a number`, "for example 0.05, 5%, 500ms or 2s");
  return parsed(literalOf(match[1], match[2]));
}

function literalOf(number: string, unit: string | undefined): Literal {
  return { value: Number(number), unit: (unit ?? "plain") as LiteralUnit, text: `${number}${unit ?? ""}` };
}

/** What wiki pages write, and what it is here. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/≥|=>/g, ">="],
  [/≤|=</g, "<="],
  [/≠|<>/g, "!="],
  [/(?<![<>=!])=(?!=)/g, "=="],
  [/\b(?:is )?(?:above|over|greater than|more than|exceeds)\b/gi, ">"],
  [/\b(?:is )?(?:below|under|less than)\b/gi, "<"],
  [/\bequals?\b/gi, "=="],
  [/(\d)\s*percent\b/gi, "$1%"],
  [/(\d)\s*(?:milliseconds?|msecs?)\b/gi, "$1ms"],
  [/(\d)\s*(?:seconds?|secs?)\b/gi, "$1s"],
  [/(\d)\s*(?:minutes?|mins?)\b/gi, "$1m"],
  [/(\d),(\d{3})\b/g, "$1$2"],
  [/\bbaseline\s*\*\s*1\.(\d)$/gi, "baseline + $10%"],
  [/\bbaseline\s*\*\s*1\.(\d\d)$/gi, "baseline + $1%"],
];

/** The same condition in the right form, where it can be guessed. */
function mended(text: string): string | undefined {
  const held = /^(.+?)\s+for\s+(\S+)$/.exec(text);
  if (held?.[1] !== undefined && parseCondition(held[1]).ok)
    return `write ${quote(held[1])} and the time in a field of its own: for: ${held[2]}`;
  let guess = text;
  for (const [pattern, right] of SPELLINGS) guess = guess.replaceAll(pattern, right);
  guess = guess.replaceAll(/\s+/g, " ").trim();
  return guess !== text && SHAPE.test(guess) && parseCondition(guess).ok ? `write ${quote(guess)}` : undefined;
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
