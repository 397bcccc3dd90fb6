import type { FlagType, JsonObject, JsonValue, Variants } from "@rampart/core";
import { lose, loseShape } from "../findings.ts";
import { isList, recordOr, textOf } from "../json.ts";
import type { Findings } from "../types.ts";

/** Begins with a letter: a JavaScript object puts names that are numbers first, and the order of variants has a meaning. */
const NAME = /^[A-Za-z][\w.-]{0,63}$/;

/** A flag's variations with the names that they get here. */
export interface Named {
  readonly type: FlagType;
  /** By the variation's index. */
  readonly names: readonly string[];
  readonly values: readonly JsonValue[];
}

/** Names the variations of a flag: `on` and `off`, what LaunchDarkly's API calls them, the text itself, or `v0`, `v1`, … */
export function variationsOf(flag: JsonObject, path: string, findings: Findings): Named | undefined {
  const { variations } = flag;
  if (!isList(variations) || variations.length === 0)
    return loseShape(findings, `${path}/variations`, variations, "a list of variations");
  const isWrapped = variations.every(
    (item) => Object.hasOwn(recordOr(item), "value") && Object.hasOwn(recordOr(item), "_id"),
  );
  const values = isWrapped ? variations.map((item) => recordOr(item)["value"] ?? null) : variations;
  const type = typeOf(values);
  if (type === undefined) {
    const advice = "give all variations one type there";
    return lose(findings, {
      path: `${path}/variations`,
      value: variations,
      reason: "variations of several types can't be in one flag",
      advice,
    });
  }
  if (type === "boolean" && new Set(values).size < values.length) {
    const advice = "take the variation out that is there twice";
    return lose(findings, {
      path: `${path}/variations`,
      value: variations,
      reason: "a boolean flag has one variant of each value here",
      advice,
    });
  }
  return {
    type,
    names:
      type === "boolean"
        ? values.map((value) => (value === true ? "on" : "off"))
        : namesOf(variations, values, isWrapped),
    values,
  };
}

/** The variants with the one that is served while the flag is off in front, as a flag gives it wherever it was not set up yet. */
export function variantsOf({ type, names, values }: Named, offVariant: string): Variants {
  if (type === "boolean") return { on: true, off: false };
  const entries = names.map((name, index) => [name, values[index] ?? null] as const);
  return Object.fromEntries([
    ...entries.filter(([name]) => name === offVariant),
    ...entries.filter(([name]) => name !== offVariant),
  ]);
}

function typeOf(values: readonly JsonValue[]): FlagType | undefined {
  const types = new Set(values.map((value) => typeof value));
  const [type] = types;
  if (types.size > 1 || values.includes(null)) return undefined;
  return type === "boolean" || type === "string" || type === "number" ? type : "json";
}

function namesOf(
  variations: readonly JsonValue[],
  values: readonly JsonValue[],
  isWrapped: boolean,
): readonly string[] {
  const given = isWrapped ? variations.map((item) => textOf(recordOr(item)["name"]) ?? "") : [];
  const texts = values.map((value) => textOf(value) ?? "");
  const usable = [given, texts].find(
    (names) => names.length > 0 && names.every((name) => NAME.test(name)) && new Set(names).size === names.length,
  );
  return usable ?? values.map((_, index) => `v${index}`);
}
