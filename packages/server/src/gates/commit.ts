import { capital } from "../domain/capital.ts";
import { withAnswers } from "../domain/evidence/answers.ts";
import { messageOf } from "../domain/notify/message.ts";
import { route } from "../domain/notify/route.ts";
import type { Plan } from "../domain/plan/types.ts";
import { actOnFlag, isFlagEffect, type FlagEffect } from "../domain/rollout/act-on-flag.ts";
import type { Cause } from "../domain/rollout/cause.ts";
import { nextDeadline, nextSampleAt } from "../domain/rollout/deadline.ts";
import type { Effect, KeptAnswer, Notify, RolloutRecord } from "../domain/rollout/effect.ts";
import type { RolloutEvent } from "../domain/rollout/event.ts";
import { measuresOf } from "../domain/rollout/measures.ts";
import { isOver, type RolloutState } from "../domain/rollout/state.ts";
import type { EpochMs } from "../domain/rollout/instant.ts";
import { schedule, type Step } from "../domain/rollout/step.ts";
import type { OutboxMessage, RolloutCommit, RolloutRow } from "../ports/rollout-store.ts";

/** A step as the one transaction that it becomes. Pure: the same row, event and step give the same commit. */
export function commitOf(row: RolloutRow, plan: Plan, event: RolloutEvent, { state, effects }: Step): RolloutCommit {
  const flagEffects = effects.filter(isFlagEffect);
  const dueAt = dueAtOf(plan, state);
  return {
    id: row.id,
    expectedSeq: row.seq,
    events: [event],
    state,
    ...(plan.digest !== row.planDigest && { planDigest: plan.digest }),
    ...(isOver(state) && { endedAt: row.endedAt ?? state.now }),
    ...(dueAt !== undefined && { dueAt }),
    records: recordsOf(effects),
    evidence: effects.flatMap((effect) => (effect.kind === "evidence" ? [effect.evidence] : [])),
    outbox: outboxOf(`${row.id}:${row.seq + 1}`, row.id, plan, state, effects),
    ...(flagEffects.length > 0 && { flag: flagChange(flagEffects, measuresOf(plan)) }),
    actor: actorOf(row, event),
    ...(event.kind === "command" && event.person.traceId !== undefined && { traceId: event.person.traceId }),
    at: state.now,
  };
}

/** What a rollout is created from. */
export interface NewRollout {
  readonly id: string;
  readonly plan: Plan;
  readonly at: EpochMs;
  readonly startAt: EpochMs;
  readonly by: string;
  readonly traceId?: string;
}

/** A new rollout as the store takes it. */
export function creationOf({ id, plan, at, startAt, by, traceId }: NewRollout): {
  readonly row: RolloutRow;
  readonly records: readonly RolloutRecord[];
  readonly outbox: readonly OutboxMessage[];
} {
  const { state, effects } = schedule(plan, { at, startAt, by, ...(traceId !== undefined && { traceId }) });
  const { flag, environment, name: planName, digest: planDigest } = plan;
  const dueAt = dueAtOf(plan, state);
  const row = { id, flag, environment, planName, planDigest, state, seq: 0, createdAt: at, createdBy: by };
  return {
    row: { ...row, ...(dueAt !== undefined && { dueAt }) },
    records: recordsOf(effects),
    outbox: outboxOf(`${id}:0`, id, plan, state, effects),
  };
}

/** When the rollout wants attention next: a sampling or a deadline, whichever is first. */
export function dueAtOf(plan: Plan, state: RolloutState): number | undefined {
  const sampleAt = nextSampleAt(plan, state);
  const deadline = nextDeadline(plan, state);
  if (sampleAt === undefined) return deadline;
  return deadline === undefined ? sampleAt : Math.min(sampleAt, deadline);
}

function flagChange(effects: readonly FlagEffect[], measures: readonly string[]): NonNullable<RolloutCommit["flag"]> {
  const kill = effects.find((effect) => effect.kind === "kill");
  const ramp = effects.find((effect) => effect.kind === "setPercentage");
  const measured = effects.some((effect) => effect.kind === "measure");
  return {
    decide: (current, definition) => actOnFlag(current, definition, effects, measures),
    action: kill ? "flag.rolledBack" : ramp ? "flag.ramped" : measured ? "flag.measured" : "flag.released",
    reason: kill
      ? causeText(kill.cause)
      : ramp
        ? `stage ${ramp.stage}`
        : measured
          ? "the rollout has started"
          : "the rollout is over",
    urgent: kill !== undefined,
  };
}

/** `trigger errors: error_rate >= 5% (0.061)`, for the audit. */
function causeText({ kind, subject, condition, value, reason }: Cause): string {
  const seen = value === undefined ? "" : ` (${Number(value.toPrecision(4))})`;
  const why = condition ?? reason;
  return `${kind} ${subject}${why === undefined ? "" : `: ${why}`}${seen}`;
}

function recordsOf(effects: readonly Effect[]): readonly RolloutRecord[] {
  return effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : []));
}

/** One message for each channel, so that one that fails is tried again without the others. */
function outboxOf(
  step: string,
  rolloutId: string,
  plan: Plan,
  state: RolloutState,
  effects: readonly Effect[],
): readonly OutboxMessage[] {
  return effects
    .filter((effect): effect is Notify => effect.kind === "notify")
    .flatMap((notify, index) =>
      route(plan, notify).map(({ channel, words, onlyIncident = false }) => ({
        key: `${step}:${index}:${channel}`,
        rolloutId,
        notify,
        channel,
        onlyIncident,
        message: messageOf(plan, state, notify, words),
        createdAt: state.now,
      })),
    );
}

function actorOf(row: RolloutRow, event: RolloutEvent): string {
  switch (event.kind) {
    case "command":
      return event.person.by;
    case "flagKilled":
    case "flagDeleted":
    case "planEdited":
      return event.by;
    case "tick":
    case "samples":
    case "compared":
    case "signal":
    case "alert":
    case "rolledBackCommitted":
    case "drillRecorded":
    case "baselineCaptured":
      return `rollout:${row.id}`;
  }
}

/** A stored row as a commit that was stored leaves it, at `seq`. */
export function rowAfter(row: RolloutRow, commit: RolloutCommit, seq: number, planDigest: string): RolloutRow {
  const { endedAt: _, dueAt: __, ...rest } = row;
  const { state, endedAt, dueAt } = commit;
  const times = { ...(endedAt !== undefined && { endedAt }), ...(dueAt !== undefined && { dueAt }) };
  return { ...rest, ...times, state, seq, planDigest };
}

/** Flags, receipts and messages live by the wall clock, whatever the rollout's own time says. Evidence gets what it was decided on. */
export function stamped(
  commit: RolloutCommit,
  { at, answers }: { readonly at: EpochMs; readonly answers: readonly KeptAnswer[] },
): RolloutCommit {
  const evidence = withAnswers(commit.evidence, answers);
  return { ...commit, at, evidence, outbox: commit.outbox.map((message) => ({ ...message, createdAt: at })) };
}

/** A commit that leaves the flag as it is. */
export function flagless(commit: RolloutCommit): RolloutCommit {
  const { flag: _, ...rest } = commit;
  return rest;
}

/** A commit whose news of a rollback that did not help say what may be behind it instead. */
export function tellElsewhere(commit: RolloutCommit, elsewhere: string): RolloutCommit {
  return {
    ...commit,
    records: commit.records.map((record) =>
      record.event === "notRecovered" && record.cause !== undefined
        ? { ...record, cause: { ...record.cause, reason: elsewhere } }
        : record,
    ),
    outbox: commit.outbox.map((one) =>
      one.notify.event === "notRecovered" || one.notify.event === "escalation"
        ? { ...one, message: { ...one.message, text: `${one.message.text}\n${capital(elsewhere)}.` } }
        : one,
    ),
  };
}
