import type { Plan } from "../plan/types.ts";
import { advance, begin } from "./advance.ts";
import { accumulateBaselines, captureBaselines } from "./baseline.ts";
import { obey } from "./command.ts";
import { keepComparison } from "./comparison.ts";
import { edit } from "./edit.ts";
import type { Cause } from "./cause.ts";
import type { Effect } from "./effect.ts";
import { followEscalation } from "./escalation.ts";
import type { RolloutEvent } from "./event.ts";
import type { EpochMs } from "./instant.ts";
import { own, without } from "./lookup.ts";
import { actOnMissing, followMissing } from "./no-data.ts";
import { followNotices, followReviews } from "./notices.ts";
import { isPolled } from "./reading.ts";
import { confirmRollback, endByHand, followRecovery } from "./rollback.ts";
import type { Observation, Sample } from "./sample.ts";
import { isExposed, isOver, type RolloutState } from "./state.ts";
import { followStreaks } from "./streak.ts";
import { act, fireOnComparison, fireOnSignal, fireTriggers } from "./trigger.ts";
import { change, notify, record, type Turn } from "./turn.ts";

/** Alerts beyond this many are not told apart any more; the first ones hold the percentage already. */
const ALERTS_MAX = 100;

/** What a step comes to. */
export interface Step {
  readonly state: RolloutState;
  readonly effects: readonly Effect[];
}

/** What a rollout begins with. */
export interface Schedule {
  /** Now. */
  readonly at: EpochMs;
  /** When it is to start; now or later. A rollout that starts at once still waits for its first `tick`. */
  readonly startAt: EpochMs;
  readonly by: string;
  /** As in `Person`. */
  readonly traceId?: string;
}

/** A new rollout of a plan. */
export function schedule(plan: Plan, { at, startAt, by, traceId }: Schedule): Step {
  const state: RolloutState = {
    planDigest: plan.digest,
    now: at,
    createdAt: at,
    startAt: Math.max(at, startAt),
    phase: { kind: "scheduled" },
    percentage: 0,
    observations: {},
    streaks: {},
    missing: {},
    alerts: {},
    approvals: [],
    ticks: [],
    baselines: { values: {}, slices: {} },
    told: { momentsUntil: at - 1, overdue: [], reviews: [] },
  };
  const turn: Turn = { plan, now: at, from: at, isBlind: false, state, effects: [] };
  const cause = { kind: "command" as const, subject: "start", by, ...(traceId !== undefined && { traceId }) };
  record(turn, "scheduled", cause);
  notify(turn, "scheduled", `scheduled: ${plan.title}`, { cause });
  return { state: turn.state, effects: turn.effects };
}

/**
 * One thing happens to a rollout. Pure: the same plan, state and event give the same step, so that replaying the events gives the stored
 * state. An instant before the newest one known counts as that one. At most one stage opens in a step, however long nothing was heard.
 *
 * @throws when `plan` is not the one the rollout runs, except with a `planEdited` event: that is a mistake in the caller.
 */
export function step(plan: Plan, state: RolloutState, event: RolloutEvent): Step {
  if (plan.digest !== state.planDigest && event.kind !== "planEdited") {
    throw new Error(
      `the rollout runs the plan ${state.planDigest}, not ${plan.digest}: hand in the plan it runs, or a planEdited event`,
    );
  }
  const now = Math.max(state.now, event.at);
  const from = event.kind === "samples" ? Math.min(event.sampledAt, now) : now;
  const turn: Turn = { plan, now, from, isBlind: event.unseen === true, state: { ...state, now }, effects: [] };
  const cause = happen(turn, event);
  const refused = turn.effects.filter((effect) => effect.kind === "refused");
  // What was refused leaves no trace, not even that time has passed: nobody stores it.
  if (refused.length > 0) return { state, effects: refused };
  followTime(turn, cause);
  return { state: turn.state, effects: turn.effects };
}

/** What the event itself does; answers with what a stage that opens because of it is opened by, where it is that. */
function happen(turn: Turn, event: RolloutEvent): Cause | undefined {
  switch (event.kind) {
    case "command":
      return obey(turn, event.person, event.command);
    case "tick":
      return;
    case "samples":
      observe(turn, event.values);
      return;
    case "compared":
      heed(turn, event.stage, event.comparisons);
      return;
    case "signal":
      hear(turn, event.signal, event.value);
      return;
    case "alert":
      alerted(turn, event);
      return;
    case "flagKilled":
      endByHand(turn, { kind: "kill", subject: turn.plan.flag, by: event.by });
      return;
    case "flagDeleted":
      endByHand(turn, { kind: "deleted", subject: turn.plan.flag, by: event.by });
      return;
    case "rolledBackCommitted":
      confirmRollback(turn);
      return;
    case "drillRecorded":
      recordDrill(turn, event);
      return;
    case "baselineCaptured":
      change(turn, { baselines: captureBaselines(turn.plan, turn.state, event.values) });
      return;
    case "planEdited":
      edit(turn, event.by);
      return;
  }
}

/** What follows from where the rollout is now, whatever happened: the next stage, and what is due by the clock. */
function followTime(turn: Turn, cause: Cause | undefined): void {
  if (turn.state.phase.kind === "scheduled" && turn.now >= turn.state.startAt)
    begin(turn, { kind: "start", subject: turn.plan.name });
  advance(turn, cause);
  const { phase } = turn.state;
  // The transaction that decided on 0 % may have been the last thing before a crash: ask again until it is confirmed.
  if (phase.kind === "rollingBack" && turn.now - phase.since >= KILL_RETRY_MS)
    turn.effects.push({ kind: "kill", cause: phase.cause });
  followRecovery(turn);
  followReviews(turn);
  followEscalation(turn);
  followNotices(turn);
}

/** A kill that is not confirmed is asked for again from then on, with every event. */
export const KILL_RETRY_MS = 1000;

/** A sampling: facts first, then what they demand, worst first, and only then the next stage. */
function observe(turn: Turn, values: Extract<RolloutEvent, { kind: "samples" }>["values"]): void {
  const { plan, state, from: at } = turn;
  const late = state.lastSampleAt !== undefined && at <= state.lastSampleAt;
  const wanted = state.phase.kind !== "scheduled" && (!isOver(state) || state.phase.kind === "completed");
  if (late || !wanted) return;
  const observations: { [name: string]: Observation } = { ...state.observations };
  for (const [name, metric] of Object.entries(plan.metrics)) {
    const sample =
      own(values, name) ?? (isPolled(metric) ? { kind: "noData" as const, reason: "not sampled" } : undefined);
    if (sample) observations[name] = { sample: usable(sample), at };
  }
  change(turn, { observations, lastSampleAt: at });
  change(turn, { streaks: followStreaks(plan, turn.state, at) });
  if (turn.state.exposedAt === undefined) change(turn, { baselines: accumulateBaselines(plan, turn.state, at) });
  followMissing(turn, at);
  fireTriggers(turn, at);
  actOnMissing(turn, at);
}

/** A look at both cohorts: kept, and then what it demands. */
function heed(
  turn: Turn,
  stage: number,
  comparisons: Extract<RolloutEvent, { kind: "compared" }>["comparisons"],
): void {
  const { state, now } = turn;
  if (!isExposed(state) || state.stage !== stage) return;
  const kept = Object.entries(comparisons).map(([metric, comparison]) => [
    metric,
    keepComparison(own(state.comparisons ?? {}, metric), comparison, now),
  ]);
  const epochs = Object.entries(comparisons).map(([metric, { epoch }]) => [metric, epoch]);
  change(turn, {
    comparisons: { ...state.comparisons, ...Object.fromEntries(kept) },
    comparedEpochs: { ...state.comparedEpochs, ...Object.fromEntries(epochs) },
  });
  fireOnComparison(turn);
}

/** What isn't a number can't be kept as JSON, and must not look like one. */
function usable(sample: Sample): Sample {
  if (sample.kind !== "value" || (Number.isFinite(sample.value) && Number.isFinite(sample.ageMs))) return sample;
  return { kind: "noData", reason: "not a number to compare with" };
}

/** A signal: the last value of the metrics that stand for it, and an event for the triggers that wait for one. */
function hear(turn: Turn, signal: string, value: number | undefined): void {
  const { plan, now } = turn;
  if (isOver(turn.state)) return;
  record(turn, "signal", { kind: "signal", subject: signal, ...(value !== undefined && { value }) });
  for (const [name, metric] of Object.entries(plan.metrics)) {
    if (
      !Number.isFinite(value) ||
      value === undefined ||
      metric.source.kind !== "signal" ||
      metric.source.signal !== signal
    )
      continue;
    const observation: Observation = { sample: { kind: "value", value, ageMs: 0 }, at: now };
    change(turn, { observations: { ...turn.state.observations, [name]: observation } });
    change(turn, { streaks: followStreaks(plan, turn.state, now, name) });
  }
  fireOnSignal(turn, signal, value);
  fireTriggers(turn, now);
}

function recordDrill(turn: Turn, { drilledAt, tookMs }: Extract<RolloutEvent, { kind: "drillRecorded" }>): void {
  change(turn, { drill: { drilledAt, ...(tookMs !== undefined && { tookMs }) } });
  record(turn, "drillRecorded", { kind: "drill", subject: tookMs === undefined ? "failed" : `${tookMs} ms` });
}

function alerted(turn: Turn, alert: Extract<RolloutEvent, { kind: "alert" }>): void {
  const { state, now } = turn;
  const known = own(state.alerts, alert.fingerprint);
  if (isOver(state)) return;
  if (alert.status === "resolved") {
    if (!known) return;
    change(turn, { alerts: without(state.alerts, [alert.fingerprint]) });
    return;
  }
  // Alertmanager repeats what is still firing.
  if (known) return;
  if (Object.keys(state.alerts).length < ALERTS_MAX) {
    const { name, action, severity } = alert;
    change(turn, { alerts: { ...state.alerts, [alert.fingerprint]: { name, action, severity, since: now } } });
  }
  const cause = { kind: "alert" as const, subject: alert.name };
  // Before exposure there is nothing to take back; the alert still keeps it from beginning.
  const action = state.exposedAt === undefined ? "notify" : alert.action;
  act(turn, [{ action, severity: alert.severity, cause, subject: `alert ${alert.name} is firing` }]);
}
