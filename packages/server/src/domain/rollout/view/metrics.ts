import type { CriterionView, MetricView, TriggerView } from "@rampart/core";
import { instantOf } from "../../instant.ts";
import { compareText, testKey } from "../../plan/compared.ts";
import type { CompareWorse, Criterion, Metric, Plan, Trigger } from "../../plan/types.ts";
import { baselineOf } from "../baseline.ts";
import { alarmOf, whyNot } from "../comparing.ts";
import { conditionKey } from "../conditions.ts";
import { criterionText, viewCriterion, type CriterionView as Standing } from "../criterion.ts";
import { queryText } from "../../secrets/plan-text.ts";
import type { EpochMs } from "../instant.ts";
import { own } from "../lookup.ts";
import { readMetric } from "../reading.ts";
import { viewRecovery } from "../rollback.ts";
import { isExposed, type RolloutState } from "../state.ts";
import { firingId, heldSince } from "../trigger.ts";
import { openStage } from "../turn.ts";
import { judge } from "../verdict.ts";
import { verdictView } from "./waiting.ts";

/** The criteria that count where the rollout is. */
export function criteriaView(plan: Plan, state: RolloutState): readonly CriterionView[] {
  const { phase, now } = state;
  const view = (criteria: readonly Criterion[], of: CriterionView["of"], from: EpochMs) =>
    criteria.map((criterion) => criterionView(plan, state, viewCriterion(plan, state, criterion, { from, now }), of));
  switch (phase.kind) {
    case "scheduled":
    case "preconditions":
    case "awaiting":
    case "running": {
      const stage = openStage(plan, state);
      return stage && state.exposedAt !== undefined
        ? view(stage.criteria, "stage", state.exposedAt)
        : view(conditionsBefore(plan), "precondition", state.startAt);
    }
    case "verifying":
      return viewRecovery(plan, state, phase, now).map((one) => criterionView(plan, state, one, "recovery"));
    case "rollingBack":
    case "rolledBack":
    case "completed":
    case "cancelled":
      return [];
  }
}

function conditionsBefore(plan: Plan): readonly Criterion[] {
  return plan.preconditions.flatMap((one) => (one.kind === "criterion" ? [one.criterion] : []));
}

function criterionView(plan: Plan, state: RolloutState, standing: Standing, of: CriterionView["of"]): CriterionView {
  const { criterion, holds, heldMs, verdict } = standing;
  const { test, forMs } = criterion;
  const metric = test.kind === "condition" ? test.condition.metric : test.within.metric;
  const shown = verdictView(verdict);
  const about = aboutMetric(plan, state, metric);
  // A comparison's numbers are ratios of the two cohorts, whatever the metric is in.
  const unit = test.kind === "compare" ? "none" : about.unit;
  return { text: criterionText(criterion), of, ...about, unit, ...shown, forMs, heldMs, holds };
}

/** The triggers of the open stage, or before exposure of the first one. `firedAt`: when each fired last. */
export function triggersView(
  plan: Plan,
  state: RolloutState,
  firedAt: ReadonlyMap<string, EpochMs>,
): readonly TriggerView[] {
  const stage = openStage(plan, state) ?? plan.stages[0];
  return (stage?.triggers ?? []).map((trigger) => {
    const at = firedAt.get(trigger.name);
    return {
      name: trigger.name,
      action: trigger.action,
      severity: trigger.severity,
      isArmed: isExposed(state),
      forMs: trigger.forMs,
      ...standingOf(plan, state, trigger, at),
      ...(at !== undefined && { firedAt: instantOf(at) }),
    };
  });
}

type TriggerStanding = Omit<TriggerView, "name" | "action" | "severity" | "isArmed" | "forMs" | "firedAt">;

function standingOf(plan: Plan, state: RolloutState, trigger: Trigger, firedAt: EpochMs | undefined): TriggerStanding {
  const { test } = trigger;
  const still = { isTrue: false, trueForMs: 0, hasFired: firedAt !== undefined };
  switch (test.kind) {
    case "signal":
      return { text: `signal ${test.signal}`, ...still };
    case "compare": {
      return comparedStanding(plan, state, trigger, test.compare);
    }
    case "condition": {
      const { condition } = test;
      const { verdict, ...seen } = verdictView(judge(plan, state, condition, state.now));
      const streak = own(state.streaks, conditionKey(condition));
      const isTrue = verdict === "pass";
      return {
        text: condition.text,
        ...aboutMetric(plan, state, condition.metric),
        ...seen,
        isTrue,
        trueForMs: isTrue && streak ? Math.max(0, streak.lastAt - heldSince(state, streak)) : 0,
        hasFired: streak?.fired.includes(firingId(trigger)) ?? false,
      };
    }
  }
}

function comparedStanding(plan: Plan, state: RolloutState, trigger: Trigger, compare: CompareWorse): TriggerStanding {
  const { metric } = compare;
  const reason = whyNot(plan, state, metric, state.now);
  const test = own(own(state.comparisons ?? {}, metric)?.tests ?? {}, testKey(compare));
  const ringing = alarmOf(plan, state, compare, state.now);
  return {
    text: compareText(compare),
    metric,
    unit: "none",
    ...(reason === undefined ? test && { value: test.evidence, threshold: test.needed } : { reason }),
    isTrue: ringing !== undefined,
    trueForMs: ringing ? state.now - ringing.alarm.since : 0,
    hasFired: ringing?.alarm.fired.includes(firingId(trigger)) ?? false,
  };
}

/** Every metric of the plan with what it says now. */
export function metricsView(plan: Plan, state: RolloutState): readonly MetricView[] {
  return Object.values(plan.metrics).map((metric) => {
    const { kind, ...reading } = readMetric(plan, state, metric.name, state.now);
    const baseline = baselineOf(plan, state, metric.name);
    const { unit, ageMs } = aboutMetric(plan, state, metric.name);
    return {
      name: metric.name,
      source: metric.source.kind,
      unit,
      ...(metric.description !== undefined && { description: metric.description }),
      query: queryText(metric.source),
      state: kind,
      ...reading,
      ...(ageMs !== undefined && { ageMs }),
      ...(baseline !== undefined && { baseline }),
    };
  });
}

function aboutMetric(plan: Plan, state: RolloutState, name: string): Pick<CriterionView, "metric" | "unit" | "ageMs"> {
  const metric: Metric | undefined = own(plan.metrics, name);
  const observation = own(state.observations, name);
  const { sample, at } = observation ?? {};
  const ageMs =
    at === undefined ? undefined : Math.max(0, state.now - at) + (sample?.kind === "value" ? sample.ageMs : 0);
  return { metric: name, unit: metric?.unit ?? "none", ...(ageMs !== undefined && { ageMs }) };
}
