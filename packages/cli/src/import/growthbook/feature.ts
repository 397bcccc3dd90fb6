import type { FlagConfig, FlagType, JsonObject, JsonValue, Prerequisite, Rule, Serve, Variants } from "@rampart/core";
import { ID } from "../attribute.ts";
import { definitionOf } from "../definition.ts";
import { isWhole, lose, require, tellUnknown } from "../findings.ts";
import { isList, listOr, recordOr, textOf } from "../json.ts";
import type { ConvertedFlag, Findings } from "../types.ts";
import type { AnyOf } from "../any-of.ts";
import { BEYOND, FEATURE_FIELDS, RULE_FIELDS } from "./fields.ts";
import { attributeOf, conditionOf, type Reading } from "./condition.ts";

/** Begins with a letter: a JavaScript object puts names that are numbers first, and the order of variants has a meaning. */
const NAME = /^[A-Za-z][\w.-]{0,63}$/;
/** A feature's values with the names that they get here. */
interface Named {
  readonly type: FlagType;
  readonly variants: Variants;
  readonly nameOf: (value: JsonValue | undefined) => string | undefined;
}

interface Walk {
  readonly named: Named;
  readonly fallback: string;
  readonly findings: Findings;
  readonly reading: Reading;
  readonly rules: Rule[];
  readonly bucketBy: Set<string>;
}

/** A rule, and where it stands. */
interface PlacedRule {
  readonly rule: JsonObject;
  readonly at: string;
}

/** One feature: the first rule that is for a user gives the value, else it is the default. */
export function featureOf(
  key: string,
  source: JsonObject,
  path: string,
  shared: Omit<Reading, "findings"> & { readonly features: JsonObject },
): ConvertedFlag {
  const findings: Findings = [];
  const rules = listOr(source["rules"]).map((rule, index) => ({ rule: recordOr(rule), at: `${path}/rules/${index}` }));
  tellUnknown(findings, path, source, FEATURE_FIELDS);
  for (const { rule, at } of rules) tellUnknown(findings, at, rule, RULE_FIELDS);
  const named = namedOf(
    source,
    rules.map(({ rule }) => rule),
  );
  const fallback = named?.nameOf(source["defaultValue"]);
  if (named === undefined || fallback === undefined) {
    const advice = "give the feature a default value, and all its values one type";
    lose(findings, {
      path,
      value: source["defaultValue"],
      reason: "its values are of several types, or there is no default",
      advice,
    });
    return { key, path, whole: undefined, findings };
  }
  const walk: Walk = { named, fallback, findings, reading: { ...shared, findings }, rules: [], bucketBy: new Set() };
  const prerequisites = gatesOf(rules, shared.features, findings);
  const own = rules.filter(({ rule }) => !isGate(rule));
  const fallthrough = servingOf(own, walk);
  const bucketBy = [...walk.bucketBy];
  if (bucketBy.length > 1) {
    const reason = `a flag's percentages go by one attribute here, and these by ${bucketBy.join(" and ")}`;
    lose(findings, { path, value: bucketBy, reason, advice: "let all of them go by one attribute there" });
  }
  const offVariant = named.type === "boolean" ? "off" : fallback;
  if (prerequisites.length > 0) {
    const reason = `callers' default is what ${offVariant} holds; who does not meet a prerequisite gets that there, and ${offVariant} here`;
    require(findings, { path, value: undefined, reason, advice: "look at the defaults in the code" });
  }
  const config: FlagConfig = {
    enabled: true,
    offVariant,
    targets: {},
    rules: walk.rules,
    fallthrough: fallthrough ?? { variant: fallback },
    salt: key,
    bucketBy: bucketBy[0] ?? ID,
    prerequisites,
    clientVisible: false,
  };
  const definition = definitionOf(
    { key, path, type: named.type, variants: named.variants, description: textOf(source["description"]) },
    findings,
  );
  const whole = isWhole(findings) ? { definition, config } : undefined;
  return { key, path, whole, findings, unsaid: ["clientVisible", "salt"] };
}

function namedOf(source: JsonObject, rules: readonly JsonObject[]): Named | undefined {
  const given = [source["defaultValue"], ...rules.flatMap((rule) => [rule["force"], ...listOr(rule["variations"])])];
  const texts = new Map(
    given.flatMap((value) => (value === undefined ? [] : [[JSON.stringify(value), value] as const])),
  );
  const values = [...texts.values()];
  const types = new Set(values.map((value) => (value === null || isList(value) ? "none" : typeof value)));
  const [only = "none"] = types;
  const type: FlagType | undefined =
    only === "object" ? "json" : only === "boolean" || only === "string" || only === "number" ? only : undefined;
  if (types.size !== 1 || type === undefined) return undefined;
  const isNameable = values.every((value) => typeof value === "string" && NAME.test(value));
  const nameAt = (value: JsonValue, index: number): string =>
    type === "boolean" ? (value === true ? "on" : "off") : isNameable ? (textOf(value) ?? "") : `v${index}`;
  const names = new Map(values.map((value, index) => [JSON.stringify(value), nameAt(value, index)]));
  const variants = Object.fromEntries(values.map((value, index) => [nameAt(value, index), value]));
  return {
    type,
    variants: type === "boolean" ? { on: true, off: false } : variants,
    nameOf: (value) => names.get(JSON.stringify(value) ?? ""),
  };
}

/** Whether a rule is nothing but a prerequisite of the whole feature. */
function isGate(rule: JsonObject): boolean {
  return isList(rule["parentConditions"]) && rule["force"] === undefined && rule["variations"] === undefined;
}

/** The prerequisites of the whole feature, which stand before all rules; those of a rule alone are lost. */
function gatesOf(rules: readonly PlacedRule[], features: JsonObject, findings: Findings): readonly Prerequisite[] {
  return rules.flatMap(({ rule, at }, index) =>
    listOr(rule["parentConditions"]).flatMap((item, place): readonly Prerequisite[] => {
      const { id, condition, gate } = recordOr(item);
      const key = textOf(id) ?? "";
      const isFirst = rules.slice(0, index + 1).every((before) => isGate(before.rule));
      const isBoolean = typeof recordOr(features[key])["defaultValue"] === "boolean";
      if (isFirst && isBoolean && gate === true && JSON.stringify(condition) === '{"value":true}')
        return [{ flag: key, variants: ["on"] }];
      const reason = "only a prerequisite of the whole feature, that another one of the file is true, can be said here";
      const advice = "make it a prerequisite of the feature, or turn it into a condition";
      lose(findings, { path: `${at}/parentConditions/${place}`, value: item, reason, advice });
      return [];
    }),
  );
}

/** Puts the rules into `walk`; gives what is served to everybody else, or to all. */
function servingOf(rules: readonly PlacedRule[], walk: Walk): Serve | undefined {
  for (const [index, { rule, at }] of rules.entries()) {
    const any: AnyOf | undefined =
      rule["condition"] === undefined ? [[]] : conditionOf(rule["condition"], `${at}/condition`, walk.reading);
    const serve = serveOf(rule, at, index === rules.length - 1, walk);
    if (any === undefined || serve === undefined || serve === "nobody") continue;
    if (any.some((clauses) => clauses.length === 0)) return serve;
    const id = textOf(rule["id"]) ?? `rule-${index}`;
    const taken = (name: string): boolean => walk.rules.some((other) => other.id === name);
    for (const [place, clauses] of any.entries()) {
      const name = place === 0 ? id : `${id}-${place}`;
      walk.rules.push({ id: taken(name) ? `rule-${index}-${place}` : name, clauses, serve });
    }
  }
  return undefined;
}

/** What a rule gives to those whom it is for. There, who is outside of its share goes on to the next rule; here, a rule is for all of them. */
function serveOf(rule: JsonObject, at: string, isLast: boolean, walk: Walk): Serve | "nobody" | undefined {
  const { findings, named, fallback } = walk;
  const wrong = (path: string, value: JsonValue | undefined, reason: string, advice: string): undefined =>
    lose(findings, { path, value, reason, advice });
  const beyond = BEYOND.find((field) => rule[field] !== undefined);
  if (beyond !== undefined)
    return wrong(
      `${at}/${beyond}`,
      rule[beyond],
      "who is let through by this can't be said here",
      "take it out there, or make the rule here by hand",
    );
  const { coverage = 1, force, variations, weights } = rule;
  if (typeof coverage !== "number" || !(coverage >= 0))
    return wrong(`${at}/coverage`, coverage, "this is no share", "give a number from 0 to 1");
  if (coverage === 0) return "nobody";
  if (coverage < 1 && !isLast)
    return wrong(
      `${at}/coverage`,
      coverage,
      "who is outside of the share goes on to the rules below there, and no rule hands on here",
      "put it last, or finish the ramp first",
    );
  const inside: readonly (readonly [JsonValue | undefined, number])[] | undefined =
    force !== undefined
      ? [[force, 1]]
      : isList(variations) && variations.length > 1
        ? weighted(variations, weights)
        : undefined;
  if (inside === undefined)
    return wrong(
      at,
      rule,
      "this rule gives no value that can be told",
      "let it force a value, or divide users between variations",
    );
  if (listOr(rule["meta"]).some((each) => recordOr(each)["passthrough"] === true))
    return wrong(`${at}/meta`, undefined, "a variation hands users on to the rules below", "take the passthrough out");
  const shares = new Map<string, number>();
  for (const [value, share] of [
    ...inside.map(([value, share]) => [named.nameOf(value), share * coverage] as const),
    [fallback, Math.max(0, 1 - coverage)] as const,
  ])
    shares.set(value ?? fallback, (shares.get(value ?? fallback) ?? 0) + share);
  if (rule["coverage"] !== undefined || variations !== undefined)
    byAttribute(rule, at, walk, [...shares.values()].filter((share) => share > 0).length > 1);
  return divided(shares);
}

function weighted(
  variations: readonly JsonValue[],
  weights: JsonValue | undefined,
): readonly (readonly [JsonValue, number])[] | undefined {
  const given = weights === undefined ? variations.map(() => 1 / variations.length) : listOr(weights);
  const sum = given.reduce<number>(
    (total, weight) => total + (typeof weight === "number" && weight >= 0 ? weight : Number.NaN),
    0,
  );
  if (given.length !== variations.length || !(Math.abs(sum - 1) < 1e-6)) return undefined;
  return variations.map((value, index) => [value, Number(given[index])]);
}

function byAttribute(rule: JsonObject, at: string, { findings, bucketBy }: Walk, isDivided: boolean): void {
  const name = textOf(rule["hashAttribute"]) ?? "id";
  const attribute = name.includes(".") ? undefined : attributeOf(name);
  if (attribute === undefined) {
    lose(findings, {
      path: `${at}/hashAttribute`,
      value: name,
      reason: "no attribute of a user here is the same as this one",
      advice: "divide users by another attribute there",
    });
    return;
  }
  if (isDivided) bucketBy.add(attribute);
  const reason = `every user has ${attribute === ID ? "an id" : `the attribute ${attribute}`}; who lacks it is outside of the share there, and gets the caller's default here`;
  require(findings, { path: at, value: attribute, reason, advice: "pass it with every user" });
}

/** Shares in thousandths of a percent that add up. */
function divided(shares: ReadonlyMap<string, number>): Serve {
  let [sum, before] = [0, 0];
  const split = [...shares].map(([variant, share]) => {
    sum += share;
    const until = Math.round(Math.min(1, sum) * 100_000);
    const percentage = (until - before) / 1000;
    before = until;
    return { variant, percentage };
  });
  const given = split.filter(({ percentage }) => percentage > 0);
  const [only] = given;
  if (only !== undefined && given.length === 1) return { variant: only.variant };
  const on = split.find(({ variant }) => variant === "on");
  const isBoolean = split.every(({ variant }) => variant === "on" || variant === "off");
  return isBoolean && on !== undefined ? { percentage: on.percentage } : { split: given };
}
