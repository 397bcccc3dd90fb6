import { nearest } from "../nearest.ts";
import { parseLiteral } from "../plan/grammar/condition.ts";
import { convert } from "../plan/lower/units.ts";
import { shown } from "../plan/problem.ts";
import type { Reader } from "../plan/reader.ts";
import type { MetricUnit, Plan } from "../plan/types.ts";

/** Reports fields that mean nothing, with the one that was meant. */
export function onlyFields(reader: Reader<unknown>, known: readonly string[]): void {
  for (const [key, inner] of reader.entries()) {
    if (known.includes(key)) continue;
    const [suggestion] = nearest(key, known);
    inner.problem(
      `unknown field "${key.slice(0, 64)}"`,
      suggestion ? `did you mean "${suggestion}"?` : `the fields here are: ${known.join(", ")}`,
      "key",
    );
  }
}

/** A number in a metric's unit: `0.2%`, `300ms`, `12`; undefined, and reported, when it is none. */
export function readQuantity(reader: Reader<unknown>, metric: string, unit: MetricUnit): number | undefined {
  const number = reader.number();
  if (number !== undefined) return number;
  const literal = reader.read(parseLiteral);
  if (literal !== undefined) return reader.take(convert(literal, metric, unit));
  if (reader.text() === undefined)
    reader.problem(`${shown(reader.value)} is not a value of ${metric}`, "for example 0.2%, 300ms or 12");
  return undefined;
}

/** The time of something in a scenario, from its start. */
export function readAt(reader: Reader<{ readonly at: string }>): number {
  const at = reader.get("at");
  if (at.value === 0) return 0;
  if (!at.exists) {
    reader.problem('"at" is missing', "the time from the start, for example at: 26h", "key");
    return 0;
  }
  if (at.text() === undefined)
    at.problem(
      `${shown(at.value)} is not a time`,
      "the time from the start with its unit, for example 90s, 24h5m or 2d",
    );
  return at.duration() ?? 0;
}

/** The unit of a plan's metric; `none` where the plan has no such metric. */
export function unitOf(plan: Plan, name: string): MetricUnit {
  return (Object.hasOwn(plan.metrics, name) ? plan.metrics[name]?.unit : undefined) ?? "none";
}
