import {
  measure,
  type BacktestConditionView,
  type BacktestCriterionView,
  type BacktestFiringView,
  type BacktestRolloutView,
  type BacktestTriggerView,
  type BacktestView,
} from "@rampart/core";
import { count, moment, orDash } from "../../output/format.ts";
import { length } from "../../output/measure.ts";
import { table, type Cell } from "../../output/table.ts";
import { wrap } from "../../output/lines.ts";
import type { Run } from "../../run.ts";

/** Firings of one trigger that are shown; all that are kept are in the JSON. */
const FIRINGS_SHOWN = 20;

/** The whole report as people read it: what comes of it first. */
export function backtestText(run: Run, report: BacktestView): string {
  const { from, to, intervalMs, summary, notes, leftOut } = report;
  const lines = (texts: readonly string[]): string =>
    texts
      .flatMap((text) => wrap(text, run.io.stdout.columns))
      .map((text) => `${text}\n`)
      .join("");
  const parts = [
    lines([
      `${report.plan.name} against ${moment(from)} to ${moment(to)} (UTC), sampled every ${length(intervalMs)}`,
      summary,
    ]),
    triggersText(run, report.triggers),
    ...report.triggers.map((one) => firingsText(run, one)),
    criteriaText(run, report.criteria),
    metricsText(run, report),
    gapsText(run, report),
    rolloutsText(run, report.rollouts),
    lines([...leftOut.map(({ what, why }) => `Left out: ${what}: ${why}.`), ...notes.map((note) => `Note: ${note}.`)]),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function triggersText(run: Run, triggers: readonly BacktestTriggerView[]): string {
  const rows = triggers.map((one): readonly Cell[] => [
    one.name,
    one.action,
    one.fired === 0
      ? { text: "0", paint: "dim" }
      : { text: count(one.fired), paint: one.action === "notify" ? "none" : "red" },
    ...conditionCells(one),
    one.stages.join(", "),
  ]);
  return tableOf(run, ["trigger", "action", "fired", ...CONDITION_TITLES, "stages"], rows);
}

function criteriaText(run: Run, criteria: readonly BacktestCriterionView[]): string {
  const rows = criteria.map((one): readonly Cell[] => [
    one.condition,
    one.samples === 0 ? orDash(undefined) : share(one.heldSamples, one.samples),
    ...conditionCells(one).slice(1),
    one.stages.join(", "),
  ]);
  return tableOf(run, ["criterion", "held", ...CONDITION_TITLES.slice(1), "stages"], rows);
}

const CONDITION_TITLES = ["condition", "for", "true", "unknown", "longest", "worst"] as const;

function conditionCells(one: BacktestConditionView): readonly Cell[] {
  const { condition, forMs, samples, trueSamples, unknownSamples, longest, extreme, unit } = one;
  return [
    condition,
    forMs === 0 ? orDash(undefined) : length(forMs),
    share(trueSamples, samples),
    share(unknownSamples, samples),
    orDash(longest && length(longest.ms)),
    orDash(extreme && measure(extreme.value, unit)),
  ];
}

function firingsText(run: Run, { name, fired, firings, unit }: BacktestTriggerView): string {
  if (fired === 0) return "";
  const rows = firings.slice(0, FIRINGS_SHOWN).map((one) => firingCells(one, unit));
  const more = fired - rows.length;
  const end = more === 0 ? "" : `${run.style("dim", `and ${count(more)} more`)}\n`;
  return tableOf(run, [`${name} would have fired at`, "true since", "true for", "peak", "limit"], rows) + end;
}

function firingCells({ at, since, until, peak, threshold }: BacktestFiringView, unit: BacktestTriggerView["unit"]) {
  return [
    moment(at),
    moment(since),
    until === undefined ? "still at the end" : length(Date.parse(until) - Date.parse(since)),
    measure(peak, unit),
    measure(threshold, unit),
  ];
}

function metricsText(run: Run, { metrics }: BacktestView): string {
  const rows = metrics.map(({ name, samples, noData, errors, firstAt, lastAt }): readonly Cell[] => [
    name,
    count(samples),
    share(noData, samples),
    share(errors, samples),
    orDash(firstAt && moment(firstAt)),
    orDash(lastAt && moment(lastAt)),
  ]);
  return tableOf(run, ["metric", "samples", "no data", "several series", "first", "last"], rows);
}

function gapsText(run: Run, { gaps }: BacktestView): string {
  const rows = gaps.map(({ metric, since, at, reason, action }) => [metric, moment(since), moment(at), action, reason]);
  return tableOf(run, ["missing for long", "since", "acted upon at", "action", "reason"], rows);
}

function rolloutsText(run: Run, rollouts: readonly BacktestRolloutView[]): string {
  const rows = rollouts.map(({ startAt, outcome, at, stage, sentence }): readonly Cell[] => [
    moment(startAt),
    outcome === "rolledBack" ? { text: outcome, paint: "red" } : outcome,
    orDash(at && length(Date.parse(at) - Date.parse(startAt))),
    orDash(stage ?? undefined),
    sentence,
  ]);
  return tableOf(run, ["rollout started at", "outcome", "after", "stage", "where it stands"], rows);
}

function tableOf(run: Run, titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return "";
  const columns = titles.map((title, index) => ({ title, ...(index === titles.length - 1 && { shrinkTo: 10 }) }));
  return table(columns, rows, { style: run.style, columns: run.io.stdout.columns });
}

/** `0.5%`; what is there but rounds to nothing is not shown as nothing. */
function share(part: number, whole: number): Cell {
  if (part === 0 || whole === 0) return { text: "0%", paint: "dim" };
  const percent = (part / whole) * 100;
  return percent < 0.1 ? "<0.1%" : `${Number(percent.toFixed(1))}%`;
}
