import type { FlagConfig, JsonObject } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { Around } from "./patch-config.ts";
import { patchConfig } from "./patch-config.ts";
import type { ConfigRecord, Decision } from "./records.ts";
import type { Refusal } from "./problems.ts";
import { booleanFlag, record } from "./testing/records.ts";

const flag = booleanFlag("checkout");
const clause = { attribute: "plan", op: "equals", values: ["pro"], negate: false } as const;
const inSegment = (...values: string[]) =>
  ({ attribute: "targetingKey", op: "inSegment", values, negate: false }) as const;
const rule = (id: string, ...clauses: FlagConfig["rules"][number]["clauses"]) => ({
  id,
  clauses,
  serve: { variant: "on" },
});
const before = record(flag, {
  targets: { u1: "on", u2: "off" },
  rules: [rule("r1", clause)],
  fallthrough: { percentage: 25 },
  leaseMs: 25_000,
});

/** Flags beside it, by key, with the keys of their prerequisites. */
function around(others: { readonly [key: string]: readonly string[] } = {}, segments: readonly string[] = []): Around {
  const records = Object.entries(others).map(([key, flags]): ConfigRecord =>
    record(booleanFlag(key), { prerequisites: flags.map((one) => ({ flag: one, variants: ["on"] })) }),
  );
  return { definition: flag, others: () => records, segments: () => segments };
}

const patch = (fields: JsonObject, place: Around = around(), ifRevision?: number): Decision<FlagConfig, Refusal> =>
  patchConfig(before, place, { patch: fields, ...(ifRevision === undefined ? {} : { ifRevision }) });

function written(decision: Decision<FlagConfig, Refusal>): FlagConfig {
  if (decision.kind !== "write") throw new Error(`it should have been written: ${JSON.stringify(decision)}`);
  return decision.next;
}

function refused(decision: Decision<FlagConfig, Refusal>): Refusal {
  if (decision.kind !== "refuse") throw new Error(`it should have been refused: ${JSON.stringify(decision)}`);
  return decision.problem;
}

describe("a patch", () => {
  it("replaces the fields that it has, and leaves the others alone", () => {
    expect(written(patch({ clientVisible: true, rules: [] }))).toEqual({
      ...before.config,
      clientVisible: true,
      rules: [],
    });
  });

  it("adds, changes and takes out targets one by one", () => {
    expect(written(patch({ targets: { u2: "on", u3: "on", u1: null } })).targets).toEqual({ u2: "on", u3: "on" });
  });

  it("sets a field back to its default with null", () => {
    const next = written(patch({ leaseMs: null, targets: null, salt: null, fallthrough: null }));
    expect(next).toEqual({ ...record(flag).config, rules: before.config.rules });
    expect(next).not.toHaveProperty("leaseMs");
  });

  it("replaces a fallthrough of one kind by one of another, instead of mixing them", () => {
    expect(written(patch({ fallthrough: { variant: "on" } })).fallthrough).toEqual({ variant: "on" });
  });

  it("fills in what a clause may leave out", () => {
    const next = written(
      patch({
        rules: [{ id: "r", clauses: [{ attribute: "plan", op: "equals", values: ["pro"] }], serve: { percentage: 5 } }],
      }),
    );
    expect(next.rules[0]?.clauses[0]?.negate).toBe(false);
  });

  it("that changes nothing is kept", () => {
    expect(patch({})).toEqual({ kind: "keep" });
    expect(patch({ fallthrough: { percentage: 25 }, targets: { u1: "on", nobody: null } })).toEqual({ kind: "keep" });
    const { negate: _, ...shorter } = clause;
    expect(patch({ rules: [{ ...rule("r1"), clauses: [shorter] }] })).toEqual({
      kind: "keep",
    });
  });

  it("treats ids that are special to JavaScript as ids", () => {
    const fields = JSON.parse('{"targets":{"__proto__":"on","constructor":"on"}}') as JsonObject;
    expect(Object.keys(written(patch(fields)).targets).toSorted()).toEqual(["__proto__", "constructor", "u1", "u2"]);
    expect({}).not.toHaveProperty("on");
  });
});

describe("a patch is refused", () => {
  it("for every field that doesn't exist, with the one that was meant", () => {
    const problem = refused(patch({ enabeld: true, percentage: 5, "a/b~": 1 }));
    expect(problem.code).toBe("INVALID_BODY");
    expect(problem.errors?.map((error) => error.pointer)).toEqual(["/enabeld", "/percentage", "/a~1b~0"]);
    expect(problem.errors?.[0]?.detail).toContain("did you mean enabled?");
    expect(problem.detail).toContain("and 2 more");
  });

  it("for every value that is wrong, at once", () => {
    const problem = refused(
      patch({ enabled: "yes", fallthrough: { percentage: 101 }, targets: { u9: "maybe" }, rules: "all" }),
    );
    expect(problem.code).toBe("INVALID_BODY");
    expect(problem.errors?.map((error) => error.pointer).toSorted()).toEqual([
      "/enabled",
      "/fallthrough/percentage",
      "/rules",
      "/targets/u9",
    ]);
  });

  it.each([
    [{ targets: "u1" }],
    [{ targets: ["u1"] }],
    [{ prerequisites: 5 }],
    [{ leaseMs: -1 }],
    [{ offVariant: "on" }],
  ])("for %j", (fields) => {
    expect(refused(patch(fields)).code).toBe("INVALID_BODY");
  });

  it("for a typing error inside a rule, which would turn it round", () => {
    const problem = refused(
      patch({ rules: [{ id: "r", clauses: [{ ...clause, negated: true }], serve: { variant: "on" } }] }),
    );
    expect(problem.errors?.[0]?.pointer).toBe("/rules/0/clauses/0/negated");
  });

  it("for a pattern that the regular expression engine refuses", () => {
    const regex = (): never => {
      throw new Error("missing )");
    };
    const rules = [
      rule("r", { attribute: "plan", op: "matches", values: ["("], negate: false }),
    ] as unknown as JsonObject[];
    const decision = patchConfig(before, around(), { patch: { rules }, regex });
    expect(refused(decision).errors?.[0]?.pointer).toBe("/rules/0/clauses/0/values/0");
  });

  it("for a prerequisite that doesn't exist, with the nearest that do", () => {
    const problem = refused(
      patch({ prerequisites: [{ flag: "paymets", variants: ["on"] }] }, around({ payments: [] })),
    );
    expect(problem).toMatchObject({ code: "INVALID_BODY", errors: [{ pointer: "/prerequisites/0/flag" }] });
    expect(problem.errors?.[0]?.detail).toContain('did you mean "payments"?');
  });

  it("for prerequisites that lead back to the flag, with the whole circle", () => {
    const place = around({ a: ["b"], b: ["checkout"] });
    const problem = refused(patch({ prerequisites: [{ flag: "a", variants: ["on"] }] }, place));
    expect(problem).toMatchObject({
      code: "PREREQUISITE_CYCLE",
      detail: expect.stringContaining("checkout → a → b → checkout"),
    });
  });

  it("for itself as a prerequisite", () => {
    expect(refused(patch({ prerequisites: [{ flag: "checkout", variants: ["on"] }] })).code).toBe("INVALID_BODY");
  });

  it("for a segment that doesn't exist, at the place that names it", () => {
    const rules = [rule("r1", clause), rule("r2", clause, inSegment("beta", "alpa"))] as unknown as JsonObject[];
    const problem = refused(patch({ rules }, around({}, ["alpha", "beta"])));
    expect(problem.errors).toEqual([
      {
        pointer: "/rules/1/clauses/1/values/1",
        detail: 'names the segment "alpa", which does not exist; did you mean "alpha"?',
      },
    ]);
    expect(written(patch({ rules }, around({}, ["alpa", "beta"]))).rules).toHaveLength(2);
  });
});

describe("a patch of a revision that is not the present one", () => {
  it("conflicts, with what is there and where the change differs from it", () => {
    const problem = refused(
      patch({ fallthrough: { percentage: 50 }, targets: { "a/b": "on", u1: "on" }, clientVisible: false }, around(), 6),
    );
    expect(problem).toMatchObject({
      code: "REVISION_CONFLICT",
      current: { revision: 7, fallthrough: { percentage: 25 } },
    });
    expect(problem.differences).toEqual([
      { pointer: "/targets/a~1b", yours: "on", current: null },
      { pointer: "/fallthrough/percentage", yours: 50, current: 25 },
    ]);
    expect(problem.detail).toBe('"checkout" in production is at revision 7, not at 6: token:t1 changed it.');
    expect(problem.hint).toContain('If-Match: "7"');
  });

  it("conflicts even when it would change nothing: what was read is out of date", () => {
    expect(refused(patch({}, around(), 6))).toMatchObject({ code: "REVISION_CONFLICT", differences: [] });
  });

  it("is written when it is the present one", () => {
    expect(written(patch({ fallthrough: { percentage: 50 } }, around(), 7)).fallthrough).toEqual({ percentage: 50 });
  });
});
