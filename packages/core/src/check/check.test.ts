import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { defaultConfig, defaultVariants } from "../model/defaults.ts";
import type { FlagDefinition } from "../model/flag.ts";
import { Ruleset } from "../ruleset/ruleset.ts";
import { aSnapshot } from "../ruleset/testing/frames.ts";
import { encodeFlag } from "../wire/encode.ts";
import { parseSnapshot } from "../wire/parse.ts";
import { checkConfig } from "./config.ts";
import { checkDefinition } from "./definition.ts";
import { checkFlagKey } from "./key.ts";
import { checkPercentage } from "./percentage.ts";
import { findPrerequisiteCycle } from "./prerequisites.ts";
import { checkSegment } from "./segment.ts";

const regex = (pattern: string) => {
  const compiled = RE2JS.compile(pattern);
  return (text: string) => compiled.matcher(text).find();
};
const flag: FlagDefinition = {
  key: "a",
  type: "boolean",
  description: "",
  variants: defaultVariants("boolean"),
  tags: [],
};
const text: FlagDefinition = { ...flag, type: "string", variants: { red: "#f00", blue: "#00f" } };
const clause = { attribute: "plan", op: "equals", values: ["pro"], negate: false };
const rule = { id: "r", clauses: [clause], serve: { variant: "on" } };
const problemsOf = (over: object, definition = flag) =>
  checkConfig(definition, { ...defaultConfig(definition), ...over }, { regex });
const withClause = (over: object) => problemsOf({ rules: [{ ...rule, clauses: [{ ...clause, ...over }] }] });
const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

describe("a percentage", () => {
  it.each([0, 0.001, 1, 12.345, 33.333, 66.667, 99.999, 100])("may be %d", (value) => {
    expect(checkPercentage(value)).toEqual({ ok: true, percentage: value });
  });

  it("may be any thousandth from 0 to 100, however it is written", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        (thousandths) => checkPercentage(Number((thousandths / 1000).toFixed(3))).ok,
      ),
    );
  });

  it.each([
    [-0.001, "-0.001 is below 0"],
    [100.001, "100.001 is above 100"],
    [0.0005, "0.0005 has more than three decimals"],
    [0.1 + 0.2, "0.30000000000000004 has more than three decimals"],
    ["25", '"25" is not a number'],
    ["25%", '"25%" is not a number'],
    [Number.NaN, "NaN is not a number"],
    [Number.POSITIVE_INFINITY, "Infinity is above 100"],
    [null, "null is not a number"],
    [undefined, "undefined is no percentage: it is missing"],
    [[25], "a list is not a number"],
    [true, "true is not a number"],
  ])("may not be %j, and it is said why and what may be", (value, detail) => {
    const hint = "a number from 0 to 100 with at most three decimals, such as 0.5 or 25";
    expect(checkPercentage(value)).toEqual({ ok: false, detail, hint });
  });
});

describe("a key", () => {
  it.each(["a", "sliceB_documents", "v1.4.0", "team/checkout-v2", "A".repeat(128), "__proto__", "..."])(
    "may be %j",
    (key) => {
      expect(checkFlagKey(key)).toEqual({ ok: true, key });
    },
  );

  it.each([
    ["", '"" is empty'],
    ["a b", '"a b" contains U+0020'],
    ["a\u0000b", '"a\\u0000b" contains U+0000'],
    ["a\n", '"a\\n" contains U+000A'],
    ["caf\u00e9", '"café" contains é (U+00E9)'],
    ["a😀", '"a😀" contains 😀 (U+1F600)'],
    ["x".repeat(129), `"${"x".repeat(60)}…" has 129 characters`],
    ["..", '".." would be lost from a URL'],
    [5, "5 is not a text"],
    [undefined, "undefined is not a text"],
  ])("may not be %j, and it is said why", (key, detail) => {
    expect(checkFlagKey(key)).toEqual({ ok: false, detail, hint: "1 to 128 letters, digits and . _ - /" });
  });
});

describe("a definition", () => {
  it.each([
    flag,
    text,
    { ...text, type: "number", variants: { a: 1, b: -0.5 } },
    { ...text, type: "json", variants: { a: { b: [null] }, c: 5 } },
  ])("may be of every type: %j", (definition) => {
    expect(checkDefinition(definition)).toEqual([]);
  });

  it("has all of its problems told at once, each with its place", () => {
    const wrong = {
      key: "a b",
      type: "string",
      variants: { red: 5, blue: "b" },
      description: 7,
      tags: ["x", "x", ""],
      owner: "o".repeat(300),
      expectedEnd: "2026-02-30",
    };
    expect(checkDefinition(wrong).map((problem) => [problem.pointer, problem.detail])).toEqual([
      ["/key", '"a b" contains U+0020'],
      ["/variants/red", "5 is not a string, which this flag holds"],
      ["/description", "7 is not a text"],
      ["/owner", "has 300 characters"],
      ["/tags/2", '"" is not a text of at least one character'],
      ["/expectedEnd", '"2026-02-30" is not a day'],
    ]);
  });

  it.each([
    ["no object", null, ""],
    ["no type", { ...flag, type: undefined }, "/type"],
    ["no variants", { ...text, variants: {} }, "/variants"],
    ["too many variants", { ...text, variants: Object.fromEntries(times(101, (n) => [`v${n}`, "x"])) }, "/variants"],
    ["too much in its variants", { ...text, variants: { a: "x".repeat(70_000) } }, "/variants"],
    ["a variant's name that is no key", { ...text, variants: { "a b/c": "x" } }, "/variants/a b~1c"],
    ["a tag twice", { ...flag, tags: ["x", "y", "x"] }, "/tags/2"],
    ["a tag that is too long", { ...flag, tags: ["x".repeat(65)] }, "/tags/0"],
    ["too many tags", { ...flag, tags: times(51, String) }, "/tags"],
  ])("with %s is refused at the place", (_, definition, pointer) => {
    expect(checkDefinition(definition).map((problem) => problem.pointer)).toEqual([pointer]);
  });
});

describe("a configuration", () => {
  it("is fine by default, for every type", () => {
    for (const definition of [flag, text])
      expect(checkConfig(definition, defaultConfig(definition), { regex })).toEqual([]);
    expect(defaultConfig(flag)).toMatchObject({
      enabled: true,
      offVariant: "off",
      fallthrough: { percentage: 0 },
      salt: "a",
      clientVisible: false,
    });
    expect(defaultConfig(text)).toMatchObject({ offVariant: "red", fallthrough: { variant: "red" } });
  });

  it.each([
    ["an off variant that doesn't exist", { offVariant: "green" }, "/offVariant", 'one of "red", "blue"'],
    [
      "a percentage, which only boolean flags have",
      { fallthrough: { percentage: 5 } },
      "/fallthrough",
      "a split over its variants",
    ],
    [
      "a split that doesn't add up",
      {
        fallthrough: {
          split: [
            { variant: "red", percentage: 33.333 },
            { variant: "blue", percentage: 66.666 },
          ],
        },
      },
      "/fallthrough/split",
      "exactly 100",
    ],
    [
      "a variant with two shares",
      {
        fallthrough: {
          split: [
            { variant: "red", percentage: 50 },
            { variant: "red", percentage: 50 },
          ],
        },
      },
      "/fallthrough/split/1/variant",
      undefined,
    ],
  ])("of a text flag with %s is refused", (_, over, pointer, hint) => {
    const [problem, ...others] = problemsOf(over, text);
    expect(others).toEqual([]);
    expect(problem?.pointer.startsWith(pointer)).toBe(true);
    expect(problem?.hint).toBe(hint);
  });

  it("takes three shares that add up exactly in thousandths, though not in doubles", () => {
    const three = { ...text, variants: { a: "a", b: "b", c: "c" } };
    const split = [
      { variant: "a", percentage: 33.333 },
      { variant: "b", percentage: 33.333 },
      { variant: "c", percentage: 33.334 },
    ];
    expect(problemsOf({ offVariant: "a", fallthrough: { split } }, three)).toEqual([]);
  });

  it.each([
    ["a target that gets an unknown variant", { targets: { ann: "maybe" } }, "/targets/ann"],
    ["a target without an id", { targets: { "": "on" } }, "/targets/"],
    ["a target whose id is too long", { targets: { ["u".repeat(257)]: "on" } }, `/targets/${"u".repeat(256)}`],
    ["too many targets", { targets: Object.fromEntries(times(10_001, (n) => [`u${n}`, "on"])) }, "/targets"],
    ["too many rules", { rules: times(501, (n) => ({ ...rule, id: `r${n}` })) }, "/rules"],
    ["two rules of one id", { rules: [rule, rule] }, "/rules/1/id"],
    ["a rule that matches everybody", { rules: [{ ...rule, clauses: [] }] }, "/rules/0/clauses"],
    ["too many clauses", { rules: [{ ...rule, clauses: times(101, () => clause) }] }, "/rules/0/clauses"],
    ["its own prerequisite", { prerequisites: [{ flag: "a", variants: ["on"] }] }, "/prerequisites/0/flag"],
    [
      "a prerequisite twice",
      {
        prerequisites: [
          { flag: "b", variants: ["on"] },
          { flag: "b", variants: ["off"] },
        ],
      },
      "/prerequisites/1/flag",
    ],
    [
      "a prerequisite that nothing meets",
      { prerequisites: [{ flag: "b", variants: [] }] },
      "/prerequisites/0/variants",
    ],
    [
      "too many prerequisites",
      { prerequisites: times(21, (n) => ({ flag: `f${n}`, variants: ["on"] })) },
      "/prerequisites",
    ],
    ["a lease shorter than a second", { leaseMs: 999 }, "/leaseMs"],
    ["a lease longer than a week", { leaseMs: 604_800_001 }, "/leaseMs"],
    ["a salt that is too long", { salt: "s".repeat(257) }, "/salt"],
    ["an empty salt", { salt: "" }, "/salt"],
    ["a visibility that is none", { clientVisible: "yes" }, "/clientVisible"],
  ])("with %s is refused at the place", (_, over, pointer) => {
    expect(problemsOf(over).map((problem) => problem.pointer)).toEqual([pointer]);
  });

  it.each([
    ["contains", [5], "5 is not a text"],
    ["lessThan", ["18"], '"18" is not a number'],
    ["before", ["tomorrow"], '"tomorrow" is not a date'],
    ["semverLessThan", ["1.2"], '"1.2" is not a version'],
    ["inCidr", ["10.0.0.0/40"], '"10.0.0.0/40" is not an address block'],
    ["matches", ["(a"], '"(a" is not a regular expression: '],
    ["matches", ["(?=a)"], '"(?=a)" is not a regular expression: '],
    ["inSegment", ["no such key!"], '"no such key!" is not a segment\'s key'],
    ["equals", [{}], "an object can't be compared with"],
    ["equals", [], "there is nothing to compare with"],
    ["equals", ["x".repeat(1025)], "has 1025 characters"],
  ])("with a clause %s %j is refused with the value", (op, values, detail) => {
    const [problem] = withClause({ op, values });
    expect(problem?.pointer).toMatch(/^\/rules\/0\/clauses\/0\/values/);
    expect(problem?.detail.startsWith(detail)).toBe(true);
  });

  it("has every wrong value of a clause told, and none of the right ones", () => {
    expect(
      withClause({ op: "inCidr", values: ["10.0.0.0/8", "x", "::/0", "y"] }).map((problem) => problem.pointer),
    ).toEqual(["/rules/0/clauses/0/values/1", "/rules/0/clauses/0/values/3"]);
  });

  it("is not judged by its patterns where there is no engine", () => {
    const config = {
      ...defaultConfig(flag),
      rules: [{ ...rule, clauses: [{ ...clause, op: "matches", values: ["("] }] }],
    };
    expect(checkConfig(flag, config, {})).toEqual([]);
  });

  it("that passes is read and evaluated by every client without a problem", () => {
    const op = fc.constantFrom(
      "equals",
      "in",
      "contains",
      "lessThan",
      "before",
      "semverEqual",
      "inCidr",
      "matches",
      "inSegment",
    );
    const value = fc.constantFrom<unknown>("pro", 5, true, "1.2.3", "10.0.0.0/8", "2026-01-01", "a+", "(", null);
    const clauses = fc.array(
      fc.record({
        attribute: fc.constantFrom("x", "/x/y", ""),
        op,
        values: fc.array(value, { maxLength: 3 }),
        negate: fc.boolean(),
      }),
      { maxLength: 2 },
    );
    const serve = fc.oneof(
      fc.record({ variant: fc.constantFrom("on", "off", "x") }),
      fc.record({ percentage: fc.oneof(fc.nat({ max: 101 }), fc.double()) }),
    );
    const rules = fc.array(fc.record({ id: fc.constantFrom("r1", "r2", ""), clauses, serve }), { maxLength: 3 });
    fc.assert(
      fc.property(rules, serve, (rules, fallthrough) => {
        const config = { ...defaultConfig(flag), rules, fallthrough };
        if (checkConfig(flag, config, { regex }).length > 0) return;
        const encoded: unknown = JSON.parse(JSON.stringify(encodeFlag(flag, config as never, 1)));
        const parsed = parseSnapshot({
          ...aSnapshot(),
          flags: [encoded],
          segments: ["pro", "5", "true", "1.2.3", "10.0.0.0/8", "2026-01-01"].map((key) => ({ key, revision: 1 })),
        });
        if (!parsed.ok) throw new Error(parsed.reason);
        const ruleset = new Ruleset({ regex });
        ruleset.replace(parsed.value);
        expect([parsed.skipped, ruleset.problems()]).toEqual([[], []]);
      }),
      { numRuns: 1000 },
    );
  });

  it("of any shape is told its problems without a throw", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(checkConfig(flag, value, { regex }))).toBe(true);
        expect(Array.isArray(checkDefinition(value))).toBe(true);
        expect(Array.isArray(checkSegment(value, { regex }))).toBe(true);
      }),
    );
  });
});

describe("a segment", () => {
  const segment = { key: "staff", description: "", included: ["ann"], excluded: [], rules: [{ clauses: [clause] }] };

  it("is fine with ids and rules, or empty", () => {
    expect(checkSegment(segment, { regex })).toEqual([]);
    expect(checkSegment({ key: "empty" }, { regex })).toEqual([]);
  });

  it.each([
    ["no key", { key: "" }, "/key"],
    ["an id that is no text", { included: ["ann", 5] }, "/included/1"],
    ["an id that is too long", { excluded: ["u".repeat(257)] }, "/excluded/0"],
    ["too many ids", { included: times(100_001, String) }, "/included"],
    ["another segment", { rules: [{ clauses: [{ op: "inSegment", values: ["x"] }] }] }, "/rules/0/clauses/0/op"],
    [
      "a version that is none",
      { rules: [{ clauses: [{ ...clause, op: "semverEqual", values: ["1"] }] }] },
      "/rules/0/clauses/0/values/0",
    ],
    ["too many rules", { rules: times(101, () => ({ clauses: [clause] })) }, "/rules"],
  ])("with %s is refused at the place", (_, over, pointer) => {
    expect(checkSegment({ ...segment, ...over }, { regex }).map((problem) => problem.pointer)).toEqual([pointer]);
  });
});

describe("a cycle of prerequisites", () => {
  const graph = (edges: Readonly<Record<string, readonly string[]>>) => (key: string) => edges[key] ?? [];

  it.each([
    ["a flag and itself", { a: ["a"] }, ["a", "a"]],
    ["two flags", { a: ["b"], b: ["a"] }, ["a", "b", "a"]],
    ["flags further on", { a: ["x", "b"], b: ["c"], c: ["b"], x: [] }, ["a", "b", "c", "b"]],
  ])("of %s is shown", (_, edges, cycle) => {
    expect(findPrerequisiteCycle("a", graph(edges))).toEqual(cycle);
  });

  it("is not seen where paths only meet again, or lead to flags that are gone", () => {
    expect(findPrerequisiteCycle("a", graph({ a: ["b", "c"], b: ["d"], c: ["d", "gone"], d: [] }))).toBeUndefined();
  });

  it("is found if and only if there is one, in graphs of any shape", () => {
    const edges = fc.array(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), { minLength: 8, maxLength: 8 });
    /** By brute force: whether a walk longer than there are flags exists. */
    const walksLong = (edges: readonly (readonly number[])[], from: number, steps: number): boolean =>
      steps > 8 || (edges[from] ?? []).some((next) => walksLong(edges, next, steps + 1));
    fc.assert(
      fc.property(edges, (edges) => {
        const cycle = findPrerequisiteCycle("0", (key) => (edges[Number(key)] ?? []).map(String));
        expect(cycle !== undefined).toBe(walksLong(edges, 0, 0));
        for (const [index, key] of (cycle ?? []).slice(1).entries())
          expect(edges[Number(cycle?.[index])]).toContain(Number(key));
      }),
      { numRuns: 500 },
    );
  });

  it("is looked for without exhausting the stack", () => {
    expect(findPrerequisiteCycle("0", (key) => (Number(key) < 5000 ? [String(Number(key) + 1)] : []))).toBeUndefined();
  });
});
