import type { FlagConfig, JsonValue } from "@rampart/core";
import type { Applied } from "../../import/apply.ts";
import type { Difference, ImportPlan, Step } from "../../import/plan.ts";
import type { Finding, Format } from "../../import/types.ts";
import { plural } from "../../output/format.ts";
import type { Paint } from "../../output/style.ts";
import { printable, truncate } from "../../output/text.ts";
import type { Run } from "../../run.ts";
import { serveText } from "../flags/describe.ts";

/** What an import is about. */
export interface About {
  readonly format: Format;
  readonly environment: string;
}

type AnyStep = Step<unknown>;

const PAINTS: { readonly [kind in AnyStep["kind"]]: Paint } = {
  create: "green",
  configure: "green",
  replace: "yellow",
  unchanged: "dim",
  differs: "yellow",
  cannot: "red",
};

const WORDS: { readonly [kind in AnyStep["kind"]]: string } = {
  create: "create",
  configure: "set up",
  replace: "replace",
  unchanged: "unchanged",
  differs: "differs",
  cannot: "cannot",
};

const FINDINGS: { readonly [kind in Finding["kind"]]: readonly [word: string, paint: Paint] } = {
  lost: ["lost", "red"],
  condition: ["if", "yellow"],
  note: ["note", "dim"],
};

/** Columns of a value in a line. */
const VALUE_COLUMNS_MAX = 60;

/** The plan for people: what becomes of each flag and segment, with all that is to be known about it, and a count of each kind. */
export function planText(run: Run, about: About, plan: ImportPlan): string {
  const segments = plan.segments.flatMap((step) => linesOf(run, step, "segment", ""));
  const flags = plan.flags.flatMap((step) =>
    linesOf(run, step, "flag", step.kind === "cannot" ? "" : servedText(step.item.config)),
  );
  const left = archivedText(plan.archived);
  const head = `${run.style("bold", `${about.format} → ${about.environment}`)}: ${countsText([...plan.segments, ...plan.flags])}`;
  const shares = plan.flags.some((step) => step.kind !== "cannot" && hasShares(step.item.config));
  const anew = shares
    ? ["percentages go over, and who is in them does not: each product hashes users in its own way", ""]
    : [];
  return [...segments, ...flags, "", ...anew, ...left, head, ""].join("\n");
}

function archivedText(keys: readonly string[]): readonly string[] {
  return keys.length === 0
    ? []
    : [`in the archive there, and left there: ${keys.length} (${printable(keys.join(", "))})`, ""];
}

/** What the server made of it. */
export function appliedText(run: Run, { written, failed }: Applied): string {
  const failures = failed.flatMap(({ key, error }) => [
    `${run.style("red", "refused")} ${printable(key)}: ${printable(error.message)}`,
    ...error.lines.map((line) => `  ${printable(line)}`),
  ]);
  return [
    ...failures,
    `written: ${written.length}${failed.length === 0 ? "" : `, refused: ${failed.length}`}`,
    "",
  ].join("\n");
}

/** The whole as one document. */
export function resultOf(about: About, plan: ImportPlan, applied: Applied | undefined) {
  return {
    ...about,
    segments: plan.segments.map(stepOf),
    flags: plan.flags.map(stepOf),
    archived: plan.archived,
    ...(applied === undefined
      ? {}
      : {
          written: applied.written,
          failed: applied.failed.map(({ key, error }) => ({
            key,
            code: error.code,
            message: error.message,
            lines: error.lines,
          })),
        }),
  };
}

function stepOf(step: AnyStep) {
  const { kind, key, findings } = step;
  const differences = "differences" in step ? { differences: step.differences } : {};
  const item = step.kind === "cannot" ? (step.why === undefined ? {} : { why: step.why }) : { item: step.item };
  return { key, step: kind, ...item, ...differences, findings };
}

function linesOf(run: Run, step: AnyStep, noun: string, what: string): readonly string[] {
  const word = run.style(PAINTS[step.kind], WORDS[step.kind].padEnd(9));
  const head = `${word} ${noun} ${run.style("bold", printable(step.key))}${what === "" ? "" : `  ${what}`}`;
  const why = step.kind === "cannot" && step.why !== undefined ? [`  ${step.why}`] : [];
  const differences =
    "differences" in step && step.kind !== "configure" ? step.differences.map((each) => differenceText(run, each)) : [];
  return [head, ...why, ...differences, ...step.findings.flatMap((finding) => findingLines(run, finding))];
}

function findingLines(run: Run, { kind, path, value, reason, advice }: Finding): readonly string[] {
  const [word, paint] = FINDINGS[kind];
  const shown = value === undefined ? "" : ` ${valueText(value)}`;
  return [
    `  ${run.style(paint, word)} ${printable(path)}${shown}: ${printable(reason)}`,
    `    ${run.style("cyan", printable(advice))}`,
  ];
}

function differenceText(run: Run, { field, here, file }: Difference): string {
  return `  ${run.style("bold", field)}: here ${valueText(here)}, in the file ${valueText(file)}`;
}

function valueText(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : truncate(printable(JSON.stringify(value)), VALUE_COLUMNS_MAX);
}

/** Whom a flag is for, so that nobody has to look it up. */
function servedText({ enabled, rules, targets, fallthrough }: FlagConfig): string {
  if (!enabled) return "off for everybody";
  const ids = Object.keys(targets).length;
  const parts = [
    ...(ids === 0 ? [] : [plural(ids, "target")]),
    ...(rules.length === 0 ? [] : [plural(rules.length, "rule")]),
  ];
  return [...parts, `otherwise ${serveText(fallthrough)}`].join(", ");
}

function hasShares({ rules, fallthrough }: FlagConfig): boolean {
  return [fallthrough, ...rules.map(({ serve }) => serve)].some(
    (serve) => "split" in serve || ("percentage" in serve && serve.percentage > 0 && serve.percentage < 100),
  );
}

function countsText(steps: readonly AnyStep[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of steps) counts.set(WORDS[kind], (counts.get(WORDS[kind]) ?? 0) + 1);
  return steps.length === 0 ? "nothing" : Array.from(counts, ([word, number]) => `${number} ${word}`).join(", ");
}
