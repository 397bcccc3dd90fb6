import { describe, expect, it } from "vitest";
import { comparisonLine, ratioText } from "./comparison-line.ts";
import type { ComparisonPoint, TestResult } from "./comparison.ts";

const FAILURES: ComparisonPoint = {
  at: 0,
  of: "failures",
  unit: "ratio",
  ratio: 9.86,
  low: 1.5422,
  high: 49.35,
  on: { users: 200, failing: 7, failingLately: 7, failures: 1, rate: 0.05 },
  off: { users: 4000, failing: 13, failingLately: 13, failures: 14, rate: 0.00512 },
};
const fast = (evidence: number): TestResult => ({ evidence, needed: 400, isAlarm: evidence >= 400, layer: "fast" });

describe("a comparison in one line", () => {
  it("gives users, odds, evidence, control and requests", () => {
    expect(comparisonLine("errors", 5, { point: FAILURES, tests: { a: fast(743.2) } })).toBe(
      "errors: 7 users with failures in the 5 % vs 13 in control · odds ×9.9 (99 %: ×1.5–×49) · evidence 743, needed 400 · control at 0.51% · 1 failed request",
    );
  });

  it("tells what has only begun from what a whole epoch brought", () => {
    const on = { ...FAILURES.on, failing: 176, failingLately: 29 };
    const off = { ...FAILURES.off, failing: 151, failingLately: 3 };
    expect(comparisonLine("errors", 50, { point: { ...FAILURES, on, off }, tests: {} })).toContain(
      "176 users with failures in the 50 % vs 151 in control (29 vs 3 in the last half minute)",
    );
  });

  it("is about the test that is furthest, unless it is told which", () => {
    const tests = {
      a: fast(2),
      b: fast(90),
      c: { evidence: 1.2, needed: 4.1, isAlarm: false, layer: "slow" as const },
    };
    expect(comparisonLine("errors", 5, { point: FAILURES, tests: { a: tests.a, b: tests.b } })).toContain(
      "evidence 90",
    );
    expect(comparisonLine("errors", 5, { point: FAILURES, tests }, tests.a)).toContain("evidence 2, needed 400");
    expect(comparisonLine("errors", 5, { point: FAILURES, tests }, tests.c)).toContain(
      "z 1.2 over the sums, needed 4.1",
    );
  });

  it("leaves out what is not known, and does not print digits that nobody reads", () => {
    const { low: _, high: __, ...point } = FAILURES;
    const bare = { ...point, ratio: 64, high: 49.35, off: { users: 40, failing: 0, failingLately: 0, failures: 0 } };
    expect(comparisonLine("errors", 0.5, { point: bare, tests: { a: fast(1e250) } })).toBe(
      "errors: 7 users with failures in the 0.5 % vs 0 in control · odds ×64 or more (99 %: at most ×49) · evidence over a million, needed 400 · 1 failed request",
    );
    expect(comparisonLine("errors", 5, { tests: {} })).toBe("errors: nobody was seen yet");
  });

  it("shows both cohorts' 95th percentile of a time, in the metric's unit", () => {
    const point: ComparisonPoint = {
      at: 0,
      of: "values",
      unit: "seconds",
      ratio: 1.52,
      on: { users: 120, failing: 0, failingLately: 0, failures: 0, rate: 0.7344 },
      off: { users: 2300, failing: 0, failingLately: 0, failures: 0, rate: 0.4811 },
    };
    expect(comparisonLine("slow", 5, { point, tests: { a: fast(12) } })).toBe(
      "slow: p95 730ms of 120 users in the 5 % vs 480ms of 2300 in control · takes ×1.5 · evidence 12, needed 400",
    );
  });

  it("writes ratios with two digits", () => {
    expect([1, 1.25, 0.0625, 12.345].map(ratioText)).toEqual(["×1", "×1.3", "×0.063", "×12"]);
  });
});
