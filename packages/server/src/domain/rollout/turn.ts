import type { NotifyEvent, Plan, Stage } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import type { Effect, Evidence, Notify, RecordEvent, Refusal } from "./effect.ts";
import type { EpochMs } from "./instant.ts";
import { statusOf, type Phase, type RolloutState } from "./state.ts";

/** One step while it is being taken: the state so far, and what is to be done about it. Lives no longer than the step. */
export interface Turn {
  readonly plan: Plan;
  /** The event's instant, never before the newest one known. */
  readonly now: EpochMs;
  /** The instant from which samples count for what opens in this step: the sampling's own, else `now`. */
  readonly from: EpochMs;
  /** As the event's `unseen`: nothing rises in this step. */
  readonly isBlind: boolean;
  state: RolloutState;
  readonly effects: Effect[];
}

/** Changes fields of the state. */
export function change(turn: Turn, fields: Partial<RolloutState>): void {
  turn.state = { ...turn.state, ...fields };
}

/** Goes over into another phase. */
export function enter(turn: Turn, phase: Phase): void {
  change(turn, { phase });
}

/** Adds a line to the story, as the rollout stands now. */
export function record(turn: Turn, event: RecordEvent, cause?: Cause): void {
  const { state, plan, now } = turn;
  turn.effects.push({
    kind: "record",
    record: {
      at: now,
      event,
      state: statusOf(state),
      stage: stageInView(plan, state)?.name ?? null,
      percentage: state.percentage,
      ...(cause && { cause }),
    },
  });
}

/** Tells people, about the stage that they mean now unless `details` name another. */
export function notify(
  turn: Turn,
  event: NotifyEvent,
  subject: string,
  details: Omit<Notify, "kind" | "event" | "subject"> = {},
): void {
  const stage = stageInView(turn.plan, turn.state);
  turn.effects.push({ kind: "notify", event, subject, ...(stage && { stage: stage.name }), ...details });
}

/** Keeps what a decision stood on. */
export function keepEvidence(turn: Turn, evidence: Omit<Evidence, "at" | "planDigest">): void {
  turn.effects.push({ kind: "evidence", evidence: { at: turn.now, planDigest: turn.plan.digest, ...evidence } });
}

/** Says that a command is not possible. Nothing else must come of the turn. */
export function refuse(turn: Turn, refusal: Refusal): void {
  turn.effects.push({ kind: "refused", refusal });
}

/** The stage that people mean now: the one that waits to be opened, else the one that was opened last. */
export function stageInView(plan: Plan, state: RolloutState): Stage | undefined {
  const index = state.phase.kind === "awaiting" ? state.phase.opens : state.stage;
  return index === undefined ? undefined : plan.stages[index];
}

/** The stage whose percentage is set. */
export function openStage(plan: Plan, state: RolloutState): Stage | undefined {
  return state.stage === undefined ? undefined : plan.stages[state.stage];
}
