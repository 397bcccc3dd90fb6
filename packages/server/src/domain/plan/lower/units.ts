import { parseCondition, parseLiteral, type Literal } from "../grammar/condition.ts";
import { refused, parsed, type Parsed } from "../grammar/parsed.ts";
import type { PlanDocument } from "../document/document.ts";
import type { Reader } from "../reader.ts";
import type { MetricUnit } from "../types.ts";

const UNITS = ["ratio", "percent", "seconds", "milliseconds", "count", "none"] as const satisfies readonly MetricUnit[];

/** Every metric's unit: as the plan says, else as its source says, else as the first number that it is compared with says. */
export function unitsOf(document: Reader<PlanDocument>): ReadonlyMap<string, MetricUnit> {
  const metrics = document.get("spec").get("metrics").entries();
  const literals = literalsByMetric(document);
  return new Map(
    metrics.map(([name, metric]) => {
      const baseline = metric.get("baseline").text();
      const given = baseline === undefined ? undefined : parseLiteral(baseline);
      const used = [...(given?.ok ? [given.value] : []), ...(literals.get(name) ?? [])];
      return [name, metric.get("unit").choice(UNITS) ?? unitOfSource(metric) ?? unitOfLiterals(used)];
    }),
  );
}

type MetricReader = ReturnType<Reader<NonNullable<PlanDocument["spec"]["metrics"]>>["entries"]>[number][1];

function unitOfSource(metric: MetricReader): MetricUnit | undefined {
  if (metric.get("http").exists) {
    const measure = metric.get("http").get("measure");
    if (!measure.exists || measure.text() === "success") return "ratio";
    return measure.text() === "latency" ? "seconds" : undefined;
  }
  const sdk = metric.get("sdk");
  switch (sdk.get("measure").choice(["error_rate", "p50", "p95", "p99", "rate", "count"])) {
    case "error_rate":
      return "ratio";
    case "p50":
    case "p95":
    case "p99":
      // A tracked value may be anything; `run` reports seconds.
      return sdk.get("metric").exists ? undefined : "seconds";
    case "count":
      return "count";
    case "rate":
    case undefined:
      return undefined;
  }
}

function unitOfLiterals(literals: readonly Literal[]): MetricUnit {
  for (const { unit } of literals) {
    if (unit === "%") return "ratio";
    if (unit !== "plain") return "seconds";
  }
  return "none";
}

function literalsByMetric(document: Reader<PlanDocument>): ReadonlyMap<string, readonly Literal[]> {
  const found = new Map<string, Literal[]>();
  for (const text of conditionTexts(document)) {
    const condition = parseCondition(text);
    if (!condition.ok) continue;
    const { metric, right } = condition.value;
    // `baseline + 25%` is relative: it says nothing about the unit. `baseline + 50ms` does.
    const literal = right.kind === "literal" ? right.literal : right.add?.unit === "%" ? undefined : right.add;
    if (literal) found.set(metric, [...(found.get(metric) ?? []), literal]);
  }
  return found;
}

function conditionTexts(document: Reader<PlanDocument>): readonly string[] {
  const spec = document.get("spec");
  const criterionTexts = (criteria: readonly CriterionReader[]) =>
    criteria.map((one) => one.text() ?? one.get("require").text());
  const stages = spec.get("stages").items();
  return [
    ...spec
      .get("preconditions")
      .items()
      .map((one) => one.get("require").text()),
    ...spec
      .get("triggers")
      .items()
      .map((one) => one.get("when").text()),
    ...stages.flatMap((stage) => [
      ...criterionTexts(stage.get("criteria").items()),
      ...stage
        .get("triggers")
        .items()
        .map((one) => one.get("when").text()),
    ]),
    ...criterionTexts(spec.get("rollback").get("verify").get("criteria").items()),
    ...spec
      .get("completion")
      .get("reviews")
      .items()
      .flatMap((review) => criterionTexts(review.get("criteria").items())),
  ].filter((text) => text !== undefined);
}

type CriterionReader = ReturnType<
  Reader<NonNullable<PlanDocument["spec"]["stages"][number]["criteria"]>>["items"]
>[number];

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** A number in a metric's unit: `5%` of a ratio is 0.05, `500ms` of seconds 0.5. A plain number is in the metric's unit already. */
export function convert(literal: Literal, metric: string, unit: MetricUnit): Parsed<number> {
  if (literal.unit === "plain") return parsed(literal.value);
  const mismatch = (kind: string): Parsed<number> =>
    refused(`${metric} is ${UNIT_WORDS[unit]}, and ${literal.text} is ${kind}`, UNIT_HINTS[unit]);
  if (literal.unit === "%") {
    if (unit === "ratio") return parsed(tidy(literal.value / 100));
    return unit === "percent" ? parsed(literal.value) : mismatch("a percentage");
  }
  const seconds = literal.value * SECONDS[literal.unit];
  if (unit === "seconds") return parsed(tidy(seconds));
  return unit === "milliseconds" ? parsed(tidy(seconds * 1000)) : mismatch("a time");
}

const UNIT_WORDS: { readonly [U in MetricUnit]: string } = {
  ratio: "a ratio",
  percent: "a percentage",
  seconds: "in seconds",
  milliseconds: "in milliseconds",
  count: "a count",
  none: "a number without unit",
};

const UNIT_HINTS: { readonly [U in MetricUnit]: string } = {
  ratio: "write a percentage (5%) or a ratio (0.05), or set the metric's `unit: seconds`",
  percent: "write a percentage, for example 5%",
  seconds: "write a time, for example 500ms or 2s; for a relative change write baseline + 25%",
  milliseconds: "write a time, for example 500ms or 2s; for a relative change write baseline + 25%",
  count: "write a plain number, or set the metric's `unit: ratio` or `unit: seconds`",
  none: "write a plain number, or set the metric's `unit: ratio` or `unit: seconds`",
};

/** Decimal shifts leave dust (0.07 / 100): twelve digits are more than anybody writes. */
export const tidy = (value: number): number => Number(value.toPrecision(12));
