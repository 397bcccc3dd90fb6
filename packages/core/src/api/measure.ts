import type { MetricUnitName } from "./metric-unit.ts";

/** A metric's number with its unit, whole or to four digits, as plans write it: `0.2%`, `480ms`, `1.2s`, `120`. */
export function measure(value: number, unit: MetricUnitName): string {
  switch (unit) {
    case "ratio":
      return `${short(value * 100)}%`;
    case "percent":
      return `${short(value)}%`;
    case "seconds":
      return Math.abs(value) < 1 && value !== 0 ? `${short(value * 1000)}ms` : `${short(value)}s`;
    case "milliseconds":
      return `${short(value)}ms`;
    case "count":
    case "none":
      return short(value);
  }
}

function short(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}
