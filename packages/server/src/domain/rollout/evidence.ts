import type { Criterion, Plan } from "../plan/types.ts";
import { criterionText, viewCriterion } from "./criterion.ts";
import { comparisonLine } from "./comparison-line.ts";
import type { Evidence, EvidenceCriterion } from "./effect.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";

/** How criteria stood when something was decided; counted from exposure, or from `from`. */
export function evidenceOf(
  plan: Plan,
  state: RolloutState,
  criteria: readonly Criterion[],
  now: EpochMs,
  from: EpochMs = state.exposedAt ?? state.startAt,
): readonly EvidenceCriterion[] {
  return criteria.map((criterion) => {
    const { verdict, heldMs } = viewCriterion(plan, state, criterion, { from, now });
    return {
      criterion: criterionText(criterion),
      verdict: verdict.kind,
      heldMs,
      ...("value" in verdict && verdict.value !== undefined && { value: verdict.value }),
      ...("threshold" in verdict && { threshold: verdict.threshold }),
      ...("reason" in verdict && { reason: verdict.reason }),
    };
  });
}

/** How the cohorts stood against each other at the open percentage, as a field; none where nothing was compared. */
export function comparisonsOf({ comparisons = {}, percentage }: RolloutState): Pick<Evidence, "comparisons"> {
  const all = Object.entries(comparisons).map(([metric, kept]) => {
    const { standing, tests, series } = kept;
    return { metric, standing, line: comparisonLine(metric, percentage, kept), tests, series };
  });
  return all.length === 0 ? {} : { comparisons: all };
}
