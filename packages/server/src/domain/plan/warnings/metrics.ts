import type { Metric, Plan } from "../types.ts";
import type { Warn } from "./warn.ts";

const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie|.*(?:token|secret|api-?key|password).*)$/;

/** What can be said of metrics. */
export function warnOfMetrics(plan: Plan, warn: Warn): void {
  const used = usedMetrics(plan);
  for (const metric of Object.values(plan.metrics)) {
    if (!used.has(metric.name))
      warn(metric, "no condition is about it", "take it out, or use it: every metric is asked for at every sampling");
    warnOfUnit(metric, warn);
    const headers = metric.source.kind === "prometheus" || metric.source.kind === "http" ? metric.source.headers : {};
    for (const [name, value] of Object.entries(headers)) {
      if (SECRET_HEADER.test(name) && !value.includes("${"))
        warn(
          metric,
          `the header ${name} holds its secret in the plan, where everybody can read it`,
          "put it into a variable of the server: `${METRICS_TOKEN}`",
        );
    }
  }
}

/** Names say what exporters count in. */
function warnOfUnit(metric: Metric, warn: Warn): void {
  const { unit, source } = metric;
  if (source.kind !== "prometheus") return;
  const { query } = source;
  if (unit === "seconds" && /_(?:ms|milliseconds?)(?:_bucket|_sum|_total)?\b/.test(query) && !/1e3|1000/.test(query)) {
    warn(
      metric,
      "the query seems to give milliseconds, and the unit is seconds",
      "set `unit: milliseconds`, or divide by 1000 in the query",
    );
  }
  if (unit === "ratio" && /percent/i.test(query) && !/\b100\b/.test(query)) {
    warn(
      metric,
      "the query seems to give percentages, and the unit is ratio",
      "set `unit: percent`, or divide by 100 in the query",
    );
  }
}

function usedMetrics(plan: Plan): ReadonlySet<string> {
  const names = new Set<string>();
  const criteria = [
    ...plan.preconditions.flatMap((one) => (one.kind === "criterion" ? [one.criterion] : [])),
    ...plan.stages.flatMap((stage) => stage.criteria),
    ...(plan.rollback.verify?.criteria ?? []),
    ...plan.completion.reviews.flatMap((review) => review.criteria),
  ];
  for (const { test } of criteria) names.add(test.kind === "condition" ? test.condition.metric : test.within.metric);
  for (const { test } of plan.stages.flatMap((stage) => stage.triggers)) {
    if (test.kind !== "signal") names.add(test.kind === "condition" ? test.condition.metric : test.compare.metric);
  }
  return names;
}
