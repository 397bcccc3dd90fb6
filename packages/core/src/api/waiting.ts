/**
 * One thing that a rollout waits for; the list of all of them is the answer to "why doesn't it go on?". The engine and the API say the same, each with its
 * own instants (`At`), causes (`Why`) and verdicts (`Judged`).
 */
export type WaitingOf<At, Why, Judged> =
  | { readonly kind: "start"; readonly at: At }
  /** A precondition that a person ticks. */
  | { readonly kind: "check"; readonly item: string; readonly text: string; readonly roles: readonly string[] }
  | {
      readonly kind: "drill";
      readonly withinMs: number;
      readonly underMs: number;
      /** What the newest drill was; `failed`: not every client confirmed it. */
      readonly found: "none" | "failed" | "tooOld" | "tooSlow";
    }
  | WaitingCriterionOf<Judged>
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
  /** `opensAt` is missing when it doesn't open in the next two weeks. */
  | { readonly kind: "window"; readonly stage: string; readonly opensAt?: At }
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
      readonly since?: At;
    }
  /** A person has to resume, promote or roll back. */
  | { readonly kind: "decision"; readonly cause: Why }
  /** The flag change of a rollback is not confirmed yet. */
  | { readonly kind: "commit" }
  /** Verification after a rollback. */
  | { readonly kind: "recovery"; readonly until: At; readonly criteria: readonly WaitingCriterionOf<Judged>[] };

/** What has to hold for a time, for how long it has held, and how it was judged last. */
export type WaitingCriterionOf<Judged> = Judged & {
  readonly kind: "criterion";
  readonly criterion: string;
  readonly metric: string;
  readonly forMs: number;
  readonly heldMs: number;
};
