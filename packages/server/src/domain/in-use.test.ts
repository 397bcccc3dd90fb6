import { describe, expect, it } from "vitest";
import { flagInUse, segmentInUse } from "./in-use.ts";
import { booleanFlag, record } from "./testing/records.ts";

const needs = (key: string, flag: string) => record(booleanFlag(key), { prerequisites: [{ flag, variants: ["on"] }] });
const names = (key: string, ...values: string[]) =>
  record(booleanFlag(key), {
    rules: [
      {
        id: "r",
        clauses: [{ attribute: "targetingKey", op: "inSegment", values, negate: true }],
        serve: { variant: "on" },
      },
    ],
  });

describe("what is in use", () => {
  it("is a flag that another one has for a prerequisite", () => {
    expect(flagInUse("a", [needs("b", "a"), needs("c", "b")])).toEqual({
      code: "IN_USE",
      detail: 'The flag "a" can\'t be deleted: b (production) relies on it.',
      hint: "Take it out of their prerequisites first.",
    });
    expect(flagInUse("a", [needs("b", "c"), record(booleanFlag("a"))])).toBeUndefined();
  });

  it("is a segment that a rule names", () => {
    expect(segmentInUse("beta", [names("a", "alpha", "beta")])?.detail).toContain("a (production)");
    expect(segmentInUse("beta", [names("a", "alpha")])).toBeUndefined();
  });

  it("is told with five names at most", () => {
    const many = Array.from({ length: 8 }, (_, index) => needs(`flag-${index}`, "a"));
    expect(flagInUse("a", many)?.detail).toMatch(/flag-4 \(production\) and 3 more rely on it\.$/);
  });

  it("is not a segment of which a clause only has the name as a value", () => {
    const rules = [
      {
        id: "r",
        clauses: [{ attribute: "group", op: "equals", values: ["beta"], negate: false } as const],
        serve: { variant: "on" },
      },
    ];
    expect(segmentInUse("beta", [record(booleanFlag("a"), { rules })])).toBeUndefined();
  });
});
