import type { Cause } from "./cause.ts";
import type { EpochMs } from "./instant.ts";
import type { Verdict } from "./verdict.ts";

/** One thing that a rollout waits for. The list of all of them is the answer to "why doesn't it go on?". */
export type Waiting =
  | { readonly kind: "start"; readonly at: EpochMs }
  /** A precondition that a person ticks. */
  | { readonly kind: "check"; readonly item: string; readonly text: string; readonly roles: readonly string[] }
  | {
      readonly kind: "drill";
      readonly withinMs: number;
      readonly underMs: number;
      readonly found: "none" | "tooOld" | "tooSlow";
    }
  | WaitingCriterion
  | { readonly kind: "checklist"; readonly item: string; readonly text: string; readonly roles: readonly string[] }
  | { readonly kind: "duration"; readonly remainingMs: number; readonly durationMs: number }
  /** The first sampling, or the first one of this stage. */
  | { readonly kind: "sample" }
  | {
      readonly kind: "approval";
      readonly stage: string;
      readonly role: string;
      readonly needed: number;
      readonly given: number;
    }
  | { readonly kind: "window"; readonly stage: string; readonly opensAt: EpochMs | undefined }
  /** A rollback or pause trigger whose condition is true: nothing rises meanwhile. */
  | { readonly kind: "trigger"; readonly trigger: string; readonly condition: string; readonly value: number }
  | { readonly kind: "alert"; readonly alert: string }
  /** The users with and without the flag can't be compared now. */
  | { readonly kind: "comparison"; readonly metric: string; readonly reason: string }
  | {
      readonly kind: "data";
      readonly metric: string;
      readonly error: boolean;
      readonly reason: string;
      readonly since?: EpochMs;
    }
  /** A person has to resume, promote or roll back. */
  | { readonly kind: "decision"; readonly cause: Cause }
  /** The flag change of a rollback is not confirmed yet. */
  | { readonly kind: "commit" }
  /** Verification after a rollback. */
  | { readonly kind: "recovery"; readonly until: EpochMs; readonly criteria: readonly WaitingCriterion[] };

export interface WaitingCriterion {
  readonly kind: "criterion";
  readonly criterion: string;
  readonly metric: string;
  readonly forMs: number;
  readonly heldMs: number;
  readonly verdict: Verdict;
}
