import type { JsonObject, JsonValue, Rule, Serve, SplitShare } from "@rampart/core";
import { ID } from "../attribute.ts";
import { lose, note, require } from "../findings.ts";
import { isList, recordOr, textOf } from "../json.ts";
import { attributeOf, conditionOf, type Reading } from "./condition.ts";

/** What a flag's targeting comes to. */
export interface Targeting {
  readonly rules: readonly Rule[];
  readonly fallthrough: Serve;
  /** What percentages go by, if there are any. */
  readonly bucketBy: readonly string[];
}

/** The flag's variants: the name there → the name here. */
export interface Names {
  readonly names: ReadonlyMap<string, string>;
  /** What is served where targeting gives nothing; undefined: the caller's default. */
  readonly fallback: string | undefined;
}

interface Branch {
  readonly condition: JsonValue | undefined;
  readonly result: JsonValue;
  readonly path: string;
}

/** Reads a chain of `if` whose branches end in variants or fractions; undefined after saying what is lost. */
export function targetingOf(source: JsonValue, path: string, names: Names, reading: Reading): Targeting | undefined {
  const rules: Rule[] = [];
  const bucketBy = new Set<string>();
  let isWhole = true;
  for (const { condition, result, path: at } of branchesOf(source, path)) {
    const served = resultOf(result, at, names, reading, bucketBy);
    if (served === undefined) isWhole = false;
    if (condition === undefined)
      return isWhole && served !== undefined ? { rules, fallthrough: served, bucketBy: [...bucketBy] } : undefined;
    const any = conditionOf(condition, at, false, reading);
    if (any === undefined || served === undefined) isWhole = false;
    else if (any.some((clauses) => clauses.length === 0))
      return isWhole ? { rules, fallthrough: served, bucketBy: [...bucketBy] } : undefined;
    else for (const clauses of any) rules.push({ id: `rule-${rules.length}`, clauses, serve: served });
  }
  return undefined;
}

/** The branches in turn; the last has no condition. An `if` in the place of `else` goes on with the chain. */
function branchesOf(source: JsonValue, path: string): readonly Branch[] {
  const parts = recordOr(source)["if"];
  if (!isList(parts) || Object.keys(recordOr(source)).length > 1)
    return [{ condition: undefined, result: source, path }];
  const branches: Branch[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2)
    branches.push({ condition: parts[index], result: parts[index + 1] ?? null, path: `${path}/if/${index}` });
  const rest = parts.length % 2 === 1 ? (parts.at(-1) ?? null) : null;
  return [...branches, ...branchesOf(rest, `${path}/if/${parts.length - 1}`)];
}

function resultOf(
  result: JsonValue,
  path: string,
  names: Names,
  reading: Reading,
  bucketBy: Set<string>,
): Serve | undefined {
  const { findings } = reading;
  const variant = nameOf(result, names);
  if (variant !== undefined) return { variant };
  const { fractional } = recordOr(result);
  if (isList(fractional)) return fractionOf(fractional, path, names, reading, bucketBy);
  const reason =
    result === null ? "here the caller's default is served there" : "this is neither a variant nor a fraction";
  const advice =
    result === null
      ? "give the flag a defaultVariant"
      : "let each branch end in the name of a variant or in fractional";
  return lose(findings, { path, value: result, reason, advice });
}

/** Nothing stands for the default variant; what is no text is read as one. */
function nameOf(result: JsonValue, { names, fallback }: Names): string | undefined {
  if (result === null) return fallback;
  return typeof result === "object" ? undefined : names.get(String(result));
}

function fractionOf(
  args: readonly JsonValue[],
  path: string,
  names: Names,
  reading: Reading,
  bucketBy: Set<string>,
): Serve | undefined {
  const { findings } = reading;
  const at = `${path}/fractional`;
  const [first = null] = args;
  const attribute = isList(first) ? ID : keyOf(first);
  const entries = (isList(first) ? args : args.slice(1)).map((entry) => shareOf(entry, names));
  if (attribute === undefined || entries.length === 0 || entries.some((entry) => entry === undefined)) {
    const advice = "divide users by one attribute, and name a variant and a whole number in each part";
    return lose(findings, { path: at, value: args, reason: "this fraction can't be said here", advice });
  }
  const serve = divided(
    entries.filter((entry) => entry !== undefined),
    at,
    reading,
  );
  if (serve === undefined)
    return lose(findings, {
      path: at,
      value: args,
      reason: "there is nothing to divide",
      advice: "give a part a weight",
    });
  if (!("variant" in serve)) {
    bucketBy.add(attribute);
    const reason = `every user has ${attribute === ID ? "an id" : `the attribute ${attribute}`}, as a text; who lacks it gets the caller's default here`;
    require(findings, { path: at, value: attribute, reason, advice: "pass it with every user" });
  }
  return serve;
}

/** What is hashed besides the flag's key: `{"var": "email"}`, or the key and the attribute in one text. */
function keyOf(source: JsonValue): string | undefined {
  const { cat } = recordOr(source);
  const parts = isList(cat) ? cat.filter((part) => recordOr(part)["var"] !== "$flagd.flagKey") : [source];
  const [only = null] = parts;
  return parts.length === 1 ? attributeOf(only) : undefined;
}

function shareOf(entry: JsonValue, names: Names): readonly [variant: string, weight: number] | undefined {
  const [name, weight = 1, ...rest] = isList(entry) ? entry : [];
  const variant = names.names.get(textOf(name) ?? "");
  if (variant === undefined || typeof weight !== "number" || !Number.isInteger(weight) || rest.length > 0)
    return undefined;
  return [variant, Math.max(0, weight)];
}

/** Shares of a whole in thousandths of a percent, rounded where the weights can't be said in them, so that they add up. */
function divided(
  entries: readonly (readonly [variant: string, weight: number])[],
  path: string,
  { findings }: Reading,
): Serve | undefined {
  const weights = new Map<string, number>();
  for (const [variant, weight] of entries) weights.set(variant, (weights.get(variant) ?? 0) + weight);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const given = [...weights].filter(([, weight]) => weight > 0);
  const [only] = given;
  if (only === undefined) return undefined;
  if (given.length === 1) return { variant: only[0] };
  let [sum, before] = [0, 0];
  const shares = given.map(([variant, weight]): SplitShare => {
    sum += weight;
    const until = Math.round((sum * 100_000) / total);
    const share = { variant, percentage: (until - before) / 1000 };
    before = until;
    return share;
  });
  if (given.some(([, weight]) => !Number.isInteger((weight * 100_000) / total))) {
    const reason = "shares are rounded to a thousandth of a percent";
    note(findings, {
      path,
      value: total,
      reason,
      advice: "nothing: fewer than one user in a hundred thousand is concerned",
    });
  }
  const on = shares.find(({ variant }) => variant === "on");
  const isBoolean = shares.every(({ variant }) => variant === "on" || variant === "off");
  return isBoolean && on !== undefined ? { percentage: on.percentage } : { split: shares };
}

/** The targeting with shared evaluators put in the place of their names, as flagd does it before it reads anything; undefined: one is missing, or they go round. */
export function expanded(source: JsonValue, evaluators: JsonObject, depth = 0): JsonValue | undefined {
  if (depth > DEPTH_MAX) return undefined;
  if (isList(source)) {
    const items = source.map((item) => expanded(item, evaluators, depth + 1));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (typeof source !== "object" || source === null) return source;
  const fields = recordOr(source);
  const { $ref: name } = fields;
  if (typeof name === "string") {
    const evaluator = Object.hasOwn(evaluators, name) ? evaluators[name] : undefined;
    return evaluator === undefined ? undefined : expanded(evaluator, evaluators, depth + 1);
  }
  const entries = Object.entries(fields).map(([key, value]) => [key, expanded(value, evaluators, depth + 1)] as const);
  return entries.every(([, value]) => value !== undefined) ? (Object.fromEntries(entries) as JsonObject) : undefined;
}

/** Levels of a targeting: beyond what anybody reads, and an end to evaluators that name each other. */
const DEPTH_MAX = 64;
