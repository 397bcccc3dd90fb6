import type { FlagConfig, FlagDefinition } from "@rampart/core";
import type { Message } from "../domain/notify/message.ts";
import type { Refusal } from "../domain/problems.ts";
import type { ConfigRecord, Decision, EpochMs, PlanRecord } from "../domain/records.ts";
import type { Evidence, Notify, RolloutRecord } from "../domain/rollout/effect.ts";
import type { RolloutEvent } from "../domain/rollout/event.ts";
import type { RolloutState } from "../domain/rollout/state.ts";
import type { ChannelStore } from "./channel-store.ts";
import type { ChangeMeta } from "./store.ts";

export type { PlanRecord } from "../domain/records.ts";

/** Which plans are asked for; `newest`: of each name only its last revision. */
export interface PlanFilter {
  readonly name?: string;
  readonly newest?: boolean;
  readonly limit: number;
}

/** One execution of a plan. */
export interface RolloutRow {
  readonly id: string;
  readonly flag: string;
  readonly environment: string;
  readonly planName: string;
  readonly planDigest: string;
  readonly state: RolloutState;
  /** Number of events that made `state`; 0 for one that was just created. */
  readonly seq: number;
  readonly createdAt: EpochMs;
  readonly createdBy: string;
  /** Set once nothing moves the percentage by itself any more: the flag is free for others. */
  readonly endedAt?: EpochMs;
  /** When it wants attention next (a sampling, a deadline); missing: only an event can move it. Past ones are due. */
  readonly dueAt?: EpochMs;
  /** Where its log begins, once samplings before it were dropped. */
  readonly logBase?: LogBase;
}

/** The state that the events up to `seq` made, in place of those that were dropped. */
export interface LogBase {
  readonly seq: number;
  readonly state: RolloutState;
}

/**
 * An event of a rollout with its place in the log. Replaying them from the initial state gives the stored state; where the log was
 * pruned, those after `logBase.seq` from `logBase.state`.
 */
export interface LoggedEvent {
  readonly seq: number;
  readonly event: RolloutEvent;
}

/** A line of a rollout's story under its number. */
export interface LoggedRecord {
  /** Rises by one with each record of a rollout. */
  readonly id: number;
  /** The event that it came of. */
  readonly seq: number;
  readonly record: RolloutRecord;
}

/** Something that leaves the house by one channel, at least once. */
export interface OutboxMessage {
  /** Unique for ever, and the same when the same step is taken again: `rollout id:seq:index:channel`. */
  readonly key: string;
  readonly rolloutId: string;
  readonly notify: Notify;
  /** By name, as the plan has it. */
  readonly channel: string;
  /** Only to acknowledge or end an incident; channels that keep none leave it out. */
  readonly onlyIncident: boolean;
  /** As the rollout stood when it was written. */
  readonly message: Message;
  readonly createdAt: EpochMs;
}

/** A message with what came of it so far. */
export interface OutboxRow extends OutboxMessage {
  readonly attempts: number;
  readonly dueAt: EpochMs;
  readonly lastError?: string;
  readonly status: "waiting" | "sent" | "dead";
}

/** A step of a rollout with everything that comes of it: one transaction. */
export interface RolloutCommit {
  readonly id: string;
  /** `seq` of the row that the step was taken on. When another is stored, nothing is written. */
  readonly expectedSeq: number;
  readonly events: readonly RolloutEvent[];
  readonly state: RolloutState;
  /** When the plan was edited. */
  readonly planDigest?: string;
  readonly endedAt?: EpochMs;
  readonly dueAt?: EpochMs;
  readonly records: readonly RolloutRecord[];
  readonly evidence: readonly Evidence[];
  readonly outbox: readonly OutboxMessage[];
  /** What the step does to the flag; the store adds revision, change-log line and audit entry as for every other change. */
  readonly flag?: {
    readonly decide: (current: ConfigRecord, definition: FlagDefinition) => Decision<FlagConfig, Refusal>;
    readonly action: string;
    readonly reason: string;
    /** Asks every client for a receipt. */
    readonly urgent: boolean;
  };
  readonly actor: string;
  /** As in `ChangeMeta`. */
  readonly traceId?: string;
  readonly at: EpochMs;
  /** For what the evaluator does by itself: written only while this number is the newest that was given to an evaluator. */
  readonly fence?: number;
}

/** What came of a step. */
export type CommitResult =
  /** With `flag`: whether it changed, and the environment's revision at which its configuration is as decided. */
  | {
      readonly kind: "committed";
      readonly seq: number;
      readonly flag?: { readonly changed: boolean; readonly revision: number };
    }
  /** Somebody else took a step: load the row anew. */
  | { readonly kind: "conflict" }
  /** Another server evaluates by now: nothing was written. */
  | { readonly kind: "fenced" }
  | { readonly kind: "refused"; readonly problem: Refusal }
  | { readonly kind: "flagMissing" };

/** What came of a new rollout. `busy`: the one with that id ramps the flag. */
export type CreateResult =
  | { readonly kind: "created" }
  | { readonly kind: "busy"; readonly id: string }
  | { readonly kind: "flagMissing" }
  | { readonly kind: "refused"; readonly problem: Refusal };

/** What one round of pruning took away. */
export interface Pruned {
  readonly messages: number;
  readonly events: number;
}

/** Where rollouts are kept; beside `Store`, in the same database and the same transactions. */
export interface RolloutStore extends ChannelStore {
  /** Gives the stored revision when the digest is known, whatever the text's formatting. */
  savePlan(plan: Omit<PlanRecord, "version">): Promise<PlanRecord>;
  plan(digest: string): Promise<PlanRecord | undefined>;
  /** Newest first. `newest`: only the newest revision of each name. */
  plans(filter: PlanFilter): Promise<readonly PlanRecord[]>;

  /**
   * At most one rollout that has not ended for each flag and environment: `busy` names it. `refuse` is pure, and is asked in the same
   * transaction.
   */
  createRollout(
    row: RolloutRow,
    records: readonly RolloutRecord[],
    meta: { readonly actor: string; readonly at: EpochMs },
    more?: {
      readonly outbox?: readonly OutboxMessage[];
      readonly refuse?: (current: ConfigRecord, definition: FlagDefinition) => Refusal | undefined;
    },
  ): Promise<CreateResult>;
  rollout(id: string): Promise<RolloutRow | undefined>;
  /** Newest first. `active`: only those that have not ended. `due`: only those with a `dueAt`. */
  rollouts(filter: {
    readonly active?: boolean;
    readonly due?: boolean;
    readonly flag?: string;
    readonly environment?: string;
    readonly limit: number;
  }): Promise<readonly RolloutRow[]>;
  commitRollout(commit: RolloutCommit): Promise<CommitResult>;

  rolloutEvents(id: string, after: number, limit: number): Promise<readonly LoggedEvent[]>;
  rolloutRecords(id: string, after: number, limit: number): Promise<readonly LoggedRecord[]>;
  rolloutEvidence(id: string): Promise<readonly Evidence[]>;

  /**
   * Waiting messages that are due, the longest due first. Of one rollout and one channel only the oldest that waits, for a message must
   * not overtake those before it (an incident would be opened after its end); one that is added makes those before it due with it, so
   * that nothing urgent waits for an old failure's back-off. None of the channels in `except`.
   */
  outboxDue(now: EpochMs, limit: number, except?: readonly string[]): Promise<readonly OutboxRow[]>;
  outboxSent(key: string, at: EpochMs): Promise<void>;
  outboxFailed(
    key: string,
    failure: { readonly error: string; readonly dueAt: EpochMs; readonly dead: boolean },
  ): Promise<void>;
  outbox(filter: { readonly status?: OutboxRow["status"]; readonly limit: number }): Promise<readonly OutboxRow[]>;
  /**
   * Lets messages that were given up begin anew, due at once and with no try counted: the one with `key`, or all of them, or all of one
   * channel. Audited. Gives how many; 0: none of these was given up.
   */
  outboxResend(which: { readonly key?: string; readonly channel?: string }, meta: ChangeMeta): Promise<number>;

  /**
   * Takes away what is older than `before` and no longer needed, at most `limit` rows of each kind: messages that were sent or given up,
   * and the samplings and ticks in the logs of rollouts that ended before it and that nothing will move again. What people and other
   * systems did stays, and so do records and evidence. A log that loses events gets a `logBase` in the same transaction.
   */
  prune(before: EpochMs, limit: number): Promise<Pruned>;
}
