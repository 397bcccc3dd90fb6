import type { Severity, TriggerAction } from "../plan/types.ts";
import type { Comparison } from "./comparison.ts";
import type { Dictionary } from "./lookup.ts";
import type { Sample } from "./sample.ts";
import type { EpochMs } from "./instant.ts";

/** Who gives a command: a stable id (one person, one id), and the roles held at that moment. */
export interface Person {
  readonly by: string;
  readonly roles: readonly string[];
  /** The trace of the call, where it named one. */
  readonly traceId?: string;
}

/** What people ask of a rollout. `role` narrows an approval to one of the roles that are held. */
export type Command =
  | { readonly kind: "start"; readonly reason?: string }
  | { readonly kind: "approve"; readonly planDigest: string; readonly role?: string }
  | { readonly kind: "reject"; readonly role?: string; readonly reason?: string }
  /** `item`: the id or the text of an item that is open, or of the next stage; or `all` that are open and that the person may tick. */
  | { readonly kind: "tick"; readonly item: string }
  | { readonly kind: "pause"; readonly reason?: string }
  | { readonly kind: "resume"; readonly reason?: string }
  /** Ends the current stage now, in place of its duration, criteria and checklist. */
  | { readonly kind: "promote"; readonly reason?: string }
  | { readonly kind: "rollback"; readonly reason?: string }
  | { readonly kind: "cancel"; readonly reason?: string }
  /** Somebody looks after it: escalation stops. */
  | { readonly kind: "acknowledge"; readonly reason?: string };

/** What people and programs can ask of a rollout. */
export type CommandName = Command["kind"];

/**
 * Everything that can happen to a rollout. An event that lies before the newest one counts as happening together with it. `unseen`: the server has
 * come up, and not sampled yet; the event counts, and the percentage rises with the next sampling at the earliest.
 */
export type RolloutEvent = { readonly at: EpochMs; readonly unseen?: true } & RolloutFact;

type RolloutFact =
  | { readonly kind: "command"; readonly person: Person; readonly command: Command }
  /** Time has passed; there is nothing else to it. */
  | { readonly kind: "tick" }
  /**
   * One sampling. `sampledAt` is the aligned instant that it was due at (`nextSampleAt`), so that the time providers take to
   * answer stays out of `for`; an instant that is not newer than the last sampling's is ignored. Polled metrics that are not in
   * `values` have no data. Signals keep their last value unless `values` has one for them.
   */
  | { readonly kind: "samples"; readonly sampledAt: EpochMs; readonly values: Dictionary<Sample> }
  /**
   * A look at the users with and without the flag, by compared metric, at what came in over `windowMs`. Ignored when another stage than
   * `stage` (its index) is open by now: it was about another percentage.
   */
  | {
      readonly kind: "compared";
      readonly stage: number;
      readonly windowMs: number;
      readonly comparisons: Dictionary<Comparison>;
    }
  /** A fact pushed from outside. Acts at once. */
  | { readonly kind: "signal"; readonly signal: string; readonly value?: number }
  /** An alert of another system, mapped to an action; while it is firing, one that pauses or rolls back keeps the percentage from rising. */
  | {
      readonly kind: "alert";
      /** The alert's identity at its source. */
      readonly fingerprint: string;
      readonly name: string;
      readonly status: "firing" | "resolved";
      readonly action: TriggerAction;
      readonly severity: Severity;
    }
  /** Somebody killed the flag by hand: the rollout is over. */
  | { readonly kind: "flagKilled"; readonly by: string }
  | { readonly kind: "flagDeleted"; readonly by: string }
  /** The flag change that a `kill` effect asked for is durable. */
  | { readonly kind: "rolledBackCommitted"; readonly revision: number }
  /** No `tookMs`: not every client confirmed it. */
  | { readonly kind: "drillRecorded"; readonly drilledAt: EpochMs; readonly tookMs?: number }
  /** What was seen before exposure; null: looked for, and nothing was found. Ignored once exposed, and for metrics with a fixed baseline. */
  | { readonly kind: "baselineCaptured"; readonly values: Dictionary<number | null> }
  /** `step` is called with the new plan. */
  | { readonly kind: "planEdited"; readonly by: string };

/**
 * Events of one instant in the order in which they count: what stops before what goes on, a rollback before everything. The order
 * among equals stays.
 */
export function inOrder<T extends RolloutEvent>(events: readonly T[]): readonly T[] {
  return events.toSorted((a, b) => a.at - b.at || precedence(a) - precedence(b));
}

function precedence(event: RolloutEvent): number {
  switch (event.kind) {
    case "flagKilled":
    case "flagDeleted":
    case "rolledBackCommitted":
      return 0;
    case "command":
      return commandPrecedence(event.command);
    case "planEdited":
    case "signal":
    case "alert":
    case "drillRecorded":
    case "baselineCaptured":
      return 2;
    case "samples":
    case "compared":
      return 3;
    case "tick":
      return 4;
  }
}

function commandPrecedence(command: Command): number {
  switch (command.kind) {
    case "rollback":
      return 0;
    case "pause":
    case "cancel":
      return 1;
    case "start":
      return 2;
    case "reject":
      return 5;
    case "approve":
    case "tick":
    case "resume":
    case "promote":
    case "acknowledge":
      return 6;
  }
}
