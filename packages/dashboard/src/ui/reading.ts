import { measure, type MetricUnitName } from "@rampart/core";

/** A metric's value as it is read while it moves: three digits, so that the last ones don't jump about. */
export function reading(value: number, unit: MetricUnitName): string {
  return measure(Math.abs(value) < 1000 ? Number(value.toPrecision(3)) : Math.round(value), unit);
}
