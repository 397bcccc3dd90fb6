import type { Metric, Plan } from "../plan/types.ts";
import { answersZero } from "./feed.ts";
import type { Scenario } from "./scenario.ts";

/**
 * What a scenario takes for seen before exposure: what it says, else each metric's value at the start. Null keeps the reducer from
 * looking for itself; a signal that nobody has pushed at the start is left to it.
 */
export function baselinesOf(plan: Plan, scenario: Scenario): { readonly [metric: string]: number | null } {
  const known = Object.values(plan.metrics).map((metric) => [metric.name, baselineOf(plan, scenario, metric)] as const);
  return Object.fromEntries(known.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** Whether some metric's baseline is left to the reducer. */
export function leavesBaselines(plan: Plan, scenario: Scenario): boolean {
  return Object.values(plan.metrics).some(
    (metric) => metric.baseline === undefined && baselineOf(plan, scenario, metric) === undefined,
  );
}

function baselineOf(plan: Plan, scenario: Scenario, { name, source }: Metric): number | null | undefined {
  if (Object.hasOwn(scenario.baselines, name)) return scenario.baselines[name];
  if (Object.hasOwn(scenario.metrics, name)) {
    const first = scenario.metrics[name]?.findLast((change) => change.atMs <= 0);
    return first?.sample.kind === "value" ? first.sample.value : null;
  }
  if (source.kind !== "signal") return answersZero(plan, name) ? 0 : null;
  const pushed = scenario.events.findLast(
    (event) => event.kind === "signal" && event.signal === source.signal && event.atMs <= 0,
  );
  return pushed?.kind === "signal" ? pushed.value : undefined;
}
