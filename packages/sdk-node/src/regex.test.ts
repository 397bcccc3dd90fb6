import { expect, it } from "vitest";
import { linearRegex } from "./regex.ts";

it("searches unanchored", () => {
  const matches = linearRegex("b+c");
  expect(matches("abbcd")).toBe(true);
  expect(matches("acd")).toBe(false);
});

it("takes linear time where a backtracking engine takes for ever", () => {
  const startedMs = performance.now();
  expect(linearRegex("^(a+)+$")(`${"a".repeat(40)}!`)).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

it("throws for a pattern that is none", () => {
  expect(() => linearRegex("(")).toThrow();
});
