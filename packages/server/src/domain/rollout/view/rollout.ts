import type {
  ApprovalView,
  ChecklistItemView,
  RecoveryView,
  RolloutSummary,
  RolloutView,
  StageState,
  StageView,
} from "@rampart/core";
import { instantOf } from "../../instant.ts";
import type { Plan } from "../../plan/types.ts";
import { allowedCommands } from "../allowed.ts";
import { approvalsOf } from "../approval.ts";
import type { Cause } from "../cause.ts";
import { itemsInView } from "../checklist.ts";
import { nextSampleAt } from "../deadline.ts";
import { waitingFor } from "../explain.ts";
import { sentence } from "../sentence.ts";
import type { EpochMs } from "../instant.ts";
import { elapsedMs } from "../stage-clock.ts";
import { isOver, statusOf, type RolloutState } from "../state.ts";
import { stageInView } from "../turn.ts";
import { windowOf, windowText } from "../window.ts";
import { comparisonsView } from "./comparisons.ts";
import { criteriaView, metricsView, triggersView } from "./metrics.ts";
import { causeView, waitingView } from "./waiting.ts";

/** A rollout as it is stored, with its plan. */
export interface SeenRollout {
  readonly row: {
    readonly id: string;
    readonly flag: string;
    readonly environment: string;
    readonly state: RolloutState;
    readonly createdAt: EpochMs;
    readonly createdBy: string;
    readonly endedAt?: EpochMs;
  };
  readonly plan: Plan;
  readonly record: { readonly version: number };
  /** The rollout's own time, for what goes on between two of its events. */
  readonly now: EpochMs;
}

/** A rollout in a line. */
export function rolloutSummary({ row, plan, record, now }: SeenRollout): RolloutSummary {
  const state = asOf(row.state, now);
  const stage = stageInView(plan, state);
  const cause = causeOf(state);
  const recovery = recoveryOf(state);
  const { exposedAt, killedAt } = state;
  return {
    id: row.id,
    flag: row.flag,
    environment: row.environment,
    plan: { name: plan.name, title: plan.title, digest: plan.digest, version: record.version },
    status: statusOf(state),
    percentage: state.percentage,
    stage: stage ? { name: stage.name, index: plan.stages.indexOf(stage) } : null,
    sentence: sentence(plan, state),
    ...(cause && { cause: causeView(cause) }),
    ...(recovery && { recovery }),
    createdAt: instantOf(row.createdAt),
    createdBy: row.createdBy,
    startAt: instantOf(state.startAt),
    ...(exposedAt !== undefined && { exposedAt: instantOf(exposedAt) }),
    ...(killedAt !== undefined && { killedAt: instantOf(killedAt) }),
    ...(row.endedAt !== undefined && { endedAt: instantOf(row.endedAt) }),
  };
}

/** A rollout, whole. `firedAt`: when each trigger fired last. */
export function rolloutView(seen: SeenRollout, firedAt: ReadonlyMap<string, EpochMs>): RolloutView {
  const { plan } = seen;
  const state = asOf(seen.row.state, seen.now);
  const { escalation } = state.told;
  const stage = stageInView(plan, state) ?? plan.stages[0];
  const window = stage && windowOf(plan, stage);
  const sampleAt = nextSampleAt(plan, state);
  return {
    ...rolloutSummary(seen),
    now: instantOf(state.now),
    stages: plan.stages.map((_, index) => stageView(plan, state, index)),
    waitingFor: waitingFor(plan, state).map(waitingView),
    allowed: allowedCommands(state),
    criteria: criteriaView(plan, state),
    triggers: triggersView(plan, state, firedAt),
    comparisons: comparisonsView(plan, state),
    metrics: metricsView(plan, state),
    approvals: approvalsView(plan, state),
    checklist: checklistView(plan, state),
    alerts: Object.values(state.alerts).map(({ since, ...alert }) => ({ ...alert, since: instantOf(since) })),
    ...(escalation && {
      escalation: {
        since: instantOf(escalation.since),
        severity: escalation.severity,
        cause: causeView(escalation.cause),
      },
    }),
    ...(window && { window: windowText(window) }),
    intervalMs: plan.intervalMs,
    ...(state.lastSampleAt !== undefined && { lastSampleAt: instantOf(state.lastSampleAt) }),
    ...(sampleAt !== undefined && { nextSampleAt: instantOf(sampleAt) }),
    ...(plan.leaseMs !== undefined && { leaseMs: plan.leaseMs }),
  };
}

/** Time goes on between two events, while nothing else does; when all is over, it doesn't either. */
function asOf(state: RolloutState, now: EpochMs): RolloutState {
  return isOver(state) ? state : { ...state, now: Math.max(state.now, now) };
}

function causeOf({ phase }: RolloutState): Cause | undefined {
  switch (phase.kind) {
    case "awaiting":
    case "running":
      return phase.pause?.cause;
    case "rollingBack":
    case "verifying":
    case "rolledBack":
    case "cancelled":
      return phase.cause;
    case "scheduled":
    case "preconditions":
    case "completed":
      return undefined;
  }
}

function recoveryOf({ phase }: RolloutState): RecoveryView | undefined {
  if (phase.kind === "verifying") return { state: "verifying", until: instantOf(phase.until) };
  return phase.kind === "rolledBack" ? { state: phase.recovery } : undefined;
}

function stageView(plan: Plan, state: RolloutState, index: number): StageView {
  const stage = plan.stages[index];
  if (stage === undefined) throw new RangeError(`the plan has no stage ${index}`);
  const { name, description, percentage, durationMs, timeoutMs } = stage;
  const { phase } = state;
  const spentMs = phase.kind === "running" && phase.stage === index ? elapsedMs(phase.clock, state.now) : undefined;
  return {
    name,
    ...(description !== undefined && { description }),
    percentage,
    durationMs,
    ...(timeoutMs !== undefined && { timeoutMs }),
    state: stageState(state, index),
    ...(spentMs !== undefined && { elapsedMs: spentMs, remainingMs: Math.max(0, durationMs - spentMs) }),
  };
}

function stageState({ phase, stage = -1 }: RolloutState, index: number): StageState {
  switch (phase.kind) {
    case "scheduled":
    case "preconditions":
    case "cancelled":
      return "next";
    case "awaiting":
      return index < phase.opens ? "done" : index === phase.opens ? "opening" : "next";
    case "running":
      return index < phase.stage ? "done" : index === phase.stage ? "current" : "next";
    case "rollingBack":
    case "verifying":
    case "rolledBack":
      return index < stage ? "done" : index === stage ? "stopped" : "next";
    case "completed":
      return "done";
  }
}

function approvalsView(plan: Plan, state: RolloutState): readonly ApprovalView[] {
  const open = new Set(
    waitingFor(plan, state).flatMap((one) => (one.kind === "approval" ? [`${one.stage}/${one.role}`] : [])),
  );
  return plan.stages.flatMap((stage) =>
    stage.approvals.map(({ role, count }) => ({
      stage: stage.name,
      role,
      needed: count,
      given: approvalsOf(state, stage)
        .filter((one) => one.roles.includes(role))
        .map(({ by, at }) => ({ by, at: instantOf(at) })),
      isOpen: open.has(`${stage.name}/${role}`),
    })),
  );
}

function checklistView(plan: Plan, state: RolloutState): readonly ChecklistItemView[] {
  return itemsInView(plan, state).map(({ item, openedAt }) => {
    const { id, text, roles, run, withinMs } = item;
    const tick = state.ticks.find((one) => one.item === id);
    return {
      id,
      text,
      roles,
      ...(run !== undefined && { run }),
      ...(tick && { ticked: { by: tick.by, at: instantOf(tick.at) } }),
      ...(withinMs !== undefined && { dueAt: instantOf(openedAt + withinMs) }),
    };
  });
}
