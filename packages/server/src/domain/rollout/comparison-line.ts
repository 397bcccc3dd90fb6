import { measure } from "@rampart/core";
import type { MetricUnit } from "../plan/types.ts";
import type { CohortPoint, ComparisonPoint, KeptComparison, TestResult } from "./comparison.ts";

/** What is said of a breach that users without the flag suffer from as well. */
export const SHARED_TEXT = "users without the flag fare as badly: shared incident, flag not implicated";

/** Ratios are looked at up to this; beyond it is "very much". */
const RATIO_MAX = 64;

/** A ratio as people read it: `×10`, `×1.5`. */
export function ratioText(ratio: number): string {
  return ratio >= RATIO_MAX ? `×${RATIO_MAX} or more` : `×${short(ratio)}`;
}

/**
 * One comparison in one line: `errors: 7 users in the 5 % canary vs 13 in control · odds ×10 (99 %: ×1.5–×49) · evidence 743, needed 400 ·
 * control at 0.5 % · 7 failed requests`. `test`: the one that it is about; missing: the one that is furthest.
 */
export function comparisonLine(
  metric: string,
  percentage: number,
  { point, tests }: Pick<KeptComparison, "point" | "tests">,
  test: TestResult | undefined = furthest(tests),
): string {
  const evidence = test === undefined ? "" : evidencePart(test);
  const parts =
    point === undefined
      ? ["nobody was seen yet", evidence]
      : [usersPart(point, percentage), ratioPart(point), evidence, ...requestParts(point)];
  return `${metric}: ${parts.filter((part) => part !== "").join(" · ")}`;
}

function usersPart({ of, unit, on, off }: ComparisonPoint, percentage: number): string {
  const cohort = `in the ${percentage} %`;
  switch (of) {
    case "failures":
      return `${users(on.failing)} with failures ${cohort} vs ${count(off.failing)} in control${latelyText(on, off)}`;
    case "values":
      return `p95 ${rate(on, unit)} of ${users(on.users)} ${cohort} vs ${rate(off, unit)} of ${count(off.users)} in control`;
  }
}

/** An epoch dilutes what has only begun. */
function latelyText(on: CohortPoint, off: CohortPoint): string {
  const isAll = on.failingLately === on.failing && off.failingLately === off.failing;
  return isAll ? "" : ` (${count(on.failingLately)} vs ${count(off.failingLately)} in the last half minute)`;
}

function requestParts({ of, unit, on, off }: ComparisonPoint): readonly string[] {
  if (of === "values") return [];
  const control = off.rate === undefined ? "" : `control at ${rate(off, unit)}`;
  return [
    control,
    on.failures === 0 ? "" : `${count(on.failures)} failed ${on.failures === 1 ? "request" : "requests"}`,
  ];
}

function evidencePart({ layer, evidence, needed }: TestResult): string {
  switch (layer) {
    case "fast":
      return `evidence ${count(evidence)}, needed ${count(needed)}`;
    case "slow":
      return `z ${short(evidence)} over the sums, needed ${short(needed)}`;
  }
}

function ratioPart({ of, ratio, low, high }: ComparisonPoint): string {
  if (ratio === undefined) return "";
  const word = of === "failures" ? "odds" : "takes";
  const range = rangeText(low, high);
  return `${word} ${ratioText(ratio)}${range === "" ? "" : ` (99 %: ${range})`}`;
}

function rangeText(low: number | undefined, high: number | undefined): string {
  if (low === undefined) return high === undefined ? "" : `at most ${ratioText(high)}`;
  return high === undefined ? `at least ${ratioText(low)}` : `${ratioText(low)}–${ratioText(high)}`;
}

function furthest(tests: KeptComparison["tests"]): TestResult | undefined {
  return Object.values(tests).toSorted((a, b) => b.evidence / b.needed - a.evidence / a.needed)[0];
}

const users = (number: number): string => `${count(number)} ${number === 1 ? "user" : "users"}`;

const rate = ({ rate: value }: CohortPoint, unit: MetricUnit): string =>
  value === undefined ? "unknown" : measure(Number(value.toPrecision(2)), unit);

const short = (number: number): string => String(Number(number.toPrecision(2)));

/** Evidence can be astronomical; beyond a million nobody reads digits. */
function count(number: number): string {
  if (number >= 1e6) return "over a million";
  return String(number >= 10 || Number.isInteger(number) ? Math.round(number) : short(number));
}
