/** What is carried over whole answers as Unleash's own SDK does, and never gives a feature to more users, whatever they are passed as. */
import type { EvaluationContext, JsonObject, JsonValue, Ruleset } from "@rampart/core";
import { createRequire } from "node:module";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ORACLE_TIMEOUT_MS, rulesetOf, settled } from "../../testing/import.ts";
import type { ConvertedFlag } from "../types.ts";
import { convertUnleash } from "./index.ts";

/** What decides in its SDK, without what fetches and stores around it. */
interface Evaluator {
  isEnabled(name: string, context: object, fallback: () => boolean): boolean;
}
const load = createRequire(import.meta.url);
const { default: UnleashClient } = load("unleash-client/lib/client.js") as {
  readonly default: new (repository: object, strategies: readonly object[]) => Evaluator;
};
const { defaultStrategies } = load("unleash-client/lib/strategy/index.js") as {
  readonly defaultStrategies: readonly object[];
};

type Source = {
  readonly name: string;
  readonly strategies: readonly { readonly name: string; readonly parameters: JsonObject }[];
};
type UnleashContext = { readonly userId?: string; readonly remoteAddress?: JsonValue; readonly properties: JsonObject };

const IDS = ["ann", "bob", "7", "a,b"];
const TEXTS = [
  "de",
  "DE",
  "Kay",
  "\u212aay",
  "ay",
  "ski",
  "SK\u0130",
  "a.b",
  "a",
  "",
  "5",
  "5.0",
  "true",
  "1.2.0",
  "2.0.0",
  "=1.2.0",
  "v1.2.0",
  "10.0.0.7",
  "010.0.0.7",
  "::ffff:10.0.0.7",
  "10.0.0.7/8",
  "12\n",
];
const NUMBERS = [0, -1, 5, 12, 2.5];
const text = fc.constantFrom(...TEXTS);
const values = (each: fc.Arbitrary<string>) => fc.array(each, { maxLength: 3 });

const constraintOn = (
  contextName: string,
  operators: readonly string[],
  given: { readonly values?: fc.Arbitrary<string>; readonly value?: fc.Arbitrary<JsonValue> },
) =>
  fc.record({
    contextName: fc.constant(contextName),
    operator: fc.constantFrom(...operators),
    inverted: fc.boolean(),
    caseInsensitive: fc.boolean(),
    values: given.values === undefined ? fc.constant([]) : values(given.values),
    value: given.value ?? fc.constant(""),
  });
const NUM = ["NUM_EQ", "NUM_GT", "NUM_GTE", "NUM_LT", "NUM_LTE"];
const SEMVER = ["SEMVER_EQ", "SEMVER_GT", "SEMVER_GTE", "SEMVER_LT", "SEMVER_LTE"];
const STR = ["STR_STARTS_WITH", "STR_ENDS_WITH", "STR_CONTAINS"];
const constraint = fc.oneof(
  { weight: 3, arbitrary: constraintOn("any", ["IN", "NOT_IN"], { values: text }) },
  {
    weight: 2,
    arbitrary: constraintOn("userId", ["IN", "NOT_IN", ...STR], { values: fc.constantFrom(...IDS, " bob ", "") }),
  },
  {
    weight: 3,
    arbitrary: constraintOn("word", STR, {
      values: fc.constantFrom("de", "D", "k", "ski", "i", "a.", " ay", "\u00e9"),
    }),
  },
  {
    weight: 1,
    arbitrary: constraintOn("word", ["REGEX"], { value: fc.constantFrom("^d", "k.*y", "(?=a)", "[a-c]$", "") }),
  },
  { weight: 2, arbitrary: constraintOn("count", NUM, { value: fc.constantFrom("5", "0", "2.50", "", "x", 12) }) },
  { weight: 2, arbitrary: constraintOn("version", SEMVER, { value: fc.constantFrom("1.2.0", "1.10.0-rc.1", "1.2") }) },
  {
    weight: 2,
    arbitrary: constraintOn("remoteAddress", ["IN_CIDR"], {
      values: fc.constantFrom("10.0.0.0/8", "10.0.0.7", "192.168.0.0/16", "::/0"),
    }),
  },
  {
    weight: 1,
    arbitrary: constraintOn("any", ["DATE_AFTER", "UNHEARD_OF"], { value: fc.constant("2026-01-05T02:00:00Z") }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("environment", "constructor", "properties", "targetingKey")
      .chain((name) => constraintOn(name, ["IN", "NOT_IN"], { values: text })),
  },
);

const rollout = fc.constantFrom("100", "100", "50", "10", "0", "12.7", "");
const strategyOf = (hasShares: boolean) =>
  fc
    .oneof(
      { weight: 3, arbitrary: fc.constant({ name: "default", parameters: {} }) },
      {
        weight: hasShares ? 3 : 0,
        arbitrary: fc
          .record({
            rollout,
            stickiness: fc.constantFrom("default", "userId", "userId", "session", "random"),
            groupId: fc.constantFrom("g", "g", "g", "h"),
          })
          .map((parameters) => ({ name: "flexibleRollout", parameters: parameters as JsonObject })),
      },
      {
        weight: hasShares ? 1 : 0,
        arbitrary: fc
          .record({ percentage: rollout, groupId: fc.constant("g") })
          .map((parameters) => ({ name: "gradualRolloutUserId", parameters: parameters as JsonObject })),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom("ann", "ann, bob", "", "7,", " bob")
          .map((userIds) => ({ name: "userWithId", parameters: { userIds } as JsonObject })),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom("10.0.0.7,192.168.0.0/16", "", "::1")
          .map((IPs) => ({ name: "remoteAddress", parameters: { IPs } as JsonObject })),
      },
    )
    .chain((own) =>
      fc
        .record({
          constraints: fc.array(constraint, { maxLength: 2 }),
          segments: fc.subarray([1, 2], { maxLength: 1 }),
        })
        .map((rest) => ({ ...own, ...rest })),
    );
const featureOf = (name: string, dependencies: fc.Arbitrary<JsonValue>) =>
  fc.record({
    name: fc.constant(name),
    enabled: fc.constantFrom(true, true, true, false),
    strategies: fc.array(strategyOf(name === "f0"), { maxLength: 3 }),
    dependencies,
  });
const dependency = fc.oneof(
  fc.constant([]),
  fc.constantFrom<JsonValue>(
    [{ feature: "f1" }],
    [{ feature: "f2", enabled: true }],
    [{ feature: "f1", enabled: false }],
    [{ feature: "gone" }],
    [{ feature: "f1", variants: ["a"] }],
  ),
);
const segment = fc.array(constraint, { maxLength: 3 });
const world = fc.record({
  features: fc.tuple(
    featureOf("f0", dependency),
    featureOf("f1", fc.constant([])),
    featureOf("f2", fc.constantFrom<JsonValue>([], [], [{ feature: "f1" }])),
  ),
  segments: fc
    .tuple(segment, segment)
    .map((both) => both.map((constraints, index) => ({ id: index + 1, constraints }))),
});

/** Users as the conditions ask for them: each attribute in the type that its constraints are about. */
const typed = fc.record(
  {
    userId: fc.constantFrom(...IDS),
    any: fc.oneof(text, fc.constantFrom(...NUMBERS), fc.boolean()),
    word: text,
    count: fc.constantFrom(...NUMBERS),
    version: fc.constantFrom("1.2.0", "1.10.0-rc.1", "2.0.0", "1.10.0"),
    remoteAddress: fc.constantFrom("10.0.0.7", "192.168.3.4", "8.8.8.8", "::ffff:10.0.0.7", "2001:db8::1", "nowhere"),
    session: fc.constantFrom("s1", "s2"),
  },
  { requiredKeys: ["userId"] },
);
const anything = fc.oneof(text, fc.constantFrom(...NUMBERS), fc.boolean());
const untyped = fc.record(
  {
    userId: fc.constantFrom(...IDS),
    any: anything,
    word: anything,
    count: anything,
    version: anything,
    remoteAddress: anything,
    session: text,
  },
  { requiredKeys: [] },
);

/** The percentage of users like this one who have the feature there: asked of the real SDK with every share at least `t` made whole, and every other none. */
function shareThere(
  name: string,
  features: readonly Source[],
  segments: readonly { readonly id: number }[],
  context: UnleashContext,
): number {
  const shares = [100, 50, 12, 10];
  return (
    shares.find((share) =>
      isOnThere(
        name,
        features.map((feature) => withShares(feature, share)),
        segments,
        context,
      ),
    ) ?? 0
  );
}

function withShares(feature: Source, least: number): Source {
  const whole = (given: JsonValue | undefined): string => (Math.floor(Number(given || "0")) >= least ? "100" : "0");
  return {
    ...feature,
    strategies: feature.strategies.map((strategy) => {
      const { rollout, percentage, ...rest } = strategy.parameters;
      const shares =
        rollout === undefined
          ? percentage === undefined
            ? {}
            : { percentage: whole(percentage) }
          : { rollout: whole(rollout) };
      return { ...strategy, parameters: { ...rest, ...shares } };
    }),
  };
}

function isOnThere(
  name: string,
  features: readonly Source[],
  segments: readonly { readonly id: number }[],
  context: UnleashContext,
): boolean {
  const toggles = new Map(features.map((feature) => [feature.name, feature]));
  const parts = new Map(segments.map((each) => [each.id, each]));
  const repository = { getToggle: (key: string) => toggles.get(key), getSegment: (id: number) => parts.get(id) };
  const client = new UnleashClient(repository, defaultStrategies);
  return client.isEnabled(name, context, () => false);
}

/** The same percentage here. */
function shareHere(ruleset: Ruleset, { key, whole }: ConvertedFlag, user: EvaluationContext): number {
  const { value, bucket, ruleId, errorCode } = ruleset.evaluate(key, user, false);
  if (errorCode !== undefined) return 0;
  if (bucket === undefined) return value ? 100 : 0;
  const serve = whole?.config.rules.find(({ id }) => id === ruleId)?.serve ?? whole?.config.fallthrough;
  return serve !== undefined && "percentage" in serve ? serve.percentage : Number.NaN;
}

/** `compare` is called for each feature that is whole and each user. */
function forAll<T extends { readonly userId?: string }>(
  users: fc.Arbitrary<T>,
  compare: (here: number, there: number) => void,
): number {
  let seen = 0;
  fc.assert(
    fc.property(world, fc.array(users, { minLength: 5, maxLength: 5 }), ({ features, segments }, given) => {
      const file = JSON.parse(JSON.stringify({ version: 2, features, segments })) as JsonObject;
      const converted = settled(convertUnleash(file, { environment: undefined }));
      const ruleset = rulesetOf(converted);
      for (const flag of converted.flags.filter(({ whole }) => whole !== undefined)) {
        for (const { userId, ...properties } of given) {
          const user = userId === undefined ? properties : { targetingKey: userId, ...properties };
          const { remoteAddress, ...own } = properties as { readonly remoteAddress?: JsonValue };
          const known = {
            ...(userId === undefined ? {} : { userId }),
            ...(remoteAddress === undefined ? {} : { remoteAddress }),
          };
          const context = { ...known, properties: own as JsonObject };
          compare(shareHere(ruleset, flag, user), shareThere(flag.key, features, segments, context));
          seen += 1;
        }
      }
    }),
    { numRuns: 800 },
  );
  return seen;
}

describe("what is carried over whole from Unleash", () => {
  it("is on for the same users as with its SDK, and for the same share of them", { timeout: ORACLE_TIMEOUT_MS }, () => {
    const shares = new Map<number, number>();
    const seen = forAll(typed, (here, there) => {
      shares.set(there, (shares.get(there) ?? 0) + 1);
      expect(here).toBe(there);
    });
    expect(seen).toBeGreaterThan(1000);
    for (const share of [0, 10, 50, 100]) expect(shares.get(share)).toBeGreaterThan(10);
  });

  it(
    "is on for nobody else, whatever types attributes have and whether they are there",
    { timeout: ORACLE_TIMEOUT_MS },
    () => {
      expect(forAll(untyped, (here, there) => expect(here).toBeLessThanOrEqual(there))).toBeGreaterThan(1000);
    },
  );
});
