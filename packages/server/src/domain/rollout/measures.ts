import { RUN_METRIC } from "@rampart/core";
import type { Plan } from "../plan/types.ts";

/** What SDKs have to measure for a plan, by the names that they know: its metrics of kind `sdk`, each name once. */
export function measuresOf(plan: Pick<Plan, "metrics">): readonly string[] {
  const names = Object.values(plan.metrics).flatMap(({ source }) =>
    source.kind === "sdk" ? [source.metric ?? RUN_METRIC] : [],
  );
  return [...new Set(names)].toSorted();
}
