import type { Plan } from "../domain/plan/types.ts";
import type { Refusal } from "../domain/rollout/effect.ts";
import type { RolloutEvent } from "../domain/rollout/event.ts";
import type { RolloutState } from "../domain/rollout/state.ts";
import type { ToldKill } from "../ports/emergency.ts";
import type { RolloutRow } from "../ports/rollout-store.ts";

/** An event without its instant: the driver gives it one when its turn comes. */
export type Fact = RolloutEvent extends infer E ? (E extends RolloutEvent ? Omit<E, "at" | "unseen"> : never) : never;

/** What became of a fact. */
export type Outcome =
  | { readonly kind: "done"; readonly row: RolloutRow }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** Nothing was written; the caller may try again. `told`: it was a rollback, and the connected clients have it all the same. */
  | { readonly kind: "failed"; readonly error: unknown; readonly told?: ToldKill };

/** A fact that waits for its turn, and who waits for it. */
export interface Waiting {
  readonly fact: Fact;
  readonly plan: Plan | undefined;
  readonly sinceMs: number;
  /** When what led to it began: for samples, when they were asked for. */
  readonly begunMs: number;
  readonly settle: (outcome: Outcome) => void;
}

/** What is answered when the rollout is over, and the flag is somebody else's by now. */
export function refusedBy(problem: { readonly detail: string; readonly hint?: string }, fact: Fact): Outcome {
  const command = fact.kind === "command" ? fact.command.kind : "edit";
  return {
    kind: "refused",
    refusal: {
      code: "NOT_ALLOWED_NOW",
      command,
      detail: `${command}: ${problem.detail}`,
      hint: problem.hint ?? "look at the flag",
    },
  };
}

/** Whether the rollout still raises or may raise the flag, so that what people do to the flag concerns it. */
export function movesFlag(state: RolloutState): boolean {
  const { kind } = state.phase;
  return kind === "scheduled" || kind === "preconditions" || kind === "awaiting" || kind === "running";
}

/** What the evaluator does of its own accord. Everything else any server does that is asked to, at once: a rollback waits for no evaluator. */
export function isOwnAccord(fact: Fact): boolean {
  switch (fact.kind) {
    case "tick":
    case "samples":
    case "compared":
    case "baselineCaptured":
      return true;
    case "command":
    case "signal":
    case "alert":
    case "drillRecorded":
    case "planEdited":
    case "flagKilled":
    case "flagDeleted":
    case "rolledBackCommitted":
      return false;
  }
}

/** What goes before everything that waits. */
export function stops(fact: Fact): boolean {
  switch (fact.kind) {
    case "flagKilled":
    case "flagDeleted":
    case "rolledBackCommitted":
      return true;
    case "command":
      return fact.command.kind === "rollback";
    case "tick":
    case "samples":
    case "compared":
    case "signal":
    case "alert":
    case "drillRecorded":
    case "baselineCaptured":
    case "planEdited":
      return false;
  }
}
