/** What is carried over whole answers as flagd's own evaluator does: random targeting, random users, both asked. */
import type { JsonObject, JsonValue, Serve } from "@rampart/core";
import { FlagdCore } from "@openfeature/flagd-core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ORACLE_TIMEOUT_MS, rulesetOf, settled } from "../../testing/import.ts";
import { convertFlagd } from "./index.ts";

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const variable = (name: string): JsonObject => ({ var: name });
const word = fc.constantFrom("country", "email", "deep.er", "targetingKey").map(variable);
const text = fc.constantFrom("de", "at", "ann", "a", "@x.org", "");
const number = fc.constantFrom(-1, 0, 1, 18, 2.5);
const two = <A, B>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>) => fc.oneof(fc.tuple(a, b), fc.tuple(b, a));
const call = (operators: readonly string[], args: fc.Arbitrary<readonly unknown[]>) =>
  fc.tuple(fc.constantFrom(...operators), args).map(([operator, given]) => ({ [operator]: given }));
const atom = fc.oneof(
  { weight: 4, arbitrary: call(["==", "!=", "===", "!=="], two(word, text)) },
  { weight: 3, arbitrary: call(["<", "<=", ">", ">=", "==", "!="], two(fc.constant(variable("age")), number)) },
  { weight: 2, arbitrary: call(["in"], fc.tuple(word, fc.array(text, { minLength: 1, maxLength: 3 }))) },
  { weight: 1, arbitrary: call(["in"], fc.tuple(text, word)) },
  { weight: 2, arbitrary: call(["starts_with", "ends_with"], fc.tuple(word, text)) },
  {
    weight: 2,
    arbitrary: call(
      ["sem_ver"],
      fc.tuple(
        fc.constant(variable("version")),
        fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "^", "~", "?"),
        fc.constantFrom("1.2.0", "1.10.0-rc.1", "2.0.0", "1.2"),
      ),
    ),
  },
  { weight: 1, arbitrary: fc.constant(variable("beta")) },
  { weight: 1, arbitrary: call(["=="], fc.tuple(fc.constant(variable("beta")), fc.boolean())) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JsonValue>(
      true,
      false,
      { $ref: "shared" },
      { $ref: "gone" },
      { var: ["country", "de"] },
      { "+": [1, 2] },
      { "==": [{ var: "$flagd.flagKey" }, "f"] },
    ),
  },
);
const { condition } = fc.letrec<{ condition: unknown }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 4, arbitrary: atom },
    { weight: 1, arbitrary: call(["and", "or"], fc.array(tie("condition"), { minLength: 1, maxLength: 3 })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("!", "!!"), tie("condition")).map(([not, inner]) => ({ [not]: [inner] })),
    },
  ),
}));
const share = fc.tuple(fc.constantFrom("a", "b", "c", "a", "b", "gone"), fc.constantFrom(0, 1, 25, 50, 75));
const fraction = fc
  .tuple(
    fc.constantFrom<readonly JsonValue[]>(
      [],
      [],
      [variable("email")],
      [{ cat: [variable("$flagd.flagKey"), variable("email")] }],
    ),
    fc.array(share, { minLength: 1, maxLength: 3 }),
  )
  .map(([key, shares]) => ({ fractional: [...key, ...shares] }));
const result = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<JsonValue>("a", "b", "c", null) },
  { weight: 1, arbitrary: fraction },
  { weight: 1, arbitrary: fc.constantFrom<JsonValue>("gone", 1, true) },
);
const targeting = fc.oneof(
  { weight: 1, arbitrary: result },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.array(fc.tuple(condition, result), { minLength: 1, maxLength: 3 }),
        fc.option(
          fc.oneof(
            result,
            fc.tuple(condition, result).map((pair) => ({ if: pair })),
          ),
          { nil: undefined },
        ),
      )
      .map(([branches, rest]) => ({ if: [...branches.flat(), ...(rest === undefined ? [] : [rest])] })),
  },
);
const variants = fc.constantFrom<JsonObject>(
  { a: true, b: false, c: false },
  { a: "x", b: "y", c: "z" },
  { a: 1, b: 2, c: 3 },
  { a: { n: 1 }, b: { n: 2 }, c: {} },
  { a: true, b: "x", c: 1 },
);
const flag = fc.record({
  state: fc.constantFrom("ENABLED", "ENABLED", "ENABLED", "DISABLED"),
  variants,
  defaultVariant: fc.constantFrom("a", "b", "c", "c", null),
  targeting,
});

/** Users as the conditions ask for them. */
const user = fc.record(
  {
    targetingKey: fc.constantFrom("ann", "bob", "de"),
    country: text,
    email: fc.constantFrom("ann@x.org", "bob@y.org", "a"),
    deep: fc.record({ er: text }),
    age: number,
    version: fc.constantFrom("1.2.0", "1.10.0-rc.1", "1.9.9", "2.0.0-0", "2.0.0", "0.9.0"),
    beta: fc.boolean(),
  },
  { requiredKeys: ["targetingKey", "email"] },
);

/** The targeting with a name of its own in the place of each fraction, so that the evaluator says which of them a user meets. */
function marked(source: JsonValue, fractions: JsonValue[]): JsonValue {
  if (Array.isArray(source)) return (source as readonly JsonValue[]).map((item) => marked(item, fractions));
  if (typeof source !== "object" || source === null) return source;
  const fields = source as JsonObject;
  if (fields["fractional"] !== undefined) return `fraction-${fractions.push(fields["fractional"]) - 1}`;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, marked(value, fractions)]));
}

/** What of a flag is asked there. */
interface Evaluated {
  readonly state: string;
  evaluate(context: object, logger: object): { readonly value?: unknown; readonly variant?: string };
}

type Ask = (context: object) => ReturnType<Evaluated["evaluate"]>;

/** Asks about one flag, compiled once. */
function evaluatorOf(flagOf: JsonObject, evaluators: JsonObject): Ask {
  const core = new FlagdCore();
  core.setConfigurations(JSON.stringify({ flags: { f: flagOf }, $evaluators: evaluators }));
  const found = core.getFlag("f") as unknown as Evaluated | undefined;
  return (context) => (found?.state === "ENABLED" ? found.evaluate(context, quiet) : {});
}

function sharesHere(serve: Serve, values: JsonObject): Readonly<Record<string, number>> {
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

function sharesThere(fractional: JsonValue | undefined, values: JsonObject): Readonly<Record<string, number>> {
  const entries = (fractional as readonly JsonValue[]).filter((entry) =>
    Array.isArray(entry),
  ) as unknown as readonly (readonly [string, number])[];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  return summed(entries.map(([name, weight]) => [JSON.stringify(values[name]), (weight * 100) / total]));
}

function summed(entries: readonly (readonly [string | undefined, number])[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [value = "", weight] of entries) if (weight > 0) sums[value] = (sums[value] ?? 0) + weight;
  return sums;
}

/** Whether the evaluator takes a file with this flag at all. */
function isTaken(source: JsonObject): boolean {
  try {
    new FlagdCore(undefined, quiet).setConfigurations(JSON.stringify({ flags: { f: source } }));
    return true;
  } catch {
    return false;
  }
}

describe("a flag of flagd", () => {
  const plain = { state: "ENABLED", variants: { a: "x", b: "y" }, defaultVariant: "a" };
  const findingsOf = (source: JsonObject) =>
    settled(convertFlagd({ flags: { f: source } }, { environment: undefined })).flags[0]?.findings ?? [];

  it("stays behind with its state or its default named, where the evaluator takes no file with it", () => {
    const { state: _, ...stateless } = plain;
    const wrong: readonly (readonly [JsonObject, string, JsonValue | undefined])[] = [
      [stateless, "/flags/f/state", undefined],
      [{ ...plain, state: "enabled" }, "/flags/f/state", "enabled"],
      [{ ...plain, defaultVariant: "c" }, "/flags/f/defaultVariant", "c"],
      [{ ...plain, defaultVariant: true }, "/flags/f/defaultVariant", true],
    ];
    for (const [source, path, value] of wrong) {
      expect(isTaken(source)).toBe(false);
      expect(findingsOf(source)).toMatchObject([{ kind: "lost", path, value }]);
    }
    expect(findingsOf({ ...plain, defaultVariant: "c" })).toMatchObject([{ advice: "name one of a, b there" }]);
  });

  it("may have no default, an empty one being none", () => {
    for (const defaultVariant of [null, ""]) {
      const source = { ...plain, defaultVariant, targeting: "a" };
      expect([isTaken(source), findingsOf(source)]).toEqual([true, []]);
    }
  });

  it("tells fields that nobody knows here", () => {
    expect(findingsOf({ ...plain, newFieldOfTomorrow: true })).toMatchObject([
      { kind: "condition", path: "/flags/f/newFieldOfTomorrow", value: true },
    ]);
  });
});

describe("what is carried over whole from flagd", () => {
  it("answers as its evaluator does, for every user", { timeout: ORACLE_TIMEOUT_MS }, () => {
    const seen = { whole: 0, alike: 0, divided: 0 };
    fc.assert(
      fc.property(flag, condition, fc.array(user, { minLength: 6, maxLength: 6 }), (source, shared, users) => {
        const file = JSON.parse(JSON.stringify({ flags: { f: source }, $evaluators: { shared } })) as {
          readonly flags: { readonly f: JsonObject };
          readonly $evaluators: JsonObject;
        };
        const converted = settled(convertFlagd(file, { environment: undefined }));
        const [whole] = converted.flags.map((each) => each.whole);
        if (whole === undefined) return;
        seen.whole += 1;
        const ruleset = rulesetOf(converted);
        const values = source.variants;
        const fractions: JsonValue[] = [];
        const targeted = marked(file.flags.f["targeting"] ?? null, fractions);
        const [sample = null] = Object.values(values);
        const more = Object.fromEntries(fractions.map((_, index) => [`fraction-${index}`, sample]));
        const asked = {
          ...file.flags.f,
          targeting: targeted,
          variants: { ...values, ...more },
        };
        const [askThere, askMarked] = [
          evaluatorOf(file.flags.f, file.$evaluators),
          evaluatorOf(asked, file.$evaluators),
        ];
        for (const context of users) {
          const here = ruleset.evaluate("f", context, null);
          const there = askMarked(context);
          const [, mark] = /^fraction-(\d+)$/.exec(there.variant ?? "") ?? [];
          const rule = whole.config.rules.find(({ id }) => id === here.ruleId);
          const serve = rule?.serve ?? whole.config.fallthrough;
          if (here.bucket !== undefined) {
            seen.divided += 1;
            const shares = sharesHere(serve, whole.definition.variants);
            const expected = sharesThere(fractions[Number(mark)], values);
            expect(Object.keys(shares).toSorted()).toEqual(Object.keys(expected).toSorted());
            for (const [value, percentage] of Object.entries(expected))
              expect(shares[value]).toBeCloseTo(percentage, 2);
          } else {
            seen.alike += 1;
            const off = whole.definition.variants[whole.config.offVariant];
            const expected =
              mark === undefined ? (source.state === "ENABLED" ? there.value : off) : askThere(context).value;
            expect(here.value).toEqual(expected);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(seen.whole).toBeGreaterThan(500);
    expect(seen.divided).toBeGreaterThan(100);
  });
});
