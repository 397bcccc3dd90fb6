import type { Severity, TriggerAction } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import type { KeptComparison } from "./comparison.ts";
import type { EpochMs } from "./instant.ts";
import type { Dictionary } from "./lookup.ts";
import type { Observation } from "./sample.ts";

/** Where a rollout can be, as people and the API name it. */
export const STATUSES = [
  "scheduled",
  "preconditions",
  "awaiting",
  "running",
  "paused",
  "rollingBack",
  "verifying",
  "rolledBack",
  "completed",
  "cancelled",
] as const;

/** One of `STATUSES`. */
export type Status = (typeof STATUSES)[number];

/** Where a rollout is. What only makes sense in one phase is kept in that phase. */
export type Phase =
  | { readonly kind: "scheduled" }
  | { readonly kind: "preconditions"; readonly since: EpochMs }
  | Awaiting
  | Running
  | { readonly kind: "rollingBack"; readonly since: EpochMs; readonly cause: Cause }
  | Verifying
  | { readonly kind: "rolledBack"; readonly since: EpochMs; readonly cause: Cause; readonly recovery: Recovery }
  | { readonly kind: "completed"; readonly since: EpochMs }
  | { readonly kind: "cancelled"; readonly since: EpochMs; readonly cause: Cause };

/** The stage before is done (or the preconditions hold), and the next one can't begin yet. The percentage is still the one before. */
export interface Awaiting {
  readonly kind: "awaiting";
  /** Index of the stage that is to open. */
  readonly opens: number;
  readonly since: EpochMs;
  /** A person ended the stage before: what closes it isn't asked for again. */
  readonly promoted: boolean;
  readonly pause?: Pause;
}

/** A stage is open, and its percentage is set. */
export interface Running {
  readonly kind: "running";
  /** Index of the stage whose percentage is set. */
  readonly stage: number;
  readonly since: EpochMs;
  readonly clock: StageClock;
  readonly pause?: Pause;
}

/** A stage's own time: it stands still while the rollout is paused. */
export interface StageClock {
  /** Up to `runningSince`, or in all while it stands still. */
  readonly elapsedMs: number;
  readonly runningSince?: EpochMs;
  /** `elapsedMs` from which `timeout` counts: 0, or where it ran out before and a person resumed. */
  readonly timeoutFromMs: number;
}

/** Since when the rollout is held, and why. */
export interface Pause {
  readonly since: EpochMs;
  readonly cause: Cause;
}

/** The flag is at 0 %; now it must be seen that this helped. */
export interface Verifying {
  readonly kind: "verifying";
  readonly since: EpochMs;
  readonly until: EpochMs;
  readonly cause: Cause;
}

/** Whether it was seen that the rollback helped. `unchecked`: the plan gives nothing to see it by, or nobody was exposed. */
export type Recovery = "recovered" | "notRecovered" | "unchecked";

/** A condition that is true. */
export interface Streak {
  /** The sample at which it became true. */
  readonly since: EpochMs;
  /** The same, counted anew after a time in which nobody looked: criteria must have been seen to hold. */
  readonly seenSince: EpochMs;
  readonly lastAt: EpochMs;
  /** The triggers that fired for it; each fires once for a streak. */
  readonly fired: readonly string[];
}

/** A metric that the current stage uses and that has no usable value. */
export interface Missing {
  readonly since: EpochMs;
  readonly kind: "noData" | "error";
  readonly reason: string;
  /** The plan's policy has acted on it; once for each gap. */
  readonly acted: boolean;
}

/** Who let a stage open, with which roles, of which plan. */
export interface ApprovalRecord {
  /** Name of the stage that it opens. */
  readonly stage: string;
  readonly by: string;
  readonly roles: readonly string[];
  readonly at: EpochMs;
  readonly planDigest: string;
}

/** Who said that an item of a checklist is done. */
export interface TickRecord {
  readonly item: string;
  readonly by: string;
  readonly at: EpochMs;
}

/** An alert of another system that has not been resolved. */
export interface ActiveAlert {
  readonly name: string;
  readonly action: TriggerAction;
  readonly severity: Severity;
  readonly since: EpochMs;
}

/** People are called, step by step, until somebody acknowledges it. */
export interface Escalation {
  readonly since: EpochMs;
  readonly severity: Severity;
  readonly cause: Cause;
  /** Index of the next step of the plan's `escalation`. */
  readonly nextStep: number;
}

/** What people were told already, so that nobody is told twice. */
export interface Told {
  /** Moments before this instant are done with. */
  readonly momentsUntil: EpochMs;
  readonly lastReminderAt?: EpochMs;
  /** Checklist items whose lateness was reported. */
  readonly overdue: readonly string[];
  readonly escalation?: Escalation;
  /** Names of the reviews that were held. */
  readonly reviews: readonly string[];
}

/** What the metrics said before exposure, in slices of the baseline window; the oldest first. */
export interface BaselineSlice {
  readonly from: EpochMs;
  readonly sum: number;
  readonly count: number;
}

/** What metrics are compared with when a condition says `baseline`. */
export interface Baselines {
  /** Captured, or frozen at exposure. Null: looked for, and nothing was found. */
  readonly values: Dictionary<number | null>;
  /** Only for metrics that have no value yet; empty once exposed. */
  readonly slices: Dictionary<readonly BaselineSlice[]>;
}

/** The whole of a rollout. JSON and back gives an equal state. */
export interface RolloutState {
  readonly planDigest: string;
  /** The newest instant that the rollout knows of; never goes back. */
  readonly now: EpochMs;
  readonly createdAt: EpochMs;
  /** When it is to start, or did; sampling is aligned to it. */
  readonly startAt: EpochMs;
  readonly phase: Phase;
  /** What this rollout set on the flag: 0 before exposure and from the moment a rollback is decided. */
  readonly percentage: number;
  /** Index of the stage that was opened last; missing before exposure. */
  readonly stage?: number;
  /** When the first stage was opened. */
  readonly exposedAt?: EpochMs;
  readonly completedAt?: EpochMs;
  /** When the flag went back to 0 %; verification counts from it. */
  readonly killedAt?: EpochMs;
  readonly lastSampleAt?: EpochMs;
  readonly observations: Dictionary<Observation>;
  /** By `conditionKey`; only conditions that are true. */
  readonly streaks: Dictionary<Streak>;
  /** By metric. */
  readonly missing: Dictionary<Missing>;
  /** By metric, as it is at the open stage's percentage; missing before the first. */
  readonly comparisons?: Dictionary<KeptComparison>;
  /** By metric: epochs of comparing that were begun, at whatever percentage. */
  readonly comparedEpochs?: Dictionary<number>;
  /** By fingerprint. */
  readonly alerts: Dictionary<ActiveAlert>;
  readonly approvals: readonly ApprovalRecord[];
  readonly ticks: readonly TickRecord[];
  /** The newest that it was told of; without `tookMs` it failed. */
  readonly drill?: { readonly drilledAt: EpochMs; readonly tookMs?: number };
  readonly baselines: Baselines;
  readonly told: Told;
}

/** The status that people see. */
export function statusOf(state: RolloutState): Status {
  const { phase } = state;
  return (phase.kind === "awaiting" || phase.kind === "running") && phase.pause !== undefined ? "paused" : phase.kind;
}

/** Users can be on: a stage was opened and not taken back. Triggers are armed then. */
export function isExposed(state: RolloutState): boolean {
  return state.percentage > 0 && (state.phase.kind === "running" || state.phase.kind === "awaiting");
}

/** Nothing moves the percentage any more, except a person who rolls a completed rollout back. */
export function isOver(state: RolloutState): boolean {
  const { kind } = state.phase;
  return kind === "rolledBack" || kind === "completed" || kind === "cancelled";
}
