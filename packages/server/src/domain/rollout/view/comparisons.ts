import type { ComparisonView } from "@rampart/core";
import { keyText } from "../../plan/compared.ts";
import { instantOf } from "../../instant.ts";
import type { Plan } from "../../plan/types.ts";
import { comparisonLine } from "../comparison-line.ts";
import type { Comparison, ComparisonPoint, Standing } from "../comparison.ts";
import { whyNot } from "../comparing.ts";
import type { EvidenceComparison } from "../effect.ts";
import { isExposed, type RolloutState } from "../state.ts";
import { openStage } from "../turn.ts";

/** What comparing the cohorts says now, or said last; empty where nothing was compared. */
export function comparisonsView(plan: Plan, state: RolloutState): readonly ComparisonView[] {
  const percentage = state.percentage === 0 ? (openStage(plan, state)?.percentage ?? 0) : state.percentage;
  return Object.entries(state.comparisons ?? {}).map(([metric, kept]) => {
    const reason = isExposed(state) ? whyNot(plan, state, metric, state.now) : undefined;
    const view = comparisonView({ metric, line: comparisonLine(metric, percentage, kept), ...kept });
    return { ...view, ...(reason !== undefined && { reason }), ...marginOf(plan, state, metric) };
  });
}

/** A kept comparison with its instants as text. */
export function comparisonView({ metric, line, standing, tests, series }: EvidenceComparison): ComparisonView {
  return {
    metric,
    line,
    standing: standing.kind,
    tests: testsView(tests),
    series: series.map(pointView),
    ...sinceOf(standing),
  };
}

function testsView(tests: Comparison["tests"]): ComparisonView["tests"] {
  return Object.entries(tests).map(([key, test]) => ({ name: keyText(key), ...test }));
}

function pointView({ at, ...point }: ComparisonPoint): ComparisonView["series"][number] {
  return { at: instantOf(at), ...point };
}

function sinceOf(standing: Standing): Pick<ComparisonView, "since"> {
  return standing.kind === "stale" ? { since: instantOf(standing.since) } : {};
}

/** The smallest ratio that the open stage's criteria still call safe, for a line in the chart. */
function marginOf(plan: Plan, state: RolloutState, metric: string): Pick<ComparisonView, "margin"> {
  const margins = (openStage(plan, state)?.criteria ?? []).flatMap(({ test }) =>
    test.kind === "compare" && test.within.metric === metric ? [test.within.within] : [],
  );
  return margins.length === 0 ? {} : { margin: Math.min(...margins) };
}
