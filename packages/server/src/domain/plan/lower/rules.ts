import type { PlanDocument } from "../document/document.ts";
import { parseCompare, type CompareText } from "../grammar/compare.ts";
import { formatDuration } from "../grammar/duration.ts";
import { parseMargin } from "../grammar/percentage.ts";
import type { Reader } from "../reader.ts";
import type { Condition, Criterion, Severity, Trigger, TriggerAction } from "../types.ts";
import { lowerCondition, unknownMetric } from "./conditions.ts";
import { exactlyOne, from, meaningless, type Lowering } from "./context.ts";

/** A criterion without `for` has to have held this long. */
export const CRITERION_FOR_MS = 120_000;

type Spec = PlanDocument["spec"];
/** A criterion as it was written. */
export type CriterionDocument = NonNullable<Spec["stages"][number]["criteria"]>[number];
type TriggerDocument = NonNullable<Spec["triggers"]>[number];

const ACTIONS = ["rollback", "pause", "notify"] as const satisfies readonly TriggerAction[];
const SEVERITIES = ["P0", "P1", "P2", "P3"] as const satisfies readonly Severity[];
const SEVERITY_OF: { readonly [A in TriggerAction]: Severity } = { rollback: "P1", pause: "P2", notify: "P3" };

/** `standardForMs`: what a criterion without `for` gets. */
export function lowerCriterion(
  reader: Reader<CriterionDocument>,
  context: Lowering,
  standardForMs = CRITERION_FOR_MS,
): Criterion | undefined {
  if (reader.text() !== undefined) {
    const condition = lowerCondition(reader, context);
    return condition && from(context, reader, criterionOf(condition, standardForMs));
  }
  const which = exactlyOne(reader, ["require", "compare"], "what the criterion requires");
  if (which === "compare") {
    meaningless(reader.get("for"), "beside compare: the comparison itself says when it has seen enough");
    return lowerCompareWithin(reader, context);
  }
  const forMs = reader.get("for").duration() ?? standardForMs;
  const condition = which === "require" ? lowerCondition(reader.get("require"), context) : undefined;
  return condition && from(context, reader, criterionOf(condition, forMs));
}

/** A criterion on a condition, with an id that tells equal criteria from different ones. */
export function criterionOf(condition: Condition, forMs: number): Criterion {
  const { metric, operator, threshold } = condition;
  const right =
    threshold.kind === "absolute"
      ? `${threshold.value}`
      : threshold.kind === "relative"
        ? `baseline*${1 + threshold.by}`
        : `baseline+${threshold.by}`;
  return {
    id: `${metric} ${operator} ${right} for ${formatDuration(forMs)}`,
    test: { kind: "condition", condition },
    forMs,
  };
}

/** Proven to fail less than twice as often, which a 5 % canary of 200 requests a second can show in ten minutes. */
const FAILURES_WITHIN = 2;
/** Proven to take less than 20 % longer. */
const VALUES_WITHIN = 1.2;

function lowerCompareWithin(reader: Reader<CriterionDocument>, context: Lowering): Criterion | undefined {
  const compare = reader.get("compare");
  const text = compareOf(compare, "within", context);
  const given = compare.get("within").read(parseMargin) ?? text?.margin;
  const alpha = compare.get("alpha").number();
  if (text === undefined) return undefined;
  const isFailures = context.reported.get(text.metric) === "error_rate";
  const within = given ?? (isFailures ? FAILURES_WITHIN : VALUES_WITHIN);
  return from<Criterion>(context, reader, {
    id: `${text.metric} within ${within}${alpha === undefined ? "" : `, alpha ${alpha}`}`,
    test: { kind: "compare", within: { metric: text.metric, within, ...(alpha === undefined ? {} : { alpha }) } },
    forMs: 0,
  });
}

/** The metric (and, in the short form, the margin) of a comparison; reports a metric that can't be compared. */
function compareOf(
  reader: Reader<CompareDocument>,
  kind: "worse by" | "within",
  context: Lowering,
): CompareText | undefined {
  const metric = reader.get("metric");
  const text = reader.text() === undefined ? metric.text() : undefined;
  const compare = text === undefined ? reader.read((source) => parseCompare(source, kind)) : { metric: text };
  if (compare === undefined) return undefined;
  const at = text === undefined ? reader : metric;
  if (!context.units.has(compare.metric)) {
    unknownMetric(at, compare.metric, context.reported.keys());
    return undefined;
  }
  const measure = context.reported.get(compare.metric);
  if (measure === undefined) {
    at.problem(
      `"${compare.metric}" can't be compared by cohort`,
      "only metrics that SDKs report know who has the flag: `sdk: { measure: error_rate }`",
    );
    return undefined;
  }
  if (measure === "rate" || measure === "count") {
    at.problem(
      `"${compare.metric}" counts requests, and so says how large the cohorts are, not how they fare`,
      "compare one with `measure: error_rate`, or p50, p95, p99 for how long it takes",
    );
    return undefined;
  }
  return compare;
}

type CompareDocument = string | { readonly metric: string };

/** `promql` triggers become metrics of their own; `promqlMetric` names one. */
export function lowerTrigger(
  reader: Reader<TriggerDocument>,
  context: Lowering,
  promqlMetric: (trigger: string) => string,
): Trigger | undefined {
  const which = exactlyOne(reader, ["when", "promql", "signal", "compare"], "what the trigger watches");
  const name = reader.get("name").text() ?? "";
  const action = reader.get("action").choice(ACTIONS) ?? "notify";
  const severity = reader.get("severity").choice(SEVERITIES) ?? SEVERITY_OF[action];
  const description = reader.get("description").text();
  const forMs = reader.get("for").duration() ?? 0;
  const test = which === undefined ? undefined : lowerTest(reader, which, context, promqlMetric(name));
  return (
    test &&
    from(context, reader, {
      name,
      test,
      forMs,
      action,
      severity,
      ...(description === undefined ? {} : { description }),
    })
  );
}

function lowerTest(
  reader: Reader<TriggerDocument>,
  which: "when" | "promql" | "signal" | "compare",
  context: Lowering,
  promqlMetric: string,
): Trigger["test"] | undefined {
  switch (which) {
    case "when": {
      const condition = lowerCondition(reader.get("when"), context);
      return condition && { kind: "condition", condition };
    }
    case "promql": {
      const text = reader.get("promql").text()?.trim().replaceAll(/\s+/g, " ");
      return text === undefined
        ? undefined
        : {
            kind: "condition",
            condition: { metric: promqlMetric, operator: ">", threshold: { kind: "absolute", value: 0 }, text },
          };
    }
    case "signal": {
      meaningless(reader.get("for"), "beside signal: the trigger fires on the event itself");
      const signal = reader.get("signal").text();
      return signal === undefined ? undefined : { kind: "signal", signal };
    }
    case "compare":
      meaningless(reader.get("for"), "beside compare: the comparison itself says when it has seen enough");
      return lowerCompareWorse(reader, context);
  }
}

function lowerCompareWorse(reader: Reader<TriggerDocument>, context: Lowering): Trigger["test"] | undefined {
  const compare = reader.get("compare");
  const text = compareOf(compare, "worse by", context);
  const worseBy = compare.get("worseBy").read(parseMargin) ?? text?.margin ?? 1;
  const options = {
    alpha: compare.get("alpha").number(),
    weight: compare.get("weight").number(),
    minSamples: compare.get("minSamples").number(),
  };
  if (text === undefined) return undefined;
  return {
    kind: "compare",
    compare: {
      metric: text.metric,
      worseBy,
      ...(options.alpha === undefined ? {} : { alpha: options.alpha }),
      ...(options.weight === undefined ? {} : { weight: options.weight }),
      ...(options.minSamples === undefined ? {} : { minSamples: options.minSamples }),
    },
  };
}
