import { parseMargin } from "./percentage.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** A comparison of the cohorts in its short form; `margin` is a ratio of at least 1. */
export interface CompareText {
  readonly metric: string;
  readonly margin?: number;
}

/** `upload_errors worse by 25%` (a trigger) or `upload_errors within 25%` (a criterion); the metric alone leaves the margin out. */
export function parseCompare(source: string, kind: "worse by" | "within"): Parsed<CompareText> {
  const text = source.trim().replaceAll(/\s+/g, " ");
  const match = /^([A-Za-z_][A-Za-z0-9_.-]*)(?: (worse by|within) (.+))?$/.exec(text);
  const example = kind === "within" ? "upload_errors within 25%" : "upload_errors worse by 25%";
  if (match?.[1] === undefined)
    return refused(
      `${JSON.stringify(text)} is not a comparison`,
      `write a metric and how much is tolerated, for example "${example}"`,
    );
  if (match[2] === undefined) return parsed({ metric: match[1] });
  if (match[2] !== kind)
    return refused(`${JSON.stringify(text)} does not fit here`, `write "${match[1]} ${kind} ${match[3]}"`);
  const margin = parseMargin(match[3] ?? "");
  return margin.ok ? parsed({ metric: match[1], margin: margin.value }) : margin;
}
