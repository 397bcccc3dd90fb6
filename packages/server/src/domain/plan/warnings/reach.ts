import type { Condition, MetricUnit } from "../types.ts";

/** Whether a condition can be true and false at all, going by what its metric's unit allows. */
export type Reach = "never" | "always" | "open";

const RANGES: { readonly [U in MetricUnit]: { readonly min: number; readonly max: number } } = {
  ratio: { min: 0, max: 1 },
  percent: { min: 0, max: 100 },
  seconds: { min: 0, max: Infinity },
  milliseconds: { min: 0, max: Infinity },
  count: { min: 0, max: Infinity },
  none: { min: -Infinity, max: Infinity },
};

/** What is compared with a baseline is open: nobody knows the baseline beforehand. */
export function reachOf({ operator, threshold }: Condition, unit: MetricUnit): Reach {
  if (threshold.kind !== "absolute") return "open";
  const { min, max } = RANGES[unit];
  const { value } = threshold;
  switch (operator) {
    case ">":
      return value >= max ? "never" : value < min ? "always" : "open";
    case ">=":
      return value > max ? "never" : value <= min ? "always" : "open";
    case "<":
      return value <= min ? "never" : value > max ? "always" : "open";
    case "<=":
      return value < min ? "never" : value >= max ? "always" : "open";
    case "==":
      return value < min || value > max ? "never" : "open";
    case "!=":
      return value < min || value > max ? "always" : "open";
  }
}

/** Which way a condition is true: for values above its threshold, or below it. */
export function directionOf({ operator }: Condition): "up" | "down" | undefined {
  switch (operator) {
    case ">":
    case ">=":
      return "up";
    case "<":
    case "<=":
      return "down";
    case "==":
    case "!=":
      return undefined;
  }
}
