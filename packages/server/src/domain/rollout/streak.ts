import type { Criterion, Plan } from "../plan/types.ts";
import { conditionKey, conditionsOf } from "./conditions.ts";
import { own, type Dictionary } from "./lookup.ts";
import { unseenAfterMs } from "./reading.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState, Streak } from "./state.ts";
import { judge } from "./verdict.ts";

/**
 * The streaks after the observations at `at`: a condition that is true goes on or begins, one that is false or unknown ends. With
 * `metric` only conditions on that metric are looked at (a signal was pushed).
 */
export function followStreaks(plan: Plan, state: RolloutState, at: EpochMs, metric?: string): Dictionary<Streak> {
  const streaks: { [key: string]: Streak } = {};
  for (const { key, condition } of conditionsOf(plan)) {
    const before = own(state.streaks, key);
    if (metric !== undefined && condition.metric !== metric) {
      if (before) streaks[key] = before;
    } else if (judge(plan, state, condition, at).kind === "pass") {
      streaks[key] = before ? prolong(plan, before, at) : { since: at, seenSince: at, lastAt: at, fired: [] };
    }
  }
  return streaks;
}

function prolong(plan: Plan, before: Streak, at: EpochMs): Streak {
  const unseen = at - before.lastAt > unseenAfterMs(plan);
  return { ...before, seenSince: unseen ? at : before.seenSince, lastAt: Math.max(before.lastAt, at) };
}

/** The same streaks, with these triggers having fired for theirs. */
export function markFired(
  streaks: Dictionary<Streak>,
  triggers: readonly { readonly key: string; readonly id: string }[],
): Dictionary<Streak> {
  const marked: { [key: string]: Streak } = { ...streaks };
  for (const { key, id } of triggers) {
    const streak = own(marked, key);
    if (streak) marked[key] = { ...streak, fired: [...streak.fired, id] };
  }
  return marked;
}

/**
 * How long a criterion has held without a break, at the newest sampling and counted from no earlier than `from` (exposure, or the
 * rollback that it verifies). Undefined: it doesn't hold, or was not looked at since.
 */
export function heldMs(state: RolloutState, criterion: Criterion, from: EpochMs): number | undefined {
  if (criterion.test.kind === "compare") return undefined;
  const streak = own(state.streaks, conditionKey(criterion.test.condition));
  if (!streak || streak.lastAt < from) return undefined;
  return streak.lastAt - Math.max(streak.seenSince, from);
}
