import type { Criterion, Plan } from "../plan/types.ts";
import { ratioText } from "./comparison-line.ts";
import { judgeProof } from "./comparing.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";
import { heldMs } from "./streak.ts";
import { judge, type Verdict } from "./verdict.ts";
import type { WaitingCriterion } from "./waiting.ts";

/** How a criterion stands. */
export interface CriterionView {
  readonly criterion: Criterion;
  readonly holds: boolean;
  /** Without a break, up to now; 0 while it doesn't. */
  readonly heldMs: number;
  readonly verdict: Verdict;
}

/** The criterion as people read it. */
export function criterionText(criterion: Criterion): string {
  const { test } = criterion;
  if (test.kind === "condition") return test.condition.text;
  return `${test.within.metric} within ${ratioText(test.within.within)} of users without the flag`;
}

/** The criterion as one of the things that a rollout waits for. */
export function waitingCriterion({ criterion, heldMs, verdict }: CriterionView): WaitingCriterion {
  const { test } = criterion;
  const metric = test.kind === "condition" ? test.condition.metric : test.within.metric;
  return { kind: "criterion", criterion: criterionText(criterion), metric, forMs: criterion.forMs, heldMs, verdict };
}

/**
 * Holds when the newest sample passes, is fresh, and every sample for `for` before it passed too; counted from no earlier than
 * `from`. A comparison holds while harm beyond its margin is ruled out.
 */
export function viewCriterion(
  plan: Plan,
  state: RolloutState,
  criterion: Criterion,
  times: { readonly from: EpochMs; readonly now: EpochMs },
): CriterionView {
  if (criterion.test.kind === "compare") {
    const proof = judgeProof(plan, state, { id: criterion.id, within: criterion.test.within }, times.now);
    return { criterion, holds: proof.kind === "pass", heldMs: 0, verdict: proof };
  }
  const verdict = judge(plan, state, criterion.test.condition, times.now);
  const held = verdict.kind === "pass" ? heldMs(state, criterion, times.from) : undefined;
  return { criterion, holds: held !== undefined && held >= criterion.forMs, heldMs: held ?? 0, verdict };
}
