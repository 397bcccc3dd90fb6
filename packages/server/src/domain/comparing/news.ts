import type { Plan } from "../plan/types.ts";
import type { Comparison } from "../rollout/comparison.ts";
import { risingBlocked } from "../rollout/gate.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";
import type { RolloutState } from "../rollout/state.ts";

/** A rollout hears of a comparison that says nothing new this often: points of its chart, and a sign that somebody looks. */
const POINT_EVERY_MS = 10_000;

/** What a rollout was told last, and as of when. */
export interface Told {
  readonly at: EpochMs;
  /** The open stage's index. */
  readonly stage: number;
  readonly comparisons: Dictionary<Comparison>;
}

/** Whether the rollout has to hear of a look: it says something new, or it is time for a point of the chart. */
export function isToBeTold(
  told: Told | undefined,
  next: Told,
  { plan, state }: { readonly plan: Plan; readonly state: RolloutState },
): boolean {
  if (told === undefined || told.stage !== next.stage) return true;
  if (next.at - told.at >= Math.max(POINT_EVERY_MS, plan.intervalMs)) return true;
  // While a limit is broken, control's part in it can change from one second to the next.
  return isNews(told.comparisons, next.comparisons) || risingBlocked(plan, state, undefined, next.at).length > 0;
}

function isNews(told: Dictionary<Comparison>, next: Dictionary<Comparison>): boolean {
  return Object.entries(next).some(([metric, comparison]) => {
    const before = own(told, metric);
    return before === undefined || signature(before) !== signature(comparison);
  });
}

function signature({ standing, epoch, tests, proofs }: Comparison): string {
  const ringing = Object.entries(tests).flatMap(([key, { isAlarm }]) => (isAlarm ? [key] : []));
  const proven = Object.entries(proofs).flatMap(([id, { isProven }]) => (isProven ? [id] : []));
  return JSON.stringify([standing.kind, epoch, ringing, proven]);
}
