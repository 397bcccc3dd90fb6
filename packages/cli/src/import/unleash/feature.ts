import type { FlagConfig, JsonObject, JsonValue, Prerequisite, Rule } from "@rampart/core";
import { ID } from "../attribute.ts";
import { definitionOf } from "../definition.ts";
import { isWhole, lose, tellUnknown } from "../findings.ts";
import { isList, listOr, recordOr, textOf } from "../json.ts";
import type { ConvertedFlag, Findings } from "../types.ts";
import { FEATURE_FIELDS } from "./fields.ts";
import type { SegmentBook } from "./segments.ts";
import { strategyOf, tellVariants, type Strategy } from "./strategy.ts";

/** A feature as SDKs get it, with where its parts stand in the file. */
export interface Feature {
  readonly source: JsonObject;
  readonly path: string;
  readonly strategies: readonly { readonly source: JsonValue; readonly path: string }[];
}

/** One feature: it is on for whoever any of its strategies is for. */
export function featureOf(feature: Feature, features: ReadonlyMap<string, Feature>, book: SegmentBook): ConvertedFlag {
  const { source, path } = feature;
  const findings: Findings = [];
  const key = textOf(source["name"]) ?? "";
  tellUnknown(findings, path, source, FEATURE_FIELDS);
  const strategies = strategiesOf(feature, key, book, findings);
  if (isList(source["variants"]) && source["variants"].length > 0) tellVariants(`${path}/variants`, findings);
  const shares = sharesOf(strategies, path, findings);
  const prerequisites = prerequisitesOf(feature, features, findings);
  const config: FlagConfig = {
    enabled: source["enabled"] === true,
    offVariant: "off",
    targets: {},
    ...servingOf(strategies, feature.strategies.length === 0),
    salt: shares[0]?.salt ?? key,
    bucketBy: shares[0]?.bucketBy ?? ID,
    prerequisites,
    clientVisible: false,
  };
  const tags = listOr(source["tags"]).flatMap((tag) => textOf(recordOr(tag)["value"]) ?? []);
  const description = textOf(source["description"]);
  const definition = definitionOf(
    { key, path, type: "boolean", variants: { on: true, off: false }, description, tags },
    findings,
  );
  const whole = isWhole(findings) ? { definition, config } : undefined;
  return { key, path, whole, findings, unsaid: shares.length > 0 ? ["clientVisible"] : ["clientVisible", "salt"] };
}

/** The strategies that are for anybody. Those that are switched off are not sent to SDKs; with no other left, versions differ in what they are sent. */
function strategiesOf(feature: Feature, key: string, book: SegmentBook, findings: Findings): readonly Strategy[] {
  const active = feature.strategies.filter(({ source }) => recordOr(source)["disabled"] !== true);
  if (active.length === 0 && feature.strategies.length > 0) {
    const reason = "every strategy is switched off, which is nobody or everybody by the version of the server";
    lose(findings, { path: feature.path, value: undefined, reason, advice: "switch the feature itself off there" });
  }
  const read = active.map(({ source, path }, index) =>
    strategyOf(source, { path, index, feature: key }, book, findings),
  );
  return read.filter((strategy) => strategy !== undefined && strategy.held.kind !== "never") as readonly Strategy[];
}

/** The strategies that are for a share of their users, the largest share first. */
function sharesOf(strategies: readonly Strategy[], path: string, findings: Findings): readonly Strategy[] {
  const shares = strategies
    .filter(({ percentage }) => percentage < 100)
    .toSorted((a, b) => b.percentage - a.percentage);
  const kinds = new Set(shares.map(({ salt, bucketBy }) => JSON.stringify([salt, bucketBy])));
  if (kinds.size > 1) {
    const reason =
      "its percentages go by several groups or attributes, so that they add up for users of several strategies";
    lose(findings, {
      path,
      value: [...kinds],
      reason,
      advice: "give the strategies one group and one stickiness there",
    });
  }
  return shares;
}

/**
 * Rules are asked in turn here, and strategies all at once there. So whoever gets the feature for sure is asked for first, then the larger shares
 * before the smaller: users of one group who are in a share are in every larger one.
 */
function servingOf(strategies: readonly Strategy[], isForAll: boolean): Pick<FlagConfig, "rules" | "fallthrough"> {
  if (isForAll) return { rules: [], fallthrough: { percentage: 100 } };
  const rules: Rule[] = [];
  for (const strategy of strategies.toSorted((a, b) => b.percentage - a.percentage)) {
    const { held, percentage, id, title } = strategy;
    if (held.kind !== "clauses") return { rules: percentage === 100 ? [] : rules, fallthrough: { percentage } };
    const isTaken = rules.some((rule) => rule.id === id);
    const description = title === "" ? {} : { description: title };
    const serve = percentage === 100 ? { variant: "on" } : { percentage };
    rules.push({ id: isTaken ? `${id}-${rules.length}` : id, ...description, clauses: held.clauses, serve });
  }
  return { rules, fallthrough: { percentage: 0 } };
}

/** Unleash looks one step up: a parent that has parents itself is never met. */
function prerequisitesOf(
  { source, path }: Feature,
  features: ReadonlyMap<string, Feature>,
  findings: Findings,
): readonly Prerequisite[] {
  return listOr(source["dependencies"]).flatMap((item, index): readonly Prerequisite[] => {
    const { feature: key, enabled, variants } = recordOr(item);
    const parent = features.get(textOf(key) ?? "");
    const at = `${path}/dependencies/${index}`;
    const wrong = (reason: string, advice: string): readonly Prerequisite[] => {
      lose(findings, { path: at, value: item, reason, advice });
      return [];
    };
    if (parent === undefined) return wrong("the parent is not in the file", "export both into one file");
    if (listOr(parent.source["dependencies"]).length > 0)
      return wrong(
        "the parent has a parent itself, so that Unleash never enables this",
        "take one of the dependencies out",
      );
    if (enabled === false)
      return wrong(
        "it asks for a parent that is off, and killing that would switch this on",
        "turn the condition into a constraint",
      );
    if (listOr(variants).length > 0)
      return wrong(
        "it asks for a variant of the parent, and variants are not carried over",
        "depend on the parent alone",
      );
    return [{ flag: textOf(key) ?? "", variants: ["on"] }];
  });
}
