import type { Plan, Precondition } from "../plan/types.ts";
import { polledMetricsOf } from "../rollout/conditions.ts";
import { measuredMetrics } from "../comparing/tests-of.ts";
import { answersZero } from "./feed.ts";
import type { Scenario } from "./scenario.ts";

/** A plan without the preconditions that a scenario takes for granted, and what they are. */
export interface Assumed {
  readonly plan: Plan;
  readonly notes: readonly string[];
}

/**
 * A scenario is about the ramp. Unless it says `assume: nothing`, a check that none of its events ticks, a drill that it doesn't hold, and a
 * condition on a metric that it doesn't mention count as met.
 */
export function assumePreconditions(plan: Plan, scenario: Scenario): Assumed {
  if (scenario.assume === "nothing") return { plan, notes: notesOnMetrics(plan, scenario) };
  const assumed = plan.preconditions.filter((one) => !isPlayed(plan, scenario, one));
  const notes = assumed.length === 0 ? [] : [`taken for granted: ${assumed.map(textOf).join("; ")}`];
  const preconditions = plan.preconditions.filter((one) => !assumed.includes(one));
  return {
    plan: assumed.length === 0 ? plan : { ...plan, preconditions },
    notes: [...notes, ...notesOnMetrics(plan, scenario)],
  };
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
  const uncompared = measuredMetrics(plan).flatMap(({ metrics }) => {
    const names = metrics.map((metric) => metric.name);
    return names.some((name) => Object.hasOwn(scenario.cohorts ?? {}, name)) ? [] : names;
  });
  return [
    ...(silent.length === 0 ? [] : [`the scenario has no data for ${silent.join(", ")}`]),
    ...(uncompared.length === 0
      ? []
      : [`the scenario has no cohorts for ${uncompared.join(", ")}: nothing is compared, and the percentage stays`]),
  ];
}
