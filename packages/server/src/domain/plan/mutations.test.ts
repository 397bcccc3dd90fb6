import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { parsePlan } from "./parse.ts";
import type { PlanProblem } from "./problem.ts";
import { SAMPLE } from "./testing/sample.ts";

/** Signs that mean something in YAML, in conditions or in JSON pointers, and some that mean nothing. */
const SIGNS = [
  "",
  " ",
  "\n",
  "\t",
  ":",
  ": ",
  "- ",
  "#",
  "{",
  "}",
  "[",
  "]",
  ",",
  '"',
  "'",
  "&a",
  "*a",
  "!t",
  "|",
  ">",
  "%",
  "@",
  "`",
  "\\",
  "~",
  "/",
  "${",
  "\u0000",
  "\uD800",
  "é",
  "0",
  "-1",
  "1e999",
  "null",
  ".nan",
  "<<: *a",
  "---\n",
  "? ",
  "\r\n",
  "\uFEFF",
  "\r",
  "\u0085",
  "\u2028",
  "\f",
  "\u0002",
  "\u001F",
];

const edit = fc.tuple(fc.nat({ max: SAMPLE.length }), fc.nat({ max: 30 }), fc.constantFrom(...SIGNS));

const anything = fc.oneof(
  fc.constantFrom(
    "",
    "x",
    "5%",
    "10s",
    "p95 < 5s",
    "baseline",
    null,
    true,
    0,
    -1,
    1e21,
    [],
    {},
    [[]],
    { item: "x" },
    "constructor",
    "__proto__",
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** The document with the value at one place replaced by another. */
function replaced(value: unknown, steps: readonly number[], other: unknown): unknown {
  if (value === null || typeof value !== "object") return other;
  const [step, ...rest] = steps;
  const keys = Object.keys(value);
  if (step === undefined || keys.length === 0) return other;
  const key = keys[step % keys.length] ?? "";
  const copy: { [key: string]: unknown } = { ...value };
  copy[key] = replaced(copy[key], rest, other);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

function expectInRange(text: string, problems: readonly PlanProblem[]): void {
  const lines = text.split("\n");
  expect(problems.length).toBeGreaterThan(0);
  for (const { line, column, endColumn, message, hint } of problems) {
    expect(message).not.toBe("");
    expect(hint).not.toBe("");
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    const length = lines[line - 1]?.length ?? 0;
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(length + 1);
    expect(endColumn).toBeGreaterThanOrEqual(column);
    expect(endColumn).toBeLessThanOrEqual(length + 1);
  }
}

describe("whatever becomes of a plan's text", () => {
  it("it parses, or its problems lie within it", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = SAMPLE;
        for (const [at, count, sign] of edits) text = text.slice(0, at) + sign + text.slice(at + count);
        const result = parsePlan(text);
        if (!result.ok) expectInRange(text, result.problems);
      }),
      { numRuns: 400 },
    );
  });

  it("the same goes for texts that are no plan at all", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(...SAMPLE.split("\n")),
      fc.constantFrom(...SIGNS),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join("\n");
        const result = parsePlan(text);
        if (!result.ok) expectInRange(text, result.problems);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    "  metrics:\n>\n\n--- ",
    "    - { check: 1 }\n|\n      triggers: [{ name: errors, for: 5m, action: rollback }]\n---\n",
    "a: |\r\n\r\n---\r\nb",
  ])("a second document after a block scalar that is cut short is told at its own line: %j", (text) => {
    const result = parsePlan(text);
    const problems = result.ok ? [] : result.problems;
    expectInRange(text, problems);
    const line = text.split("\n").findIndex((one) => one.startsWith("---")) + 1;
    expect(problems).toMatchObject([{ line, column: 1, message: "the file holds several documents" }]);
  });

  it("half a character in a key is a mistake like one in a text", () => {
    const text = SAMPLE.replace(
      "expect: { status: 200 }",
      String.raw`expect: { body: { pointer: /a, equals: { "\uD800": 1 } } }`,
    );
    const result = parsePlan(text);
    expect(result.ok ? "" : result.problems[0]?.message).toMatch(/half of a character/);
  });

  it("the same goes for values of the wrong kind in any place", () => {
    const document: unknown = parse(SAMPLE);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 7 }), anything, (steps, other) => {
        const text = stringify(replaced(document, steps, other));
        const result = parsePlan(text);
        if (!result.ok) expectInRange(text, result.problems);
      }),
      { numRuns: 400 },
    );
  });
});
