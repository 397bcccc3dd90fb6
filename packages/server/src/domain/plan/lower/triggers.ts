import type { PlanDocument } from "../document/document.ts";
import type { Reader } from "../reader.ts";
import type { Metric, Trigger } from "../types.ts";
import type { Lowering } from "./context.ts";
import { checkQuery, promqlMetric } from "./metrics.ts";
import { checkNames } from "./names.ts";
import { lowerTrigger } from "./rules.ts";

/** What a list of `triggers` comes to. */
export interface TriggerParts {
  readonly triggers: readonly Trigger[];
  /** What `promql` triggers read, by the trigger's name. */
  readonly metrics: readonly Metric[];
}

/** `stage`: undefined for the plan's own triggers. */
export function lowerTriggers(
  reader: Reader<NonNullable<PlanDocument["spec"]["triggers"]>>,
  stage: string | undefined,
  context: Lowering,
): TriggerParts {
  const items = reader.items();
  checkNames(
    items.map((item) => item.get("name")),
    "trigger",
  );
  const metrics: Metric[] = [];
  const metricName = (trigger: string) => (stage === undefined ? trigger : `${trigger}@${stage}`);
  const triggers = items.flatMap((item) => {
    const promql = item.get("promql");
    const expression = promql.text();
    const name = item.get("name").text();
    if (expression !== undefined && name !== undefined) {
      checkQuery(promql, expression);
      if (context.units.has(metricName(name)))
        item
          .get("name")
          .problem(
            `there is a metric "${name}" too`,
            "a promql trigger is read under its own name: choose another one, or write `when:` with the metric",
          );
      metrics.push(promqlMetric(metricName(name), expression, context.prometheus));
    }
    return lowerTrigger(item, context, metricName) ?? [];
  });
  return { triggers, metrics };
}
