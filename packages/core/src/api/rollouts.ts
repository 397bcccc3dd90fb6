import type { WaitingCriterionOf, WaitingOf } from "./waiting.ts";
import type { ComparisonView } from "./comparisons.ts";
import type { MetricUnitName } from "./metric-unit.ts";
import type { ReceiptsView } from "./receipts.ts";
import type { Instant, Page, UnstoredKill } from "./types.ts";

/** Where a rollout is. `verifying`: at 0 %, and watched for recovery. */
export type RolloutStatus =
  | "scheduled"
  | "preconditions"
  | "awaiting"
  | "running"
  | "paused"
  | "rollingBack"
  | "verifying"
  | "rolledBack"
  | "completed"
  | "cancelled";

/** What people can ask of a rollout: `POST /api/v1/rollouts/:id/<command>`. */
export type RolloutCommand =
  | "start"
  | "approve"
  | "reject"
  | "tick"
  | "pause"
  | "resume"
  | "promote"
  | "rollback"
  | "cancel"
  | "acknowledge";

/** What a command is answered with: the rollout right after; a rollback that can't be stored yet, with what clients were told (202). */
export type RolloutCommandAnswer<C extends RolloutCommand> = C extends "rollback"
  ? RolloutView | UnstoredKill
  : RolloutView;

/** What a trigger does: back to 0 %, hold and ask, or only tell. */
export type TriggerActionName = "rollback" | "pause" | "notify";
/** P0 is the worst. */
export type SeverityName = "P0" | "P1" | "P2" | "P3";

/** Why something happened: `kind` says what sort of thing did it, `subject` which one (a trigger's name, a metric, a person). */
export interface CauseView {
  readonly kind: string;
  readonly subject: string;
  /** The condition, as the plan wrote it. */
  readonly condition?: string;
  readonly value?: number;
  readonly threshold?: number;
  /** When the condition became true, or the data stopped. */
  readonly since?: Instant;
  readonly by?: string;
  /** The trace of the call by which somebody asked for it. */
  readonly traceId?: string;
  readonly reason?: string;
  /** The users with and without the flag against each other, in one line. */
  readonly comparison?: string;
  /** `flag`: users with the flag fare worse. `shared`: those without it fare as badly; it is not the flag. */
  readonly attribution?: "flag" | "shared";
}

/** The plan that a rollout runs. */
export interface RolloutPlanView {
  readonly name: string;
  readonly title: string;
  /** Hex SHA-256 of the document; approvals bind to it. */
  readonly digest: string;
  /** 1, 2, … within the name. */
  readonly version: number;
}

/** A line about a rollout. An item of `GET /api/v1/rollouts`. */
export interface RolloutSummary {
  readonly id: string;
  readonly flag: string;
  readonly environment: string;
  readonly plan: RolloutPlanView;
  readonly status: RolloutStatus;
  /** What the rollout set: 0 before exposure and from the moment a rollback is decided. */
  readonly percentage: number;
  /** The stage that waits to be opened, else the one that was opened last; null before the first. */
  readonly stage: { readonly name: string; readonly index: number } | null;
  /** Where it is and what it waits for, in one sentence. */
  readonly sentence: string;
  /** Of the pause, the rollback or the cancellation. */
  readonly cause?: CauseView;
  readonly recovery?: RecoveryView;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** When it is to start, or did. */
  readonly startAt: Instant;
  /** When the first user could be on; missing before. */
  readonly exposedAt?: Instant;
  /** When the flag was back at 0 %. */
  readonly killedAt?: Instant;
  /** Since when nothing moves the percentage by itself any more. */
  readonly endedAt?: Instant;
}

/** Whether it was seen that the rollback helped. `unchecked`: the plan gives nothing to see it by, or nobody was exposed. */
export interface RecoveryView {
  readonly state: "verifying" | "recovered" | "notRecovered" | "unchecked";
  /** While verifying: when it is given up. */
  readonly until?: Instant;
}

/** A rollout, whole: `GET /api/v1/rollouts/:id`, and the answer to every command. */
export interface RolloutView extends RolloutSummary {
  /** The instant by the server's clock that elapsed times, ages and streaks are counted up to. */
  readonly now: Instant;
  readonly stages: readonly StageView[];
  /** Everything that it waits for now; empty when it is over. */
  readonly waitingFor: readonly WaitingView[];
  /** The commands that it takes now. */
  readonly allowed: readonly RolloutCommand[];
  /** Those of where it is: the preconditions', the open stage's, or those of recovery. */
  readonly criteria: readonly CriterionView[];
  /** The open stage's, or before exposure the first one's. */
  readonly triggers: readonly TriggerView[];
  /** Of each metric that is compared, the users with and without the flag; as it was last where that is over. */
  readonly comparisons: readonly ComparisonView[];
  readonly metrics: readonly MetricView[];
  /** Of every stage that asks for some. */
  readonly approvals: readonly ApprovalView[];
  /** The items that belong to where it is. */
  readonly checklist: readonly ChecklistItemView[];
  /** Alerts of other systems that are firing. */
  readonly alerts: readonly {
    readonly name: string;
    readonly action: TriggerActionName;
    readonly severity: SeverityName;
    readonly since: Instant;
  }[];
  /** People are being told, step by step, until somebody acknowledges. */
  readonly escalation?: { readonly since: Instant; readonly severity: SeverityName; readonly cause: CauseView };
  /** When a stage may begin, as text: `02:00–04:00 UTC`. */
  readonly window?: string;
  readonly intervalMs: number;
  readonly lastSampleAt?: Instant;
  readonly nextSampleAt?: Instant;
  /** The exposure lease that the flag carries; missing: none. */
  readonly leaseMs?: number;
  /** Of a rollback: who applied it, and where the time went. */
  readonly rollback?: ReceiptsView;
}

/**
 * `done`: it was open and is left behind. `current`: its percentage is set, and its clock runs. `opening`: the one before is done and this
 * one waits to be opened. `next`: not its turn yet. `stopped`: it was open when the rollout was rolled back.
 */
export type StageState = "done" | "current" | "opening" | "next" | "stopped";

/** A stage of the plan, and how far it is. */
export interface StageView {
  readonly name: string;
  readonly description?: string;
  readonly percentage: number;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  readonly state: StageState;
  /** Of the current stage: its own time, which stands still while the rollout is paused. */
  readonly elapsedMs?: number;
  /** Of the current stage: what is left of its duration, 0 when it is over. */
  readonly remainingMs?: number;
}

/** What a sample says about a condition. Only `pass` is true; `inconclusive` and `error` are neither a pass nor a breach. */
export type VerdictName = "pass" | "fail" | "inconclusive" | "error";

/** What has to hold before the stage ends, and how it stands. */
export interface CriterionView {
  /** As the plan wrote it. */
  readonly text: string;
  readonly of: "precondition" | "stage" | "recovery";
  readonly metric: string;
  readonly unit: MetricUnitName;
  readonly verdict: VerdictName;
  readonly value?: number;
  readonly threshold?: number;
  /** Why it is inconclusive, or an error. */
  readonly reason?: string;
  /** How long it has to pass without a break … */
  readonly forMs: number;
  /** … and has, up to the newest sampling; 0 while it doesn't. */
  readonly heldMs: number;
  /** It has held for long enough. */
  readonly holds: boolean;
  /** Age of the metric's newest observation. */
  readonly ageMs?: number;
}

/** What would stop the rollout, and how it stands. */
export interface TriggerView {
  readonly name: string;
  readonly action: TriggerActionName;
  readonly severity: SeverityName;
  /** The condition as the plan wrote it, `signal <name>`, or the comparison. */
  readonly text: string;
  /** Missing for a trigger on a signal as an event. */
  readonly metric?: string;
  readonly unit?: MetricUnitName;
  readonly value?: number;
  readonly threshold?: number;
  /** Why its condition can't be judged. */
  readonly reason?: string;
  /** It is watched: users can be on. */
  readonly isArmed: boolean;
  /** Its condition is true now; while it pauses or rolls back, nothing rises. */
  readonly isTrue: boolean;
  readonly forMs: number;
  /** How long the condition has been true on every sample; 0 when it isn't. */
  readonly trueForMs: number;
  /** It has fired for the streak that goes on. */
  readonly hasFired: boolean;
  /** When it fired last, in this rollout. */
  readonly firedAt?: Instant;
  /** Age of the metric's newest observation. */
  readonly ageMs?: number;
}

/** A metric of the plan, as it was answered last. */
export interface MetricView {
  readonly name: string;
  readonly source: "prometheus" | "http" | "signal" | "sdk";
  readonly unit: MetricUnitName;
  readonly description?: string;
  /** What is asked: the PromQL, method and address, the signal's name, the measure. No header, no query string, no secret. */
  readonly query: string;
  readonly state: "value" | "noData" | "error";
  readonly value?: number;
  /** Why there is no value. */
  readonly reason?: string;
  /** Of the newest observation; missing while there is none. */
  readonly ageMs?: number;
  readonly baseline?: number;
}

/** An approval that a stage needs, and who has given it. */
export interface ApprovalView {
  /** The stage that it opens. */
  readonly stage: string;
  readonly role: string;
  /** How many people. */
  readonly needed: number;
  /** Of the very plan that runs. */
  readonly given: readonly { readonly by: string; readonly at: Instant }[];
  /** The rollout waits for it now. */
  readonly isOpen: boolean;
}

/** An item for people to tick. */
export interface ChecklistItemView {
  readonly id: string;
  readonly text: string;
  /** Roles that may tick it; empty: any operator. */
  readonly roles: readonly string[];
  /** A command that a person or a CI job runs for it. Rampart never runs it. */
  readonly run?: string;
  readonly ticked?: { readonly by: string; readonly at: Instant };
  readonly dueAt?: Instant;
}

/** One thing that a rollout waits for. */
export type WaitingView = WaitingOf<Instant, CauseView, JudgedView>;

/** A criterion that is waited for. */
export type WaitingCriterionView = WaitingCriterionOf<JudgedView>;

/** A verdict as its name and what it was made of. */
export interface JudgedView {
  readonly verdict: VerdictName;
  readonly value?: number;
  readonly threshold?: number;
  readonly reason?: string;
}

/**
 * One line of a rollout's story: what happened, and where it stood right after. `GET /api/v1/rollouts/:id/events`: with
 * `accept: application/json` a page of them, else server-sent events of the name `record` whose `id` is this one's.
 */
export interface RolloutEventView {
  /** Rises by one with each event of a rollout. */
  readonly id: number;
  readonly at: Instant;
  /** `scheduled`, `stageStarted`, `triggerFired`, `rollbackStarted`, `completed`, … */
  readonly event: string;
  readonly state: RolloutStatus;
  readonly stage: string | null;
  readonly percentage: number;
  readonly cause?: CauseView;
}

/** The oldest first. */
export type RolloutEventPage = Page<RolloutEventView>;

/** Body of `POST /api/v1/rollouts`: the YAML, or the digest of a stored plan. Flag and environment are the plan's. */
export type NewRollout = ({ readonly plan: string } | { readonly planDigest: string }) & {
  /** Not before; missing: at once. */
  readonly startAt?: Instant;
};

/** Bodies of the commands. */
export interface RolloutCommandBodies {
  readonly start: { readonly reason?: string };
  /** `planDigest`: of the plan that the person has read; missing: the one that runs. `role`: one of those held; missing: all of them. */
  readonly approve: { readonly planDigest?: string; readonly role?: string };
  readonly reject: { readonly role?: string; readonly reason?: string };
  /** The id or the text of an item, or `all` that are open and that the person may tick. */
  readonly tick: { readonly item: string };
  readonly pause: { readonly reason?: string };
  readonly resume: { readonly reason?: string };
  readonly promote: { readonly reason?: string };
  readonly rollback: { readonly reason?: string };
  readonly cancel: { readonly reason?: string };
  readonly acknowledge: { readonly reason?: string };
}
