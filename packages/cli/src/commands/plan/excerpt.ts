import type { PlanProblem } from "@rampart/server/plan";
import type { Paint, Style } from "../../output/style.ts";
import { pad, printable, widthOf } from "../../output/text.ts";

/** Longer lines are cut to this many characters around what is wrong. */
const LINE_LENGTH_MAX = 120;
/** Characters of a cut line that stay before what is wrong. */
const LEAD = 40;
/** A caret for each character, up to this many. */
const CARETS_MAX = 60;

/** Where a problem is, and how it is painted. */
export interface ProblemOptions {
  readonly file: string;
  /** The text's lines. */
  readonly lines: readonly string[];
  readonly style: Style;
  /** How what is wrong is painted. */
  readonly paint: Paint;
  /** `warning: `, or nothing. */
  readonly label?: string;
}

/** A problem as compilers tell it: `file:line:column: message`, the line with carets under what is wrong, and the hint. */
export function problemText(problem: PlanProblem, { file, lines, style, paint, label = "" }: ProblemOptions): string {
  const { line, column, message, hint } = problem;
  const head = `${style("bold", `${file}:${line}:${column}:`)} ${style(paint, `${label}${printable(message)}`)}`;
  const gutter = String(line).length;
  const bar = style("dim", `${" ".repeat(gutter)} |`);
  const { text, marks } = excerptOf(lines[line - 1] ?? "", problem);
  return [
    head,
    `${style("dim", `${line} |`)} ${text}`,
    `${bar} ${pad("", widthOf(marks.before))}${style(paint, marks.carets)}`,
    `${bar} ${style("cyan", printable(hint))}`,
    "",
  ].join("\n");
}

/** The part of a line around a problem, and where the carets go. Tabs become spaces, so that they stand below. */
function excerptOf(source: string, { column, endColumn }: PlanProblem) {
  const line = source.replaceAll("\t", " ").replaceAll("\r", "");
  const start = Math.min(column - 1, line.length);
  const from = line.length <= LINE_LENGTH_MAX ? 0 : Math.max(0, Math.min(start - LEAD, line.length - LINE_LENGTH_MAX));
  const to = from + LINE_LENGTH_MAX;
  const [left, right] = [from > 0 ? "…" : "", to < line.length ? "…" : ""];
  const length = Math.min(Math.max(1, endColumn - column), CARETS_MAX, Math.max(1, to - start));
  return {
    text: `${left}${printable(line.slice(from, to))}${right}`,
    marks: { before: `${left}${printable(line.slice(from, start))}`, carets: "^".repeat(length) },
  };
}
