import type { Plan } from "../plan/types.ts";
import { conditionKey } from "./conditions.ts";
import type { EpochMs } from "./instant.ts";
import { own } from "./lookup.ts";
import { verificationCriteria } from "./rollback.ts";
import type { RolloutState } from "./state.ts";
import { openStage } from "./turn.ts";

/**
 * As long as every sampling says the same as the one before, samples change something only when a streak gets long enough, a gap in
 * the data does, a signal gets too old, or a stage that opened on a sampling is seen for the first time. These are the instants at which that can be; the first sampling at or after one of them has to
 * be taken. Some of them may turn out to change nothing.
 */
export function turningPoints(plan: Plan, state: RolloutState): readonly EpochMs[] {
  const { phase } = state;
  // A sampling that was late can count for the very instant at which the stage opened; it takes a later one.
  const seen = phase.kind === "running" ? [phase.since + 1] : [];
  return [...streakPoints(plan, state), ...gapPoints(plan, state), ...signalPoints(plan, state), ...seen];
}

/**
 * The state after samplings at every aligned instant up to `to`, all of which said the same as the last one; only between turning
 * points, deadlines and events. `sampled` are the metrics that every sampling had a value for.
 */
export function skipSamplings(state: RolloutState, to: EpochMs, sampled: ReadonlySet<string>): RolloutState {
  const observations = Object.entries(state.observations).map(([name, one]) => [
    name,
    sampled.has(name) ? { ...one, at: to } : one,
  ]);
  const streaks = Object.entries(state.streaks).map(([key, streak]) => [key, { ...streak, lastAt: to }]);
  return {
    ...state,
    now: to,
    lastSampleAt: to,
    observations: Object.fromEntries(observations),
    streaks: Object.fromEntries(streaks),
  };
}

interface Watched {
  readonly test: { readonly kind: string; readonly condition?: Parameters<typeof conditionKey>[0] };
  readonly forMs: number;
}

function streakPoints(plan: Plan, state: RolloutState): readonly EpochMs[] {
  const stage = openStage(plan, state);
  const watched: readonly Watched[] = [
    ...plan.preconditions.flatMap((one) => (one.kind === "criterion" ? [one.criterion] : [])),
    ...(stage?.criteria ?? []),
    ...(stage?.triggers ?? []),
    ...verificationCriteria(plan, state),
  ];
  // What a streak counts from depends on who asks; all of them is few enough.
  const floors = [state.startAt, state.exposedAt, state.killedAt].filter((one) => one !== undefined);
  return watched.flatMap(({ test, forMs }) => {
    const streak = test.condition && own(state.streaks, conditionKey(test.condition));
    if (!streak) return [];
    return floors.flatMap((floor) => [
      Math.max(streak.since, floor) + forMs,
      Math.max(streak.seenSince, floor) + forMs,
    ]);
  });
}

function gapPoints(plan: Plan, state: RolloutState): readonly EpochMs[] {
  return Object.values(state.missing).flatMap((gap) => (gap.acted ? [] : [gap.since + plan.noDataAfterMs]));
}

function signalPoints(plan: Plan, state: RolloutState): readonly EpochMs[] {
  return Object.entries(state.observations).flatMap(([name, observation]) => {
    const metric = own(plan.metrics, name);
    return metric?.source.kind === "signal" && metric.maxAgeMs !== undefined
      ? [observation.at + metric.maxAgeMs + 1]
      : [];
  });
}
