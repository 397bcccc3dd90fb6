import { compareText } from "../plan/compared.ts";
import type { ChecklistItem, Plan, Precondition, Stage, Trigger } from "../plan/types.ts";
import { missingApprovals } from "./approval.ts";
import { alarmOf, uncompared } from "./comparing.ts";
import { polledMetricsOf } from "./conditions.ts";
import { viewCriterion, waitingCriterion } from "./criterion.ts";
import type { EpochMs } from "./instant.ts";
import { own } from "./lookup.ts";
import { readMetric, unseenAfterMs } from "./reading.ts";
import type { Awaiting, RolloutState, Running } from "./state.ts";
import { elapsedMs } from "./stage-clock.ts";
import type { Waiting } from "./waiting.ts";
import { judge } from "./verdict.ts";
import { isOpen, nextOpening, windowOf } from "./window.ts";
import { openStage } from "./turn.ts";

/** What keeps the open stage from being done: its duration, criteria and checklist, and everything that keeps a percentage down. */
export function missingToClose(plan: Plan, state: RolloutState, phase: Running, now: EpochMs): readonly Waiting[] {
  const stage = plan.stages[phase.stage];
  if (!stage) return [];
  const remainingMs = stage.durationMs - elapsedMs(phase.clock, now);
  return [
    ...(remainingMs > 0 ? [{ kind: "duration" as const, remainingMs, durationMs: stage.durationMs }] : []),
    ...missingSampling(plan, state, phase.since, now),
    ...missingPasses(plan, state, stage, now),
    ...openItems(state, stage.checklist, "checklist"),
    ...missingData(plan, state, stage, now),
    ...missingComparisons(plan, state, now),
    ...risingBlocked(plan, state, plan.stages[phase.stage + 1], now),
  ];
}

/** What keeps exposure from beginning, approvals and window apart. */
export function missingToBegin(plan: Plan, state: RolloutState, now: EpochMs): readonly Waiting[] {
  const first = plan.stages[0];
  return [
    ...plan.preconditions.flatMap((one) => missingPrecondition(plan, state, one, now)),
    ...missingSampling(plan, state, undefined, now),
    // Before exposure a metric of the new code has no data, and that is right. A provider that doesn't answer is not.
    ...(first ? missingData(plan, state, first, now).filter((one) => one.kind === "data" && one.error) : []),
    ...risingBlocked(plan, state, first, now),
  ];
}

/** What the stage with this index needs before its percentage is set, besides that the one before is done: approvals and its window. */
export function missingToOpen(plan: Plan, state: RolloutState, index: number, now: EpochMs): readonly Waiting[] {
  const stage = plan.stages[index];
  if (!stage) return [];
  const window = windowOf(plan, stage);
  const approvals = missingApprovals(state, stage);
  if (window === undefined || isOpen(window, now)) return approvals;
  const opensAt = nextOpening(window, now);
  return [...approvals, { kind: "window", stage: stage.name, ...(opensAt !== undefined && { opensAt }) }];
}

/**
 * What the stage before still needs while the next one waits to be opened. It was done once; nothing rises without a fresh pass, so its
 * criteria are asked again. A person who promoted has answered for them.
 */
export function missingAgain(plan: Plan, state: RolloutState, phase: Awaiting, now: EpochMs): readonly Waiting[] {
  const stage = openStage(plan, state);
  if (!stage) return missingToBegin(plan, state, now);
  const blocked = risingBlocked(plan, state, plan.stages[phase.opens], now);
  if (phase.promoted) return blocked;
  return [
    ...missingSampling(plan, state, undefined, now),
    ...missingPasses(plan, state, stage, now),
    ...missingData(plan, state, stage, now),
    ...missingComparisons(plan, state, now),
    ...blocked,
  ];
}

/**
 * Rollback and pause triggers whose condition is true, of the open stage and of the one to be opened, even before their `for`, and alerts
 * that are firing: while there is one, the percentage doesn't rise.
 */
export function risingBlocked(
  plan: Plan,
  state: RolloutState,
  next: Stage | undefined,
  now: EpochMs,
): readonly Waiting[] {
  const triggers = new Map(
    [...(openStage(plan, state)?.triggers ?? []), ...(next?.triggers ?? [])].map((one) => [one, one]),
  );
  const waiting: Waiting[] = [];
  for (const trigger of triggers.keys()) {
    const found = trigger.action === "notify" ? undefined : trueNow(plan, state, trigger, now);
    if (found) waiting.push({ kind: "trigger", trigger: trigger.name, ...found });
  }
  for (const alert of Object.values(state.alerts)) {
    if (alert.action !== "notify") waiting.push({ kind: "alert", alert: alert.name });
  }
  return uniqueTriggers(waiting);
}

function trueNow(
  plan: Plan,
  state: RolloutState,
  { test }: Trigger,
  now: EpochMs,
): { readonly condition: string; readonly value: number } | undefined {
  switch (test.kind) {
    case "condition": {
      const verdict = judge(plan, state, test.condition, now);
      return verdict.kind === "pass" ? { condition: test.condition.text, value: verdict.value } : undefined;
    }
    case "compare": {
      const ringing = alarmOf(plan, state, test.compare, now);
      return ringing && { condition: compareText(test.compare), value: ringing.test.evidence };
    }
    case "signal":
      return undefined;
  }
}

/** Nothing rises while the cohorts of the open stage can't be compared; a person may judge by other things. */
function missingComparisons(plan: Plan, state: RolloutState, now: EpochMs): readonly Waiting[] {
  return uncompared(plan, state, now).map((one) => ({ kind: "comparison", ...one }));
}

/** Somebody must have looked lately, and since `since`: at most one stage for each sampling. */
function missingSampling(
  plan: Plan,
  state: RolloutState,
  since: EpochMs | undefined,
  now: EpochMs,
): readonly Waiting[] {
  const at = state.lastSampleAt;
  const seen = at !== undefined && now - at <= unseenAfterMs(plan) && (since === undefined || at > since);
  return seen ? [] : [{ kind: "sample" }];
}

/** A trigger that two stages share is named once. */
function uniqueTriggers(waiting: readonly Waiting[]): readonly Waiting[] {
  const seen = new Set<string>();
  return waiting.filter((one) => {
    const key = one.kind === "trigger" ? `${one.trigger}: ${one.condition}` : JSON.stringify(one);
    return !seen.has(key) && seen.add(key);
  });
}

function missingPasses(plan: Plan, state: RolloutState, stage: Stage, now: EpochMs): readonly Waiting[] {
  const times = { from: state.exposedAt ?? now, now };
  return stage.criteria.flatMap((criterion) => {
    const view = viewCriterion(plan, state, criterion, times);
    return view.holds ? [] : [waitingCriterion(view)];
  });
}

function missingData(plan: Plan, state: RolloutState, stage: Stage, now: EpochMs): readonly Waiting[] {
  return polledMetricsOf(plan, stage).flatMap((metric) => {
    const reading = readMetric(plan, state, metric, now);
    if (reading.kind === "value") return [];
    const since = own(state.missing, metric)?.since;
    return [
      {
        kind: "data" as const,
        metric,
        error: reading.kind === "error",
        reason: reading.reason,
        ...(since !== undefined && { since }),
      },
    ];
  });
}

/** The items that nobody has ticked. */
export function openItems(
  state: RolloutState,
  items: readonly ChecklistItem[],
  kind: "check" | "checklist",
): readonly Waiting[] {
  return items
    .filter((item) => !state.ticks.some((tick) => tick.item === item.id))
    .map((item) => ({ kind, item: item.id, text: item.text, roles: item.roles }));
}

function missingPrecondition(
  plan: Plan,
  state: RolloutState,
  precondition: Precondition,
  now: EpochMs,
): readonly Waiting[] {
  switch (precondition.kind) {
    case "check":
      return openItems(state, [precondition.item], "check");
    case "criterion": {
      const view = viewCriterion(plan, state, precondition.criterion, { from: state.startAt, now });
      return view.holds ? [] : [waitingCriterion(view)];
    }
    case "drill": {
      const { withinMs, underMs } = precondition;
      const found = drillVerdict(state, withinMs, underMs, now);
      return found === "good" ? [] : [{ kind: "drill", withinMs, underMs, found }];
    }
  }
}

function drillVerdict(
  state: RolloutState,
  withinMs: number,
  underMs: number,
  now: EpochMs,
): "good" | "none" | "failed" | "tooOld" | "tooSlow" {
  if (!state.drill) return "none";
  const { drilledAt, tookMs } = state.drill;
  if (tookMs === undefined) return "failed";
  if (now - drilledAt > withinMs) return "tooOld";
  return tookMs < underMs ? "good" : "tooSlow";
}
