import { measuredMetrics } from "../comparing/tests-of.ts";
import { comparedTests } from "../plan/compared.ts";
import type { Plan, Precondition, Trigger } from "../plan/types.ts";
import { polledMetricsOf } from "../rollout/conditions.ts";
import { answersZero } from "./feed.ts";
import type { Scenario } from "./scenario.ts";

/** A plan without what a scenario takes for granted, and what that is. */
export interface Assumed {
  readonly plan: Plan;
  readonly notes: readonly string[];
}

/**
 * A scenario is about the ramp. Unless it says `assume: nothing`, a check that none of its events ticks, a drill that it doesn't hold, and a
 * condition on a metric that it doesn't mention count as met, and a comparison of users that it doesn't bring fires no trigger.
 */
export function assumePreconditions(plan: Plan, scenario: Scenario): Assumed {
  if (scenario.assume === "nothing") return { plan, notes: notesOnMetrics(plan, scenario) };
  const assumed = plan.preconditions.filter((one) => !isPlayed(plan, scenario, one));
  const alike = uncomparedMetrics(plan, scenario).filter((metric) => isTriggering(plan, metric));
  const granted = [...assumed.map(textOf), ...alike.map((metric) => `${metric} is the same with and without the flag`)];
  const left = granted.length === 0 ? plan : without(plan, assumed, alike);
  return {
    plan: left,
    notes: [
      ...(granted.length === 0 ? [] : [`taken for granted: ${granted.join("; ")}`]),
      ...notesOnMetrics(left, scenario),
    ],
  };
}

function without(plan: Plan, assumed: readonly Precondition[], alike: readonly string[]): Plan {
  const stays = ({ test }: Trigger): boolean => test.kind !== "compare" || !alike.includes(test.compare.metric);
  return {
    ...plan,
    preconditions: plan.preconditions.filter((one) => !assumed.includes(one)),
    stages:
      alike.length === 0
        ? plan.stages
        : plan.stages.map((stage) => ({ ...stage, triggers: stage.triggers.filter(stays) })),
  };
}

function isTriggering(plan: Plan, metric: string): boolean {
  return comparedTests(plan).some(({ compare }) => compare.metric === metric);
}

/** Metrics that the plan compares, and of which the scenario brings no users. */
function uncomparedMetrics(plan: Plan, scenario: Scenario): readonly string[] {
  return measuredMetrics(plan).flatMap(({ metrics }) => {
    const names = metrics.map((metric) => metric.name);
    return names.some((name) => Object.hasOwn(scenario.cohorts ?? {}, name)) ? [] : names;
  });
}

function isPlayed(plan: Plan, scenario: Scenario, precondition: Precondition): boolean {
  switch (precondition.kind) {
    case "check": {
      const { id, text } = precondition.item;
      const names = [id, text.trim().toLowerCase()];
      return scenario.events.some(
        (event) =>
          event.kind === "command" &&
          event.command.kind === "tick" &&
          names.includes(event.command.item.trim().toLowerCase()),
      );
    }
    case "drill":
      return scenario.events.some((event) => event.kind === "drill");
    case "criterion": {
      const { test } = precondition.criterion;
      return test.kind === "condition" && isMentioned(plan, scenario, test.condition.metric);
    }
  }
}

function isMentioned(plan: Plan, scenario: Scenario, name: string): boolean {
  if (Object.hasOwn(scenario.metrics, name)) return true;
  const source = plan.metrics[name]?.source;
  return (
    source?.kind === "signal" &&
    scenario.events.some((event) => event.kind === "signal" && event.signal === source.signal)
  );
}

function textOf(precondition: Precondition): string {
  switch (precondition.kind) {
    case "check":
      return precondition.item.text;
    case "drill":
      return "a recent drill";
    case "criterion": {
      const { test } = precondition.criterion;
      return test.kind === "condition" ? test.condition.text : test.within.metric;
    }
  }
}

function notesOnMetrics(plan: Plan, scenario: Scenario): readonly string[] {
  const used = [...new Set(plan.stages.flatMap((stage) => polledMetricsOf(plan, stage)))];
  const silent = used.filter((name) => !Object.hasOwn(scenario.metrics, name) && !answersZero(plan, name));
  const uncompared = uncomparedMetrics(plan, scenario);
  return [
    ...(silent.length === 0 ? [] : [`the scenario has no data for ${silent.join(", ")}`]),
    ...(uncompared.length === 0
      ? []
      : [`the scenario has no cohorts for ${uncompared.join(", ")}: nothing is compared, and the percentage stays`]),
  ];
}
