import type { Plan } from "../plan/types.ts";
import { escalationAt } from "./escalation.ts";
import type { EpochMs } from "./instant.ts";
import { earliest, noticeAt, reviewAt } from "./notices.ts";
import { elapsedMs, timeoutAt } from "./stage-clock.ts";
import { isOver, type RolloutState } from "./state.ts";
import { KILL_RETRY_MS } from "./step.ts";
import { nextOpening, windowOf } from "./window.ts";

/**
 * The next instant at which time alone can change something: give the rollout a `tick` at or after it. Computed from the state, so that
 * nothing is a timer and a restart forgets nothing. Undefined: only an event or a sample can.
 */
export function nextDeadline(plan: Plan, state: RolloutState): EpochMs | undefined {
  return earliest([phaseDeadline(plan, state), escalationAt(plan, state), noticeAt(plan, state)]);
}

/**
 * When the metrics are to be sampled next: every `interval` from the start, once after a gap however long. Undefined: nobody needs them.
 */
export function nextSampleAt(plan: Plan, state: RolloutState): EpochMs | undefined {
  if (state.phase.kind === "completed") return reviewAt(plan, state);
  if (state.phase.kind === "scheduled" || isOver(state)) return undefined;
  const { lastSampleAt, startAt } = state;
  if (lastSampleAt === undefined) return startAt;
  return startAt + (Math.floor((lastSampleAt - startAt) / plan.intervalMs) + 1) * plan.intervalMs;
}

/** The instant that a sampling taken at `now` counts for: the newest aligned one, so that what providers take stays out of `for`. */
export function alignedInstant(plan: Plan, state: RolloutState, now: EpochMs): EpochMs {
  if (state.phase.kind === "completed") return now;
  return state.startAt + Math.floor((now - state.startAt) / plan.intervalMs) * plan.intervalMs;
}

function phaseDeadline(plan: Plan, state: RolloutState): EpochMs | undefined {
  const { phase, now } = state;
  switch (phase.kind) {
    case "scheduled":
      return state.startAt;
    case "awaiting": {
      const stage = plan.stages[phase.opens];
      const window = stage && windowOf(plan, stage);
      const opensAt = window && phase.pause === undefined ? nextOpening(window, now) : undefined;
      return opensAt !== undefined && opensAt > now ? opensAt : undefined;
    }
    case "running": {
      const stage = plan.stages[phase.stage];
      if (!stage || phase.pause !== undefined) return undefined;
      const remainingMs = stage.durationMs - elapsedMs(phase.clock, now);
      return earliest([
        remainingMs > 0 ? now + remainingMs : undefined,
        stage.timeoutMs === undefined ? undefined : timeoutAt(phase.clock, stage.timeoutMs),
      ]);
    }
    case "rollingBack":
      return now + KILL_RETRY_MS;
    case "verifying":
      return phase.until;
    case "preconditions":
    case "rolledBack":
    case "completed":
    case "cancelled":
      return undefined;
  }
}
