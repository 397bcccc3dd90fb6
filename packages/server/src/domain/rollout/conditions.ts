import type { Condition, Criterion, Plan, Stage, Trigger } from "../plan/types.ts";
import { own } from "./lookup.ts";
import { isPolled } from "./reading.ts";

/** A condition of the plan, under the key that its streak is kept by. */
export interface KeyedCondition {
  readonly key: string;
  readonly condition: Condition;
}

/** What a condition is the same as another by, whatever text it came from. */
export function conditionKey(condition: Condition): string {
  const { threshold } = condition;
  const right = threshold.kind === "absolute" ? `${threshold.value}` : `baseline ${threshold.kind} ${threshold.by}`;
  return `${condition.metric} ${condition.operator} ${right}`;
}

const byPlan = new WeakMap<Plan, readonly KeyedCondition[]>();

/** Every condition that the plan has anywhere, each once. */
export function conditionsOf(plan: Plan): readonly KeyedCondition[] {
  const known = byPlan.get(plan);
  if (known) return known;
  const found = new Map<string, KeyedCondition>();
  for (const condition of allConditions(plan)) {
    const key = conditionKey(condition);
    if (!found.has(key)) found.set(key, { key, condition });
  }
  const conditions = [...found.values()];
  byPlan.set(plan, conditions);
  return conditions;
}

function allConditions(plan: Plan): readonly Condition[] {
  const criteria = [
    ...plan.preconditions.flatMap((one) => (one.kind === "criterion" ? [one.criterion] : [])),
    ...plan.stages.flatMap((stage) => stage.criteria),
    ...(plan.rollback.verify?.criteria ?? []),
  ];
  const triggers = plan.stages.flatMap((stage) => stage.triggers);
  return [...criteria, ...triggers].flatMap(({ test }) => (test.kind === "condition" ? [test.condition] : []));
}

const byStage = new WeakMap<Stage, readonly string[]>();

/**
 * The polled metrics that a stage's criteria and triggers read; without any of them the percentage doesn't rise. Comparisons of
 * cohorts have data of their own.
 */
export function polledMetricsOf(plan: Plan, stage: Stage): readonly string[] {
  const known = byStage.get(stage);
  if (known) return known;
  const tests = [...stage.criteria, ...stage.triggers].map((one: Criterion | Trigger) => one.test);
  const names = new Set(tests.flatMap((test) => (test.kind === "condition" ? [test.condition.metric] : [])));
  const polled = [...names].filter((name) => {
    const metric = own(plan.metrics, name);
    return metric !== undefined && isPolled(metric);
  });
  byStage.set(stage, polled);
  return polled;
}
