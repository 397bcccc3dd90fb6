import type { Comparison, Condition, Plan, Threshold } from "../plan/types.ts";
import { baselineOf } from "./baseline.ts";
import { readMetric } from "./reading.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";

/** What a sample says about a condition. Only `pass` is true; `inconclusive` and `error` are neither a pass nor a breach. */
export type Verdict =
  | { readonly kind: "pass"; readonly value: number; readonly threshold: number }
  | { readonly kind: "fail"; readonly value: number; readonly threshold: number }
  | { readonly kind: "inconclusive"; readonly reason: string; readonly value?: number }
  | { readonly kind: "error"; readonly reason: string };

/** Numbers that agree to this share count as equal: `7%` and `0.07` are computed differently. */
const TOLERANCE = 1e-12;

/** Whether the condition is true at `at`, as far as is known. */
export function judge(plan: Plan, state: RolloutState, condition: Condition, at: EpochMs): Verdict {
  const reading = readMetric(plan, state, condition.metric, at);
  if (reading.kind === "error") return reading;
  if (reading.kind === "noData") return { kind: "inconclusive", reason: reading.reason };
  return judgeValue(plan, state, condition, reading.value);
}

/** What a number in the metric's unit says about the condition, whoever has it from where. */
export function judgeValue(
  plan: Plan,
  state: RolloutState,
  condition: Condition,
  value: number,
): Exclude<Verdict, { readonly kind: "error" }> {
  const threshold = resolve(condition.threshold, baselineOf(plan, state, condition.metric));
  if (threshold === undefined)
    return { kind: "inconclusive", reason: `no baseline of ${condition.metric} is known`, value };
  return { kind: compare(value, condition.operator, threshold) ? "pass" : "fail", value, threshold };
}

/** Whether the condition would be true of another number in the metric's unit. */
export function isTrueOf(plan: Plan, state: RolloutState, condition: Condition, value: number): boolean {
  return judgeValue(plan, state, condition, value).kind === "pass";
}

function resolve(threshold: Threshold, baseline: number | undefined): number | undefined {
  switch (threshold.kind) {
    case "absolute":
      return threshold.value;
    case "relative":
      return baseline === undefined ? undefined : baseline * (1 + threshold.by);
    case "offset":
      return baseline === undefined ? undefined : baseline + threshold.by;
  }
}

function compare(value: number, operator: Comparison, threshold: number): boolean {
  const equal = Math.abs(value - threshold) <= TOLERANCE * Math.max(Math.abs(value), Math.abs(threshold));
  switch (operator) {
    case "<":
      return !equal && value < threshold;
    case "<=":
      return equal || value < threshold;
    case ">":
      return !equal && value > threshold;
    case ">=":
      return equal || value > threshold;
    case "==":
      return equal;
    case "!=":
      return !equal;
  }
}
