/** What is carried over whole answers as GrowthBook's own SDK does: random features and conditions, random users, both asked. */
import type { JsonObject, JsonValue, Serve } from "@rampart/core";
import { GrowthBook } from "@growthbook/growthbook";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ORACLE_TIMEOUT_MS, rulesetOf, settled } from "../../testing/import.ts";
import { convertGrowthBook } from "./index.ts";

const text = fc.constantFrom("de", "at", "ann", "a", "5", "", "null", "true");
const number = fc.constantFrom(-1, 0, 1, 18, 2.5);
const word = fc.constantFrom("country", "id", "deep.er", "mail");
const on = (path: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>) =>
  fc.tuple(path, value).map(([key, condition]) => ({ [key]: condition }));
const op = (names: readonly string[], value: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom(...names), value).map(([name, operand]) => ({ [name]: operand }));
const simple = fc.oneof(
  { weight: 3, arbitrary: on(word, text) },
  { weight: 1, arbitrary: on(fc.constant("age"), number) },
  { weight: 1, arbitrary: on(fc.constant("beta"), fc.boolean()) },
  { weight: 2, arbitrary: on(word, op(["$eq", "$ne"], text)) },
  {
    weight: 2,
    arbitrary: on(fc.oneof(word, fc.constant("list")), op(["$in", "$nin"], fc.array(text, { maxLength: 3 }))),
  },
  { weight: 3, arbitrary: on(fc.constant("age"), op(["$lt", "$lte", "$gt", "$gte", "$eq", "$ne"], number)) },
  {
    weight: 2,
    arbitrary: on(
      fc.constant("version"),
      op(
        ["$veq", "$vne", "$vgt", "$vgte", "$vlt", "$vlte"],
        fc.constantFrom("1.2.0", "1.10.0", "2.0.0", "1.2", "0.0.0"),
      ),
    ),
  },
  { weight: 1, arbitrary: on(fc.oneof(word, fc.constant("age")), op(["$exists"], fc.boolean())) },
  { weight: 1, arbitrary: on(word, op(["$regex"], fc.constantFrom("^d", "l", "a.*n", "[a-c]$", "(?=a)"))) },
  { weight: 1, arbitrary: on(word, op(["$inGroup", "$notInGroup"], fc.constantFrom("friends", "gone"))) },
  { weight: 1, arbitrary: on(word, op(["$not"], fc.oneof(text, op(["$in", "$eq"], text)))) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JsonObject>(
      {},
      { age: { $gt: 0, $lt: 18 } },
      { country: null },
      { list: { $size: 2 } },
      { country: { $ini: ["DE"] } },
      { country: { de: 1 } },
    ),
  },
);
const { condition } = fc.letrec<{ condition: object }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 5, arbitrary: simple },
    { weight: 1, arbitrary: op(["$and", "$or", "$nor"], fc.array(tie("condition"), { minLength: 1, maxLength: 3 })) },
    { weight: 1, arbitrary: op(["$not"], tie("condition")) },
    { weight: 1, arbitrary: fc.tuple(simple, simple).map(([a, b]) => ({ ...a, ...b })) },
  ),
}));

const share = fc.constantFrom(undefined, undefined, 0, 0.25, 0.5, 1);
const ruleOf = (values: readonly JsonValue[], hasShares: boolean) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        condition: fc.option(condition, { nil: undefined }),
        force: fc.constantFrom(...values),
        coverage: hasShares ? share : fc.constant(undefined),
        hashAttribute: fc.constantFrom(undefined, "id", "mail"),
      }),
    },
    {
      weight: hasShares ? 1 : 0,
      arbitrary: fc.record({
        condition: fc.option(condition, { nil: undefined }),
        variations: fc.constant(values.slice(0, 2)),
        weights: fc.constantFrom(undefined, [0.5, 0.5], [0.1, 0.9], [1, 0], [0.3, 0.3]),
        coverage: share,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<JsonObject>(
        { parentConditions: [{ id: "parent", condition: { value: true }, gate: true }] },
        { parentConditions: [{ id: "parent", condition: { value: true } }], force: values[0] ?? null },
      ),
    },
  );
const VALUES = fc.constantFrom<readonly JsonValue[]>(
  [true, false],
  ["x", "y", "z"],
  [1, 2, 3],
  [{ n: 1 }, { n: 2 }],
  [true, "x"],
);
const featureOf = (hasShares: boolean) =>
  VALUES.chain((values) =>
    fc.record({
      defaultValue: fc.constantFrom(...values),
      rules: fc.array(ruleOf(values, hasShares), { maxLength: 3 }),
    }),
  );
const parent = fc.record({
  defaultValue: fc.boolean(),
  rules: fc.array(fc.record({ condition, force: fc.boolean() }), { maxLength: 1 }),
});

/** Users as the conditions ask for them. */
const user = fc.record(
  {
    id: fc.constantFrom("ann", "bob", "de"),
    mail: fc.constantFrom("ann", "a", "null@x.org"),
    country: text,
    deep: fc.record({ er: text }),
    age: number,
    list: fc.array(text, { maxLength: 2 }),
    version: fc.constantFrom("1.2.0", "1.10.0", "1.9.9", "2.0.0", "0.9.0"),
    beta: fc.boolean(),
  },
  { requiredKeys: ["id", "mail"] },
);

function shareHere(serve: Serve, values: Readonly<Record<string, JsonValue>>): Readonly<Record<string, number>> {
  const shares =
    "split" in serve
      ? serve.split
      : "percentage" in serve
        ? [
            { variant: "on", percentage: serve.percentage },
            { variant: "off", percentage: 100 - serve.percentage },
          ]
        : [];
  return summed(shares.map(({ variant, percentage }) => [JSON.stringify(values[variant]), percentage]));
}

function summed(entries: readonly (readonly [string | undefined, number])[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [value = "", weight] of entries)
    if (weight > 0) sums[value] = Math.round(((sums[value] ?? 0) + weight) * 1000) / 1000;
  return sums;
}

/** What the rule that a user meets gives, by value: its share inside, and the default outside of it. */
function shareThere(rule: JsonObject, defaultValue: JsonValue): Readonly<Record<string, number>> {
  const coverage = Number(rule["coverage"] ?? 1);
  const variations = (rule["variations"] ?? [rule["force"]]) as readonly JsonValue[];
  const weights = (rule["weights"] ?? variations.map(() => 1 / variations.length)) as readonly number[];
  return summed([
    ...variations.map((value, index) => [JSON.stringify(value), (weights[index] ?? 0) * coverage * 100] as const),
    [JSON.stringify(defaultValue), (1 - coverage) * 100],
  ]);
}

describe("what is carried over whole from GrowthBook", () => {
  it("answers as its SDK does, for every user", { timeout: ORACLE_TIMEOUT_MS }, () => {
    const seen = { whole: 0, alike: 0, divided: 0 };
    fc.assert(
      fc.property(featureOf(true), parent, fc.array(user, { minLength: 6, maxLength: 6 }), (feature, above, users) => {
        const named = { ...feature, rules: feature.rules.map((rule, index) => ({ id: `r${index}`, ...rule })) };
        const file = JSON.parse(
          JSON.stringify({ features: { flag: named, parent: above }, savedGroups: { friends: ["ann", "de"] } }),
        ) as JsonObject;
        const converted = settled(convertGrowthBook(file, { environment: undefined }));
        const ruleset = rulesetOf(converted);
        for (const { key, whole } of converted.flags) {
          if (whole === undefined) continue;
          seen.whole += 1;
          const off = whole.definition.variants[whole.config.offVariant];
          for (const attributes of users) {
            const { id, ...rest } = attributes;
            const here = ruleset.evaluate(key, { targetingKey: id, ...rest }, null);
            const there = new GrowthBook({
              attributes,
              features: file["features"] as never,
              savedGroups: file["savedGroups"] as never,
            }).evalFeature(key);
            if (here.bucket === undefined) {
              seen.alike += 1;
              // Where a prerequisite is not met nothing is served there: the caller's default, as a condition says.
              expect([key, here.value]).toEqual([key, there.value === null ? off : there.value]);
              continue;
            }
            seen.divided += 1;
            const met = whole.config.rules.find((rule) => rule.id === here.ruleId);
            // Who is outside of a share is so of the last rule's: others are not carried over.
            const index = Number(there.ruleId?.slice(1) || feature.rules.length - 1);
            const source =
              (file["features"] as { readonly flag: { readonly rules: readonly JsonObject[] } }).flag.rules[index] ??
              {};
            expect(shareHere(met?.serve ?? whole.config.fallthrough, whole.definition.variants)).toEqual(
              shareThere(source, feature.defaultValue),
            );
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(seen.whole).toBeGreaterThan(500);
    expect(seen.divided).toBeGreaterThan(100);
  });
});
