import { nearest } from "../../nearest.ts";
import { parseCondition, type ConditionText, type Literal } from "../grammar/condition.ts";
import type { Reader } from "../reader.ts";
import type { Condition, MetricUnit, Threshold } from "../types.ts";
import type { Lowering } from "./context.ts";
import { convert, tidy } from "./units.ts";

/** A condition in its metric's unit; undefined when it can't be understood, which has been reported then. */
export function lowerCondition(reader: Reader<unknown>, context: Lowering): Condition | undefined {
  const condition = reader.read(parseCondition);
  if (condition === undefined) return undefined;
  const unit = context.units.get(condition.metric);
  if (unit === undefined) {
    unknownMetric(reader, condition.metric, context.units.keys());
    return undefined;
  }
  const threshold = thresholdOf(reader, condition, unit);
  return threshold && { metric: condition.metric, operator: condition.operator, threshold, text: condition.text };
}

/** Tells that there is no such metric, and which one was meant. */
export function unknownMetric(reader: Reader<unknown>, name: string, known: Iterable<string>): void {
  const names = [...known];
  const [suggestion] = nearest(name, names);
  const hint =
    suggestion !== undefined
      ? `did you mean "${suggestion}"?`
      : names.length > 0
        ? `the metrics are: ${names.slice(0, 20).join(", ")}`
        : "define it under spec.metrics";
  reader.problem(`there is no metric "${name.slice(0, 64)}"`, hint);
}

function thresholdOf(reader: Reader<unknown>, condition: ConditionText, unit: MetricUnit): Threshold | undefined {
  const { right } = condition;
  const inUnit = (literal: Literal) => reader.take(convert(literal, condition.metric, unit));
  if (right.kind === "literal") {
    const value = inUnit(right.literal);
    return value === undefined ? undefined : { kind: "absolute", value };
  }
  if (right.add === undefined) return { kind: "relative", by: 0 };
  if (right.add.unit === "%") return { kind: "relative", by: tidy(right.add.value / 100) };
  const by = inUnit(right.add);
  return by === undefined ? undefined : { kind: "offset", by };
}
