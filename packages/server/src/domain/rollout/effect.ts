import { ROLLOUT_EVENT_WORDS, type RolloutEventName } from "@rampart/core";
import type { NotifyEvent, Severity } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import type { ComparisonPoint, Standing, TestResult } from "./comparison.ts";
import type { CommandName } from "./event.ts";
import type { EpochMs } from "./instant.ts";
import type { Dictionary } from "./lookup.ts";
import type { Status } from "./state.ts";
import type { Waiting } from "./waiting.ts";

/** What has to be done about a step, in this order and in the step's own transaction; whatever leaves the house goes to the outbox. */
export type Effect =
  | {
      readonly kind: "setPercentage";
      /** 0 < p ≤ 100. */
      readonly percentage: number;
      readonly why: "stage" | "holdbackReleased";
      readonly stage: string;
      /** The lease that the flag carries from now on; undefined: none. */
      readonly leaseMs: number | undefined;
    }
  /** Off for everybody, targets and rules included, and 0 %. Idempotent; answered with `rolledBackCommitted`. */
  | { readonly kind: "kill"; readonly cause: Cause }
  /** SDKs measure the flag's users from now on, before anybody is exposed, so that there is something to compare with. */
  | { readonly kind: "measure" }
  /** The rollout doesn't manage the flag any more: no lease, no measuring, and people may ramp it again. */
  | { readonly kind: "release" }
  | Notify
  | { readonly kind: "record"; readonly record: RolloutRecord }
  | { readonly kind: "evidence"; readonly evidence: Evidence }
  /** A command that is not possible. Nothing else happens. */
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Something to tell people. */
export interface Notify {
  readonly kind: "notify";
  readonly event: NotifyEvent;
  /** Of the trigger or alert that it is about. */
  readonly severity?: Severity;
  /** The stage it is about; for rules that name stages. */
  readonly stage?: string;
  /** One line for people. */
  readonly subject: string;
  readonly cause?: Cause;
  /** Index into the plan's `notify`: this rule only, whose moment has come. */
  readonly rule?: number;
  /** Index into the plan's `escalation`: this step's channels. */
  readonly escalationStep?: number;
}

/** Names of what happens in a rollout: stable, in its log, in a simulation's timeline and in the event stream. */
export const RECORD_EVENTS = Object.keys(ROLLOUT_EVENT_WORDS) as readonly RecordEvent[];

/** What happened, by name. */
export type RecordEvent = RolloutEventName;

/** One line of a rollout's story: what happened, and where the rollout stood right after it. */
export interface RolloutRecord {
  readonly at: EpochMs;
  readonly event: RecordEvent;
  readonly state: Status;
  /** The stage that is open, or that waits to be opened; null before the first. */
  readonly stage: string | null;
  readonly percentage: number;
  readonly cause?: Cause;
}

/** What is kept of a decision, to show later that it was right. */
export interface Evidence {
  readonly at: EpochMs;
  readonly what: "exposure" | "stageDone" | "rollback" | "recovery" | "completed" | "review";
  readonly stage: string | null;
  readonly planDigest: string;
  readonly criteria: readonly EvidenceCriterion[];
  readonly cause?: Cause;
  /** The users with and without the flag against each other, over the stage that was open; missing where nothing was compared. */
  readonly comparisons?: readonly EvidenceComparison[];
  /** What was missing when a person promoted. */
  readonly skipped?: readonly Waiting[];
  /** What the metrics' sources had answered at the sampling before. */
  readonly answers?: readonly KeptAnswer[];
}

/** A source's answer to one question of the newest sampling, without what may be a secret. */
export interface KeptAnswer {
  readonly metric: string;
  /** When the round of questions began, by the wall clock. */
  readonly askedAt: EpochMs;
  readonly kind: "value" | "noData" | "error";
  readonly value?: number;
  /** When the value was true, by its source. */
  readonly observedAt?: EpochMs;
  readonly reason?: string;
  /** See `domain/secrets/answer.ts`; missing when there was no answer. */
  readonly answer?: string;
}

/** How users with the flag stood against users without it when something was decided. */
export interface EvidenceComparison {
  readonly metric: string;
  readonly standing: Standing;
  /** In one line, for people. */
  readonly line: string;
  readonly tests: Dictionary<TestResult>;
  /** The oldest first; see `ComparisonPoint`. */
  readonly series: readonly ComparisonPoint[];
}

/** How a criterion stood when something was decided. */
export interface EvidenceCriterion {
  readonly criterion: string;
  readonly verdict: "pass" | "fail" | "inconclusive" | "error";
  readonly value?: number;
  readonly threshold?: number;
  readonly heldMs: number;
  readonly reason?: string;
}

/** Why a command is not possible. Stable: they are in the API. */
export type RefusalCode =
  | "NOT_ALLOWED_NOW"
  | "ALREADY_EXPOSED"
  | "NOT_EXPOSED"
  | "NO_APPROVAL_NEEDED"
  | "ROLE_MISSING"
  | "PLAN_CHANGED"
  | "ITEM_UNKNOWN"
  | "TRIGGER_TRUE"
  | "PLAN_EDIT_TOO_LATE";

/** A command that is not possible, with what to do instead. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly command: CommandName | "edit";
  readonly detail: string;
  readonly hint: string;
}
