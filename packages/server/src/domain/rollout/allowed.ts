import type { Command, CommandName } from "./event.ts";
import type { Refusal } from "./effect.ts";
import { statusOf, type RolloutState, type Status } from "./state.ts";

/**
 * Which commands a status takes: the one table behind refusals, hints and buttons. Rolling back is possible wherever it can still do
 * something, and harmless where it is under way or done.
 */
export const allowed: { readonly [S in Status]: readonly CommandName[] } = {
  scheduled: ["start", "approve", "tick", "cancel", "rollback"],
  preconditions: ["approve", "tick", "cancel", "rollback"],
  awaiting: ["approve", "reject", "tick", "pause", "promote", "cancel", "rollback", "acknowledge"],
  running: ["approve", "tick", "pause", "promote", "rollback", "acknowledge"],
  paused: ["approve", "reject", "tick", "resume", "promote", "cancel", "rollback", "acknowledge"],
  rollingBack: ["tick", "rollback", "acknowledge"],
  verifying: ["tick", "rollback", "acknowledge"],
  rolledBack: ["tick", "rollback", "acknowledge"],
  completed: ["tick", "rollback", "acknowledge"],
  cancelled: [],
};

/** Statuses in a sentence: "the rollout is …". */
const WORDS: { readonly [S in Status]: string } = {
  scheduled: "scheduled",
  preconditions: "still at its preconditions",
  awaiting: "awaiting its next stage",
  running: "running",
  paused: "paused",
  rollingBack: "rolling back",
  verifying: "rolled back and watched for recovery",
  rolledBack: "rolled back",
  completed: "completed",
  cancelled: "cancelled",
};

/** The commands that this rollout takes now: the table's, less what exposure rules out. */
export function allowedCommands(state: RolloutState): readonly CommandName[] {
  const exposed = state.exposedAt !== undefined;
  return allowed[statusOf(state)].filter((name) =>
    name === "cancel" ? !exposed : name === "promote" ? exposed : true,
  );
}

/** Why a command is not possible now; undefined: it is. */
export function refusalOf(state: RolloutState, command: Command): Refusal | undefined {
  const status = statusOf(state);
  const commands = allowedCommands(state);
  if (commands.includes(command.kind)) return undefined;
  if (command.kind === "cancel" && state.exposedAt !== undefined) {
    return {
      code: "ALREADY_EXPOSED",
      command: command.kind,
      detail: `cancel: users have been on since stage 1, the rollout is ${WORDS[status]} at ${state.percentage} %`,
      hint: "roll it back instead",
    };
  }
  if (command.kind === "promote" && state.exposedAt === undefined) {
    return {
      code: "NOT_EXPOSED",
      command: command.kind,
      detail: `promote: there is no stage to end yet, the rollout is ${WORDS[status]}`,
      hint: "it begins by itself when what it waits for is there",
    };
  }
  return {
    code: "NOT_ALLOWED_NOW",
    command: command.kind,
    detail: `${command.kind}: not possible while the rollout is ${WORDS[status]}`,
    hint: commands.length === 0 ? "the rollout is over" : `possible now: ${commands.join(", ")}`,
  };
}
