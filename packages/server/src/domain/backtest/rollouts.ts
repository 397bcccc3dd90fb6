import type { Pieces } from "../pieces.ts";
import type { Plan } from "../plan/types.ts";
import type { Cause } from "../rollout/cause.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { statusOf, type RolloutState, type Status } from "../rollout/state.ts";
import { openStage } from "../rollout/turn.ts";
import { simulating, type Simulation } from "../simulate/simulate.ts";
import type { History } from "./history.ts";
import { Pasts } from "./past.ts";
import type { Backtest } from "./settings.ts";

/** A rollout that was not made: where it stood at the end of the history, or what ended it before. */
export interface PlayedRollout {
  readonly startAt: EpochMs;
  readonly outcome: Status;
  /** When it was completed, taken back or paused. */
  readonly at?: EpochMs;
  /** The stage that was open last; null: none. */
  readonly stage: string | null;
  /** Of the pause or the rollback. */
  readonly cause?: Cause;
  /** Where it stands, in a sentence. */
  readonly sentence: string;
}

/** What was played. */
export interface PlayedRollouts {
  readonly rollouts: readonly PlayedRollout[];
  /** Starts that were not played any more, as the steps were used up. */
  readonly notPlayed: number;
}

/** Starts the plan at each of the starts, and plays what came after, with the simulator. `stepsMax`: of all of them together. */
export function* playing(backtest: Backtest, history: History, stepsMax: number): Pieces<PlayedRollouts> {
  const rollouts: PlayedRollout[] = [];
  const pasts = new Pasts(backtest.plan, history, backtest.grid);
  let left = stepsMax;
  for (const startAt of backtest.starts) {
    let steps = 0;
    const options = { stepsMax: left, onStep: () => void steps++ };
    const { scenario } = yield* pasts.from(startAt);
    const simulation = yield* simulating(backtest.plan, scenario, options);
    left -= steps;
    if (left <= 0) break;
    rollouts.push(playedOf(backtest.plan, simulation));
  }
  return { rollouts, notPlayed: backtest.starts.length - rollouts.length };
}

function playedOf(plan: Plan, { state, startAt, summary }: Simulation): PlayedRollout {
  return { startAt, ...endOf(state), stage: openStage(plan, state)?.name ?? null, sentence: summary };
}

function endOf(state: RolloutState): Pick<PlayedRollout, "outcome" | "at" | "cause"> {
  const { phase, killedAt } = state;
  switch (phase.kind) {
    // The flag was on for nobody in that time: what came of a rollback can't be seen in it.
    case "rollingBack":
    case "verifying":
    case "rolledBack":
      return { outcome: "rolledBack", at: killedAt ?? phase.since, cause: phase.cause };
    case "completed":
      return { outcome: "completed", at: phase.since };
    case "awaiting":
    case "running":
      return {
        outcome: statusOf(state),
        ...(phase.pause && { at: phase.pause.since, cause: phase.pause.cause }),
      };
    case "scheduled":
    case "preconditions":
    case "cancelled":
      return { outcome: statusOf(state) };
  }
}
