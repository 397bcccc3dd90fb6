import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlagConfig, User } from "../model/flag.ts";
import { Ruleset } from "../ruleset/ruleset.ts";
import { aFlag, aSegment, aSnapshot } from "../ruleset/testing/frames.ts";

function rulesetOf(flags: Readonly<Record<string, Partial<FlagConfig>>>): Ruleset {
  const ruleset = new Ruleset({ silenceMs: () => 1000 });
  const segments = [
    aSegment("staff", {
      included: ["ann"],
      rules: [{ clauses: [{ attribute: "plan", op: "equals", values: ["pro"], negate: false }] }],
    }),
  ];
  ruleset.replace(aSnapshot({ flags: Object.entries(flags).map(([key, config]) => aFlag(key, config)), segments }));
  return ruleset;
}

const percentage = fc.integer({ min: 0, max: 100_000 }).map((thousandths) => thousandths / 1000);
const id = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1 }),
  fc.nat().map((n) => `user-${n}`),
);

describe("a ramp", () => {
  it("up never removes a user, and down never adds one", () => {
    fc.assert(
      fc.property(percentage, percentage, fc.array(id, { minLength: 1, maxLength: 50 }), (a, b, ids) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const share = (percentage: number) => ({ salt: "s", fallthrough: { percentage } });
        const ruleset = rulesetOf({ low: share(low), high: share(high) });
        for (const id of ids)
          if (ruleset.isEnabled("low", id, false)) expect(ruleset.isEnabled("high", id, false)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("of a split's first share only ever adds users to it", () => {
    const split = (first: number) => ({
      salt: "s",
      fallthrough: {
        split: [
          { variant: "on", percentage: first },
          { variant: "off", percentage: (100_000 - Math.round(first * 1000)) / 1000 },
        ],
      },
    });
    fc.assert(
      fc.property(percentage, percentage, id, (a, b, id) => {
        const ruleset = rulesetOf({ low: split(Math.min(a, b)), high: split(Math.max(a, b)) });
        if (ruleset.isEnabled("low", id, false)) expect(ruleset.isEnabled("high", id, false)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("gives each share its part of a hundred thousand users, within six deviations", () => {
    const shares = [0.05, 1, 5, 25, 50, 75, 99.5];
    const ruleset = rulesetOf(
      Object.fromEntries(shares.map((percentage) => [`at-${percentage}`, { fallthrough: { percentage } }])),
    );
    const users = Array.from({ length: 100_000 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`);
    for (const share of shares) {
      const on = users.filter((user) => ruleset.isEnabled(`at-${share}`, user, false)).length;
      const [expected, deviation] = [share * 1000, Math.sqrt(share * 1000 * (1 - share / 100))];
      expect(Math.abs(on - expected), `${share} %: ${on}`).toBeLessThan(6 * deviation);
    }
  });
});

describe("evaluation", () => {
  const clause = (
    attribute: string,
    op: "equals" | "semverLessThan" | "inCidr" | "before" | "contains",
    value: string,
  ) => ({ attribute, op, values: [value], negate: false }) as const;
  const rules = [
    clause("plan", "equals", "pro"),
    clause("/a/b", "contains", "x"),
    clause("v", "semverLessThan", "1.0.0"),
    clause("ip", "inCidr", "10.0.0.0/8"),
    clause("at", "before", "2026-01-01"),
    { ...clause("constructor", "equals", "x"), negate: true },
    { attribute: "", op: "inSegment" as const, values: ["staff"], negate: false },
  ].map((each, index) => ({ id: `r${index}`, clauses: [each], serve: { percentage: 50 } }));
  const configs: Readonly<Record<string, Partial<FlagConfig>>> = {
    zero: { fallthrough: { percentage: 0 } },
    half: { fallthrough: { percentage: 50 } },
    salted: { salt: "s", fallthrough: { percentage: 100 } },
    mixed: { rules: rules.slice(0, 2), fallthrough: { percentage: 0 } },
    threefold: {
      fallthrough: {
        split: [
          { variant: "on", percentage: 20 },
          { variant: "off", percentage: 30 },
          { variant: "on", percentage: 50 },
        ],
      },
    },
    hundred: { fallthrough: { percentage: 100 } },
    ruled: { rules, targets: { ann: "on" }, fallthrough: { percentage: 10 } },
    nested: { bucketBy: "/a/b", fallthrough: { percentage: 50 } },
    leased: { leaseMs: 2000, fallthrough: { percentage: 50 } },
    stale: { leaseMs: 500, fallthrough: { percentage: 100 } },
    needy: { prerequisites: [{ flag: "half", variants: ["on"] }], fallthrough: { percentage: 100 } },
    cyclic: { prerequisites: [{ flag: "cyclic", variants: ["on"] }], fallthrough: { percentage: 100 } },
    killed: { enabled: false, rules, fallthrough: { percentage: 100 } },
  };
  const ruleset = rulesetOf(configs);
  const boom = () => {
    throw new Error("boom");
  };
  const withGetter = (name: string, get: () => unknown, rest: object = {}) =>
    Object.defineProperty({ ...rest }, name, { get });
  /** Makers of users, as fast-check itself stumbles over such values. */
  const hostile = fc.constantFrom<() => unknown>(
    () => Symbol("s"),
    () => boom,
    () => new Proxy({}, { get: boom, has: boom, ownKeys: boom }),
    () => withGetter("targetingKey", boom),
    () => withGetter("id", boom),
    () => withGetter("plan", boom, { id: "u" }),
    () => withGetter("plan", () => Promise.reject(boom).catch(() => 0), { id: "u" }),
    () => withGetter("message", boom, new Proxy({ id: "u" }, { get: () => new Proxy({}, { get: boom }) })),
    () => ({ id: { toString: boom } }),
    () => ({ id: "u", plan: new Proxy([], { get: boom }) }),
    () => Object.create(null) as unknown,
    () => new Map([["id", "u"]]),
    () => 10n,
    () => Number.NaN,
  );
  const attribute = fc.oneof(
    fc.anything(),
    fc.constantFrom("pro", "1.2.3", "10.1.1.1", "2025-01-01", ["x"], { b: "x" }),
  );
  const object = fc.record(
    {
      id: fc.anything(),
      targetingKey: fc.anything(),
      plan: attribute,
      a: attribute,
      v: attribute,
      ip: attribute,
      at: attribute,
    },
    { requiredKeys: [] },
  );
  const user = fc.oneof(
    hostile,
    fc.oneof(object, fc.anything(), fc.string()).map((value) => () => value),
  ) as fc.Arbitrary<() => User>;
  const flag = fc.oneof(fc.constantFrom(...Object.keys(configs)), fc.anything()) as fc.Arbitrary<string>;

  it("never throws, whatever it is given, and answers with what the flag has or with the default", () => {
    fc.assert(
      fc.property(flag, user, fc.anything(), (flag, makeUser, defaultValue) => {
        const user = makeUser();
        const details = ruleset.evaluate(flag, user, defaultValue as never);
        if (details.reason === "ERROR") expect(details.value).toBe(defaultValue);
        else expect(typeof details.value).toBe("boolean");
        expect(typeof ruleset.explain(flag, user).details.flagKey).toBe("string");
        expect(typeof ruleset.isOn(flag, user)).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  it("is the same by the fast path as by the walk with details, with and without a seed", () => {
    fc.assert(
      fc.property(flag, user, fc.boolean(), (flag, makeUser, defaultValue) => {
        const user = makeUser();
        const { value } = ruleset.evaluate(flag, user, defaultValue);
        expect(ruleset.isEnabled(flag, user, defaultValue)).toBe(value);
        expect(rulesetOf(configs).isEnabled(flag, user, defaultValue)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["zero", "killed", "stale"])("of a flag that is off (%s) is off for any user, readable or not", (flag) => {
    fc.assert(
      fc.property(user, (makeUser) => {
        const user = makeUser();
        expect(ruleset.isEnabled(flag, user, true)).toBe(false);
        expect(ruleset.evaluate(flag, user, true).value).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("says that a user could not be read, and why", () => {
    const user = {
      id: "u",
      get plan() {
        return boom();
      },
    };
    expect(ruleset.evaluate("ruled", user, true)).toMatchObject({
      value: true,
      errorCode: "GENERAL",
      errorMessage: "the user could not be read: boom",
    });
  });

  it("says so whatever was thrown", () => {
    const thrown = [
      undefined,
      null,
      5,
      Symbol("s"),
      { message: { toString: boom } },
      Object.assign(new Error("x"), { message: { toString: boom } }),
      new Proxy({}, { get: boom, getPrototypeOf: boom }),
    ];
    for (const value of thrown) {
      const user = withGetter(
        "plan",
        () => {
          throw value;
        },
        { id: "u" },
      ); // oxlint-disable-line only-throw-error
      expect(ruleset.evaluate("ruled", user as User, false)).toMatchObject({ value: false, errorCode: "GENERAL" });
    }
  });

  it("inside the evaluation of another flag doesn't disturb it", () => {
    const user = {
      id: "user-1",
      get plan() {
        ruleset.evaluate("half", "user-2", false);
        return ruleset.isEnabled("hundred", "x", false) ? "pro" : "free";
      },
    };
    expect(ruleset.evaluate("ruled", user, false)).toEqual(
      ruleset.evaluate("ruled", { id: "user-1", plan: "pro" }, false),
    );
  });
});

describe("prerequisites", () => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, n) => [
        `f${n}`,
        n === 0
          ? { fallthrough: { percentage: 100 } }
          : { prerequisites: [{ flag: `f${n - 1}`, variants: ["on"] }], fallthrough: { percentage: 100 } },
      ]),
    );

  it("may form a chain, up to a bound that keeps an evaluation short", () => {
    const ruleset = rulesetOf(chain(1200));
    expect([ruleset.isEnabled("f999", "u", false), ruleset.isEnabled("f1000", "u", true)]).toEqual([true, false]);
  });

  it("can't exhaust the stack by their number", () => {
    expect(rulesetOf(chain(50_000)).isEnabled("f49999", "u", true)).toBe(false);
  });

  it("that branch and meet again can't make an evaluation take for ever", () => {
    const layer = (n: number) =>
      ["a", "b"].map((side) => [
        `${side}${n}`,
        {
          prerequisites: n === 0 ? [] : ["a", "b"].map((below) => ({ flag: `${below}${n - 1}`, variants: ["on"] })),
          fallthrough: { percentage: 100 },
        },
      ]);
    const ruleset = rulesetOf(
      Object.fromEntries(Array.from({ length: 60 }, (_, n) => layer(n)).flat()) as Readonly<
        Record<string, Partial<FlagConfig>>
      >,
    );
    expect([ruleset.isEnabled("a5", "u", false), ruleset.isEnabled("a59", "u", true)]).toEqual([true, false]);
    expect(ruleset.problems().some((problem) => problem.key === "a59")).toBe(true);
  });
});
