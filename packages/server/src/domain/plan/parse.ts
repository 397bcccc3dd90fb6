import { pointerOf } from "@rampart/core";
import type { PlanDocument } from "./document/document.ts";
import { digestOf } from "./digest.ts";
import { metadataOf } from "./lower/metadata.ts";
import { contextOf, lowerPlan } from "./lower/plan.ts";
import { inOneGo, type Pieces } from "../pieces.ts";
import { PROBLEMS_MAX, mayHoldSecrets, placeOf, shown, type PlanProblem } from "./problem.ts";
import { Reader } from "./reader.ts";
import { readingSource, type PlanSource } from "./source.ts";
import { checkStructure, type Finding } from "./structure.ts";
import type { Plan } from "./types.ts";
import { warningsOf } from "./warnings/warnings.ts";

/** What a plan is checked against besides itself. */
export interface ParseOptions {
  /** Variables of the server's environment, to check that those of the plan exist. Without it they are not checked. */
  readonly variables?: (name: string) => string | undefined;
}

/** A plan, or everything that is wrong with it. Warnings don't keep a plan from running. */
export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan; readonly warnings: readonly PlanProblem[] }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/**
 * Reads a plan's YAML. Every mistake is told at once, with its place, in the order of the text; at most `PROBLEMS_MAX`. Never throws,
 * whatever the text. The plan holds `${…}` as it was written: no variable's value gets into it.
 */
export function parsePlan(text: string, options: ParseOptions = {}): ParsedPlan {
  return inOneGo(parsingPlan(text, options));
}

/** As `parsePlan`, piece by piece: for servers, where others wait meanwhile. */
export function* parsingPlan(text: string, options: ParseOptions = {}): Pieces<ParsedPlan> {
  const read = yield* readingSource(text);
  if (read.kind === "unreadable") return { ok: false, problems: read.problems };
  const { source } = read;
  yield;
  const structure = checkStructure(source.json);
  yield;
  const texts: Finding[] = [];
  const reader = new Reader<PlanDocument>(source.json, [], (finding) => texts.push(finding));
  const context = contextOf(reader, options.variables);
  const spec = lowerPlan(reader, context);
  const problems = [read.problems, problemsOf(structure.findings, source), problemsOf(texts, source)].reduce(
    withNewPlaces,
    [],
  );
  if (structure.document === undefined || problems.length > 0) return { ok: false, problems: ordered(problems) };
  yield;
  const plan: Plan = { ...metadataOf(structure.document.metadata), ...spec, digest: digestOf(source.json) };
  return { ok: true, plan, warnings: ordered(problemsOf(warningsOf(plan, context.origins), source)) };
}

/** What is wrong with a value in one way is often wrong with it in another: the first look at it is what is told. */
function withNewPlaces(told: readonly PlanProblem[], more: readonly PlanProblem[]): readonly PlanProblem[] {
  const known = new Set(told.map(({ path }) => path));
  return [...told, ...more.filter(({ path }) => !known.has(path))];
}

const problemsOf = (findings: readonly Finding[], source: PlanSource): readonly PlanProblem[] =>
  findings.map((finding) => problemOf(finding, source));

function problemOf(finding: Finding, source: PlanSource): PlanProblem {
  const place = placeOf(finding.path);
  return {
    ...source.locate(finding.path, finding.at),
    path: pointerOf(finding.path),
    ...(finding.value === undefined || mayHoldSecrets(finding.path) ? {} : { value: shown(finding.value) }),
    message: place === "" ? finding.message : `${place}: ${finding.message}`,
    hint: finding.hint,
  };
}

/** In the order of the text, each once, and not more than anybody reads. */
function ordered(problems: readonly PlanProblem[]): readonly PlanProblem[] {
  const unique = [
    ...new Map(
      problems.map((problem) => [`${problem.line}:${problem.column}:${problem.path}:${problem.message}`, problem]),
    ).values(),
  ];
  const sorted = unique.toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (sorted.length <= PROBLEMS_MAX) return sorted;
  const kept = sorted.slice(0, PROBLEMS_MAX);
  const last = kept.at(-1);
  if (last === undefined) return kept;
  return [
    ...kept,
    { ...last, message: `${sorted.length - PROBLEMS_MAX} more problems are not shown`, hint: "mend these first" },
  ];
}
