import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { planOf } from "./testing/plan.ts";
import { SAMPLE } from "./testing/sample.ts";

const DIGEST = planOf(SAMPLE).digest;

/** The same value with the fields of every mapping turned round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, turned(inner)])
      .toReversed(),
  );
}

describe("a plan's digest", () => {
  it("is a SHA-256", () => {
    expect(DIGEST).toMatch(/^[0-9a-f]{64}$/);
  });

  it("stays the same whatever the text looks like", () => {
    const document: unknown = parse(SAMPLE);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 160 }),
        fc.boolean(),
        fc.boolean(),
        (indent, lineWidth, isTurned, isSingle) => {
          const text = stringify(isTurned ? turned(document) : document, {
            indent,
            lineWidth,
            singleQuote: isSingle,
            defaultStringType: isSingle ? "QUOTE_SINGLE" : "PLAIN",
          });
          expect(planOf(`# A comment\n${text}# and another\n`).digest).toBe(DIGEST);
        },
      ),
      { numRuns: 40 },
    );
    expect(planOf(JSON.stringify(document, undefined, 2)).digest).toBe(DIGEST);
  });

  it.each([
    ["percentage: 25", "percentage: 26"],
    ["for: 15m", "for: 14m"],
    ['title: "Phase 9: production canary"', 'title: "Phase 9"'],
    ["engineering-lead", "engineering-leads"],
    ["[oncall-pagerduty, eng-slack]", "[eng-slack, oncall-pagerduty]"],
  ])("changes with %s → %s", (before, after) => {
    expect(planOf(SAMPLE.replace(before, after)).digest).not.toBe(DIGEST);
  });
});
