import type { Plan } from "../plan/types.ts";
import { waitingCriterion } from "./criterion.ts";
import { missingAgain, missingToBegin, missingToClose, missingToOpen } from "./gate.ts";
import { viewRecovery } from "./rollback.ts";
import type { RolloutState } from "./state.ts";
import type { Waiting } from "./waiting.ts";

/** Everything that the rollout waits for now, as of its newest event; empty when it is over. */
export function waitingFor(plan: Plan, state: RolloutState): readonly Waiting[] {
  const { phase, now } = state;
  switch (phase.kind) {
    case "scheduled":
      return [{ kind: "start", at: state.startAt }];
    case "preconditions":
      return [...missingToBegin(plan, state, now), ...missingToOpen(plan, state, 0, now)];
    case "awaiting":
      return [
        ...(phase.pause ? [{ kind: "decision" as const, cause: phase.pause.cause }] : []),
        ...missingToOpen(plan, state, phase.opens, now),
        ...missingAgain(plan, state, phase, now),
      ];
    case "running":
      return [
        ...(phase.pause ? [{ kind: "decision" as const, cause: phase.pause.cause }] : []),
        ...missingToClose(plan, state, phase, now),
      ];
    case "rollingBack":
      return [{ kind: "commit" }];
    case "verifying": {
      const open = viewRecovery(plan, state, phase, now).filter((view) => !view.holds);
      return [{ kind: "recovery", until: phase.until, criteria: open.map(waitingCriterion) }];
    }
    case "rolledBack":
    case "completed":
    case "cancelled":
      return [];
  }
}
