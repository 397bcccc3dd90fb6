import { describe, expect, it } from "vitest";
import { parseSnapshot } from "../wire/parse.ts";
import { encodeSnapshot } from "../wire/encode.ts";
import { digestOf } from "./digest.ts";
import { Ruleset } from "./ruleset.ts";
import { aDelta, aFlag, aSegment, aSnapshot } from "./testing/frames.ts";

const on = { fallthrough: { percentage: 100 } };
const off = { fallthrough: { percentage: 0 } };
const inStaff = { attribute: "targetingKey", op: "inSegment", values: ["staff"], negate: false } as const;
const staffOnly = { rules: [{ id: "staff", clauses: [inStaff], serve: { variant: "on" } }] };
const needs = (flag: string) => ({ prerequisites: [{ flag, variants: ["on"] }], fallthrough: { percentage: 100 } });

function rulesetWith(over: Parameters<typeof aSnapshot>[0]): Ruleset {
  const ruleset = new Ruleset();
  ruleset.replace(aSnapshot(over));
  return ruleset;
}

describe("a ruleset before its first snapshot", () => {
  it("gives defaults, says that it is not ready, and holds nothing", () => {
    const ruleset = new Ruleset();
    expect(ruleset.isEnabled("a", "ann", true)).toBe(true);
    expect(ruleset.evaluate("a", "ann", "x")).toMatchObject({
      value: "x",
      errorCode: "PROVIDER_NOT_READY",
      revision: 0,
    });
    expect([ruleset.epoch, ruleset.revision, ruleset.keys(), ruleset.digest]).toEqual([undefined, 0, [], "00000000"]);
    expect(ruleset.apply(aDelta({ from: 0, revision: 1 }))).toEqual({ kind: "gap" });
  });
});

describe("a snapshot", () => {
  it("replaces what was held, and names every flag that came, went or changed", () => {
    const ruleset = rulesetWith({ flags: [aFlag("same"), aFlag("changed"), aFlag("gone")] });
    const flags = [aFlag("same"), aFlag("changed", { ...on, revision: 2 }), aFlag("new", { revision: 2 })];
    expect([...ruleset.replace(aSnapshot({ revision: 2, flags }))].sort()).toEqual(["changed", "gone", "new"]);
    expect(ruleset.keys()).toEqual(["same", "changed", "new"]);
    expect(ruleset.isEnabled("changed", "ann", false)).toBe(true);
    expect(ruleset.has("gone")).toBe(false);
    expect([ruleset.environment, ruleset.epoch, ruleset.revision]).toEqual(["production", "e1", 2]);
  });

  it("of another epoch counts as new in everything, since equal revisions mean nothing there", () => {
    const ruleset = rulesetWith({ flags: [aFlag("a", off), aFlag("b")] });
    const restored = aSnapshot({ epoch: "e2", flags: [aFlag("a", on)] });
    expect([...ruleset.replace(restored)].sort()).toEqual(["a", "b"]);
    expect(ruleset.isEnabled("a", "ann", false)).toBe(true);
    expect(ruleset.digest).toBe(restored.digest);
  });

  it("keeps the last good flag in place of one that could not be read, but not across epochs", () => {
    const ruleset = rulesetWith({ flags: [aFlag("a", on)], segments: [aSegment("s")] });
    const unreadable = { flags: ["a"], segments: ["s"] };
    ruleset.replace(aSnapshot({ revision: 2, unreadable }));
    expect(ruleset.isEnabled("a", "ann", false)).toBe(true);
    ruleset.replace(aSnapshot({ epoch: "e2", unreadable }));
    expect(ruleset.has("a")).toBe(false);
  });

  it("comes back out as it went in, by way of JSON", () => {
    const flags = [
      aFlag("plain", { fallthrough: { percentage: 12.345 } }),
      aFlag("full", {
        enabled: false,
        targets: { ann: "on", __proto__x: "off" },
        rules: [
          {
            id: "r",
            clauses: [inStaff],
            serve: {
              split: [
                { variant: "off", percentage: 99.9 },
                { variant: "on", percentage: 0.1 },
              ],
            },
          },
        ],
        fallthrough: { variant: "on" },
        salt: "shared",
        bucketBy: "/company/id",
        prerequisites: [{ flag: "plain", variants: ["on"] }],
        leaseMs: 25_000,
        revision: 7,
      }),
      {
        ...aFlag("text"),
        type: "string" as const,
        variants: { a: "A", b: "B" },
        offVariant: "b",
        fallthrough: { variant: "a" },
      },
    ];
    const clauses = [{ attribute: "plan", op: "in", values: ["pro", 1, true], negate: true }] as const;
    const segments = [aSegment("staff", { included: ["ann"], excluded: ["bob"], rules: [{ clauses }], revision: 3 })];
    const snapshot = aSnapshot({ revision: 7, flags, segments });
    const ruleset = new Ruleset();
    ruleset.replace(snapshot);
    expect(ruleset.snapshot()).toEqual(snapshot);
    const parsed = parseSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(ruleset.snapshot()))));
    expect(parsed).toEqual({ ok: true, value: snapshot, skipped: [] });
  });
});

describe("a delta", () => {
  it("applies onto the revision that it builds on, with changes, additions and removals", () => {
    const ruleset = rulesetWith({ flags: [aFlag("a"), aFlag("b")] });
    const delta = aDelta({
      revision: 5,
      flags: [aFlag("a", { ...on, revision: 5 }), aFlag("c", { revision: 4 })],
      removedFlags: ["b"],
    });
    expect(ruleset.apply(delta)).toEqual({ kind: "applied", changed: ["a", "c", "b"] });
    expect([ruleset.revision, ruleset.isEnabled("a", "ann", false), ruleset.has("b"), ruleset.has("c")]).toEqual([
      5,
      true,
      false,
      true,
    ]);
    expect(ruleset.digest).toBe(
      digestOf(
        [
          { key: "a", revision: 5 },
          { key: "c", revision: 4 },
        ],
        [],
      ),
    );
  });

  it.each([
    ["a revision that is held already", { from: 1, revision: 3 }, "old"],
    ["an older revision", { from: 1, revision: 2 }, "old"],
    ["a revision after a missing one", { from: 4, revision: 5 }, "gap"],
    ["a start before what is held, but an end after it", { from: 2, revision: 4 }, "gap"],
    ["another epoch", { epoch: "e2", from: 3, revision: 4 }, "gap"],
    ["another epoch, looking old", { epoch: "e2", from: 1, revision: 2 }, "gap"],
  ])("with %s changes nothing", (_, over, kind) => {
    const ruleset = rulesetWith({ revision: 3, flags: [aFlag("a")] });
    const before = ruleset.snapshot();
    expect(
      ruleset.apply(aDelta({ ...over, flags: [aFlag("a", { ...on, revision: 9 })], removedFlags: ["a"] })),
    ).toEqual({ kind });
    expect(ruleset.snapshot()).toEqual(before);
  });

  it("that brings nothing still moves the revision", () => {
    const ruleset = rulesetWith({});
    expect(ruleset.apply(aDelta())).toEqual({ kind: "applied", changed: [] });
    expect(ruleset.revision).toBe(2);
  });

  it("changes a segment for the flags that use it, and names them", () => {
    const ruleset = rulesetWith({
      flags: [aFlag("a", staffOnly), aFlag("b"), aFlag("c", needs("a"))],
      segments: [aSegment("staff")],
    });
    expect(ruleset.isEnabled("a", "ann", true)).toBe(false);
    const delta = aDelta({ segments: [aSegment("staff", { included: ["ann"], revision: 2 })] });
    expect(ruleset.apply(delta)).toEqual({ kind: "applied", changed: ["a", "c"] });
    expect([ruleset.isEnabled("a", "ann", false), ruleset.isEnabled("c", "ann", false)]).toEqual([true, true]);
    expect(ruleset.apply(aDelta({ from: 2, revision: 3, removedSegments: ["staff"] }))).toEqual({
      kind: "applied",
      changed: ["a", "c"],
    });
    expect(ruleset.isEnabled("a", "ann", true)).toBe(false);
    expect(ruleset.snapshot().segments).toEqual([]);
  });

  it("names the flags that need a changed flag, over any number of steps", () => {
    const ruleset = rulesetWith({
      flags: [aFlag("c", needs("b")), aFlag("b", needs("a")), aFlag("a", off), aFlag("d")],
    });
    expect(ruleset.isEnabled("c", "ann", false)).toBe(false);
    const result = ruleset.apply(aDelta({ flags: [aFlag("a", { ...on, revision: 2 })] }));
    expect(result.kind === "applied" && [...result.changed].sort()).toEqual(["a", "b", "c"]);
    expect(ruleset.isEnabled("c", "ann", false)).toBe(true);
  });

  it("that closes a cycle turns off what leads into it, and one that opens it turns that on again", () => {
    const ruleset = rulesetWith({ flags: [aFlag("a", on), aFlag("b", needs("a"))] });
    expect(ruleset.isEnabled("b", "ann", false)).toBe(true);
    ruleset.apply(aDelta({ flags: [aFlag("a", { ...needs("b"), revision: 2 })] }));
    expect([ruleset.isEnabled("a", "ann", true), ruleset.isEnabled("b", "ann", true)]).toEqual([false, false]);
    expect(ruleset.problems().map((problem) => problem.key)).toEqual(["a", "b"]);
    ruleset.apply(aDelta({ from: 2, revision: 3, flags: [aFlag("a", { ...on, revision: 3 })] }));
    expect(ruleset.isEnabled("b", "ann", false)).toBe(true);
  });
});

describe("the lease", () => {
  it("asks for the silence only for flags that have one", () => {
    let asked = 0;
    const silenceMs = () => ++asked;
    const ruleset = new Ruleset({ silenceMs });
    ruleset.replace(
      aSnapshot({ flags: [aFlag("free", { ...on, ...staffOnly }), aFlag("leased", { ...on, leaseMs: 1000 })] }),
    );
    ruleset.isEnabled("free", "ann", false);
    ruleset.evaluate("free", "ann", false);
    expect(asked).toBe(0);
    expect(ruleset.isEnabled("leased", "ann", false)).toBe(true);
    expect(asked).toBe(1);
  });

  it("never runs out where nobody counts the silence", () => {
    expect(rulesetWith({ flags: [aFlag("leased", { ...on, leaseMs: 0 })] }).isEnabled("leased", "ann", false)).toBe(
      true,
    );
  });

  it("has a shortest one, when any flag has one", () => {
    expect(rulesetWith({ flags: [aFlag("a")] }).minLeaseMs).toBeUndefined();
    const flags = [
      aFlag("a"),
      aFlag("b", { leaseMs: 9000 }),
      aFlag("c", { leaseMs: 5000 }),
      aFlag("d", { leaseMs: 7000 }),
    ];
    expect(rulesetWith({ flags }).minLeaseMs).toBe(5000);
  });
});

describe("the cohort of a flag", () => {
  it("is who gets another variant than the off variant, without errors for anybody", () => {
    const half = aFlag("half", { fallthrough: { percentage: 50 } });
    const text = {
      ...aFlag("text", { targets: { ann: "b" } }),
      type: "string" as const,
      variants: { a: "A", b: "B" },
      offVariant: "a",
      fallthrough: { variant: "a" },
    };
    const ruleset = rulesetWith({ flags: [half, text] });
    for (let n = 0; n < 50; n++)
      expect(ruleset.isOn("half", `user-${n}`)).toBe(ruleset.isEnabled("half", `user-${n}`, false));
    expect([
      ruleset.isOn("text", "ann"),
      ruleset.isOn("text", "bob"),
      ruleset.isOn("half", {}),
      ruleset.isOn("gone", "ann"),
    ]).toEqual([true, false, false, false]);
  });
});

describe("an explanation", () => {
  it("tells what was asked in turn, down to the clause and the bucket", () => {
    const plan = { attribute: "plan", op: "in", values: ["pro", "team", "max", "ultra"], negate: true } as const;
    const rules = [
      { id: "not-paid", clauses: [plan], serve: { variant: "off" } },
      { id: "rest", clauses: [inStaff], serve: { percentage: 50 } },
    ];
    const flags = [aFlag("base", on), aFlag("a", { ...needs("base"), rules, leaseMs: 25_000 })];
    const ruleset = new Ruleset({ silenceMs: () => 400 });
    ruleset.replace(aSnapshot({ flags, segments: [aSegment("staff", { included: ["ann"] })] }));
    const { details, steps } = ruleset.explain("a", { id: "ann", plan: "pro" });
    expect(details).toEqual(ruleset.evaluate("a", { id: "ann", plan: "pro" }, false));
    expect(details).toMatchObject({ ruleId: "rest", reason: "SPLIT" });
    expect(steps).toEqual([
      { step: "lease", outcome: "holds: 400 ms without contact, 25000 ms allowed" },
      { step: "prerequisite base", outcome: "met: serves on; wanted is on" },
      { step: "rule not-paid", outcome: 'no match: plan not in "pro", "team", "max" and 1 more' },
      { step: "rule rest", outcome: "matches" },
      {
        step: "bucket",
        outcome: `${details.bucket}, which gets ${details.variant}; on is below bucket 50000 of 100,000`,
      },
    ]);
  });

  it("ends with the error where there is no answer", () => {
    const ruleset = rulesetWith({ flags: [aFlag("half", { fallthrough: { percentage: 50 } })] });
    const { details, steps } = ruleset.explain("half", {});
    expect(details.errorCode).toBe("TARGETING_KEY_MISSING");
    expect(steps.at(-1)).toEqual({ step: "error", outcome: details.errorMessage });
    expect(ruleset.explain("gone", "ann").steps).toEqual([
      { step: "error", outcome: "there is no such flag in production at revision 1" },
    ]);
  });
});

describe("problems", () => {
  const matches = { attribute: "email", op: "matches", values: ["("], negate: false } as const;
  const rules = [{ id: "r", clauses: [matches, inStaff], serve: { variant: "on" } }];

  it("name what can't be evaluated wholly, and why", () => {
    const ruleset = new Ruleset({
      regex: () => {
        throw new Error("missing closing )");
      },
    });
    ruleset.replace(
      aSnapshot({
        flags: [aFlag("a", { rules }), aFlag("b", needs("gone")), aFlag("c")],
        segments: [aSegment("s", { rules: [{ clauses: [matches] }] })],
      }),
    );
    expect(ruleset.problems()).toEqual([
      { key: "a", reason: 'rule r: email: "(" is not a regular expression: missing closing )' },
      { key: "a", reason: 'rule r: there is no segment "staff"' },
      { key: "b", reason: "its prerequisite gone is not there: it stays off" },
      { key: "s", reason: 'a rule: email: "(" is not a regular expression: missing closing )' },
    ]);
  });

  it("tell that a pattern needs an engine, without which its clause never holds", () => {
    const only = [{ id: "r", clauses: [{ ...matches, values: ["a"] }], serve: { variant: "on" } }];
    const ruleset = rulesetWith({ flags: [aFlag("a", { rules: only })] });
    expect(ruleset.isEnabled("a", { id: "u", email: "a" }, true)).toBe(false);
    expect(ruleset.problems()[0]?.reason).toContain("no regular expression engine");
  });
});

describe("what can't be shared by accident", () => {
  it("is the value of a JSON flag: it is frozen", () => {
    const parsed = parseSnapshot({
      ...aSnapshot(),
      flags: [
        { key: "j", revision: 1, type: "json", variants: { a: { deep: [{ n: 1 }] } }, fallthrough: { variant: "a" } },
      ],
    });
    if (!parsed.ok) throw new Error(parsed.reason);
    const ruleset = new Ruleset();
    ruleset.replace(parsed.value);
    const value = ruleset.evaluate("j", "ann", null).value as unknown as { deep: { n: number }[] };
    expect(() => Object.assign(value.deep[0] ?? {}, { n: 2 })).toThrow(TypeError);
    expect(() => value.deep.push({ n: 3 })).toThrow(TypeError);
    expect(ruleset.evaluate("j", "bob", null).value).toEqual({ deep: [{ n: 1 }] });
  });
});
