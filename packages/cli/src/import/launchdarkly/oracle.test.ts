/** What is carried over whole answers as LaunchDarkly's own SDK does: random flags and segments, random users, both asked. */
import type { JsonObject, JsonValue, Serve, Variants } from "@rampart/core";
import { init, type LDClient } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ORACLE_TIMEOUT_MS, rulesetOf, settled } from "../../testing/import.ts";
import type { Converted } from "../types.ts";
import { convertLaunchDarkly } from "./index.ts";

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const data = new TestData();
let client: LDClient;

beforeAll(async () => {
  const options = { updateProcessor: data.getFactory(), sendEvents: false, diagnosticOptOut: true, logger: quiet };
  client = init("sdk-key", options);
  await client.waitForInitialization({ timeout: 10 });
});
afterAll(() => client.close());

const SEGMENTS = ["s0", "s1"];
const IDS = ["ann", "bob", "cid", "7"];
const TEXTS = [
  "de",
  "DE",
  "a",
  "ab",
  "abc",
  "",
  "2",
  "1.2.0",
  "2.0.0-rc.1",
  "2.0.0",
  "2026-01-05T02:00:00Z",
  "2026-06-01T00:00:00+02:00",
];
const NUMBERS = [0, 1, 2, 2.5, 1_767_578_400_000];

const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(...NUMBERS);
const scalar = fc.oneof(text, number, fc.boolean());
const pattern = fc.constantFrom("^a", "b$", "a.*c", "[a-c]+", "^(de|at)$", "\\d", "(?=a)", "^.$", "\\w{2}");

/** Names that are plain, nested, special there or here, or nobody's. */
const attribute = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("key", "country", "age", "list", "nobody", "/deep/er", "/a~1b", "a/b") },
  { weight: 1, arbitrary: fc.constantFrom("/list/0", "anonymous", "kind", "constructor", "_meta") },
);
const kind = fc.constantFrom(undefined, undefined, undefined, "user", "user", "user", "org");
const values = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: 1, maxLength: 3 });
const clauseOn = (attribute: fc.Arbitrary<string>, op: fc.Arbitrary<string>, each: fc.Arbitrary<unknown>) =>
  fc.record({ attribute, op, negate: fc.boolean(), contextKind: kind, values: values(each) });
const attributeClause = fc.oneof(
  clauseOn(attribute, fc.constant("in"), fc.oneof(scalar, fc.constantFrom("ann", "bob"))),
  clauseOn(attribute, fc.constantFrom("startsWith", "endsWith", "contains"), text),
  clauseOn(attribute, fc.constant("matches"), pattern),
  clauseOn(attribute, fc.constantFrom("lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"), number),
  clauseOn(
    fc.constant("since"),
    fc.constantFrom("before", "after"),
    fc.constantFrom("2026-01-05T02:00:00Z", 1_767_578_400_000, "2025-06-01"),
  ),
  clauseOn(
    fc.constant("version"),
    fc.constantFrom("semVerEqual", "semVerLessThan", "semVerGreaterThan"),
    fc.constantFrom("1.2.0", "2", "1.10", "2.0.0-rc.1", "x"),
  ),
  clauseOn(fc.constant("anonymous"), fc.constant("in"), fc.boolean()),
  clauseOn(attribute, fc.constantFrom("in", "contains", "lessThan", "before", "semVerEqual", "unheardOf"), scalar),
);
const segmentClause = fc.record({
  attribute: fc.constant(""),
  op: fc.constant("segmentMatch"),
  negate: fc.boolean(),
  values: fc.oneof(
    { weight: 5, arbitrary: fc.subarray(SEGMENTS, { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constant(["missing"]) },
  ),
});
const ids = fc.subarray(IDS);
const variationOf = (count: number) => fc.nat({ max: count - 1 });

const segment = fc.record({
  included: ids,
  excluded: ids,
  rules: fc.array(
    fc.record({
      clauses: fc.array(attributeClause, { minLength: 1, maxLength: 2 }),
      weight: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 50_000),
    }),
    { maxLength: 2 },
  ),
});

const rollout = (count: number) =>
  fc
    .tuple(
      fc.nat({ max: 100_000 }),
      variationOf(count),
      variationOf(count),
      fc.constantFrom(undefined, "key", "country"),
    )
    .map(([weight, a, b, bucketBy]) => ({
      rollout: {
        variations: [
          { variation: a, weight },
          { variation: b, weight: 100_000 - weight },
        ],
        bucketBy,
      },
    }));
const serveOf = (count: number, hasRollouts: boolean): fc.Arbitrary<object> =>
  hasRollouts
    ? fc.oneof(
        variationOf(count).map((variation) => ({ variation })),
        rollout(count),
      )
    : variationOf(count).map((variation) => ({ variation }));

const variations = fc.constantFrom<readonly JsonValue[]>(
  [true, false],
  [false, true],
  ["red", "green", "blue"],
  [1, 2, 3],
  [{ a: 1 }, { a: 2 }],
  [true, "x"],
);

/** `later`: flags that it can have for prerequisites; those have no percentages, as who is in one is not carried over. */
const flag = (key: string, later: readonly string[]) =>
  variations.chain((values) =>
    fc.record({
      key: fc.constant(key),
      version: fc.constant(1),
      salt: fc.constant("salt"),
      on: fc.constantFrom(true, true, true, false),
      variations: fc.constant(values),
      offVariation: fc.constantFrom(0, 1, 1, 1, null),
      targets: fc.array(fc.record({ variation: variationOf(values.length), values: ids }), { maxLength: 2 }),
      contextTargets: fc.constantFrom(
        [],
        [],
        [],
        [{ contextKind: "user", variation: 1, values: [] }],
        [{ contextKind: "org", variation: 0, values: ["o"] }],
      ),
      rules: fc.array(
        fc
          .tuple(
            fc.record({
              clauses: fc.array(
                fc.oneof({ weight: 3, arbitrary: attributeClause }, { weight: 1, arbitrary: segmentClause }),
                { maxLength: 2 },
              ),
            }),
            serveOf(values.length, later.length > 0),
          )
          .map(([rule, serve]) => ({ ...rule, ...serve })),
        { maxLength: 3 },
      ),
      fallthrough: serveOf(values.length, later.length > 0),
      prerequisites: fc.array(
        fc.record({ key: fc.constantFrom(...later, ...later, "gone"), variation: fc.nat({ max: 2 }) }),
        {
          maxLength: later.length > 0 ? 1 : 0,
        },
      ),
    }),
  );

/** What LaunchDarkly takes for a version or a date, and others don't, is told as a condition: users keep to it. */
const user = fc.record(
  {
    key: fc.constantFrom(...IDS),
    country: scalar,
    age: fc.oneof(number, text),
    list: fc.array(scalar, { maxLength: 3 }),
    deep: fc.oneof(fc.constant("flat"), fc.record({ er: scalar })),
    anonymous: fc.boolean(),
    "a/b": scalar,
    version: fc.constantFrom("1.2.0", "1.10.0", "2.0.0", "2.0.0-rc.1"),
    since: fc.constantFrom<JsonValue>("2026-01-05T02:00:00Z", "2025-01-01T00:00:00.5+01:00", 1_767_578_400_000),
    nobody: fc.constant(null),
  },
  { requiredKeys: ["key"] },
);

const world = fc.record({
  flags: fc.tuple(flag("f0", ["f1", "f2"]), flag("f1", []), flag("f2", [])),
  segments: fc
    .tuple(segment, segment)
    .map((both) => both.map((each, index) => ({ key: SEGMENTS[index], version: 1, salt: "x", ...each }))),
  users: fc.array(user, { minLength: 6, maxLength: 6 }),
});

async function load(flags: readonly { readonly key: string }[], segments: readonly object[]): Promise<void> {
  // What LaunchDarkly's SDK prepares it writes into what it is given.
  for (const each of flags) await data.usePreconfiguredFlag(structuredClone(each));
  for (const each of segments) await data.usePreconfiguredSegment(structuredClone(each));
}

type Shared = {
  readonly rollout?: {
    readonly variations: readonly { readonly variation: number; readonly weight: number }[];
    readonly bucketBy?: string;
  };
};

/** Thousandths of a percent by value, as the flag there divides them. */
function sharesThere({ rollout }: Shared, values: readonly JsonValue[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { variation, weight } of rollout?.variations ?? []) add(shares, values[variation] ?? null, weight);
  return shares;
}

/** The same of what is served here. */
function sharesHere(serve: Serve, variants: Variants): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  if ("split" in serve)
    for (const { variant, percentage } of serve.split)
      add(shares, variants[variant] ?? null, Math.round(percentage * 1000));
  if ("percentage" in serve) {
    add(shares, true, Math.round(serve.percentage * 1000));
    add(shares, false, 100_000 - Math.round(serve.percentage * 1000));
  }
  return shares;
}

function add(shares: Map<string, number>, value: JsonValue, weight: number): void {
  if (weight > 0) shares.set(JSON.stringify(value), (shares.get(JSON.stringify(value)) ?? 0) + weight);
}

describe("what is carried over whole from LaunchDarkly", () => {
  it("answers as its SDK does, for every user", { timeout: ORACLE_TIMEOUT_MS }, async () => {
    const seen = { whole: 0, alike: 0, divided: 0 };
    await fc.assert(
      fc.asyncProperty(world, async ({ flags, segments, users }) => {
        const file = {
          flags: Object.fromEntries(flags.map((each) => [each.key, each])),
          segments: Object.fromEntries(segments.map((each) => [each.key, each])),
        };
        await load(flags, segments);
        const converted: Converted = settled(
          convertLaunchDarkly(JSON.parse(JSON.stringify(file)) as JsonObject, { environment: undefined }),
        );
        const ruleset = rulesetOf(converted);
        for (const [at, { key, whole }] of converted.flags.entries()) {
          const source = flags[at];
          if (whole === undefined || source === undefined) continue;
          seen.whole += 1;
          for (const { key: targetingKey, ...attributes } of users) {
            const there = await client.variationDetail(
              key,
              { kind: "user", key: targetingKey, ...attributes },
              "nothing",
            );
            const here = ruleset.evaluate(key, { targetingKey, ...attributes }, null);
            // Whom the percentage is not for: a condition says so.
            if (here.errorCode === "TARGETING_KEY_MISSING") continue;
            if (here.bucket === undefined) {
              seen.alike += 1;
              expect({ key, value: here.value }).toEqual({ key, value: there.value });
              continue;
            }
            seen.divided += 1;
            const rule = whole.config.rules.find(({ id }) => id === here.ruleId);
            const divided = (source.rules[there.reason.ruleIndex ?? -1] ?? source.fallthrough) as Shared;
            const shares = sharesHere(rule?.serve ?? whole.config.fallthrough, whole.definition.variants);
            expect(shares).toEqual(sharesThere(divided, source.variations));
            expect(whole.config.bucketBy).toBe(divided.rollout?.bucketBy === "country" ? "country" : "targetingKey");
          }
        }
      }),
      { numRuns: 1000 },
    );
    expect(seen.whole).toBeGreaterThan(200);
  });
});
