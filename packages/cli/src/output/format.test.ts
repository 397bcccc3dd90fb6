import { describe, expect, it } from "vitest";
import { ago, moment, plural } from "./format.ts";

const NOW = Date.parse("2026-01-05T12:00:00.000Z");

describe("time for people", () => {
  it.each([
    ["2026-01-05T12:00:00.000Z", "now"],
    ["2026-01-05T11:59:48.000Z", "12 s ago"],
    ["2026-01-05T11:57:00.000Z", "3 min ago"],
    ["2026-01-05T10:00:00.000Z", "2 h ago"],
    ["2025-12-31T12:00:00.000Z", "5 d ago"],
    ["2026-01-08T12:00:00.000Z", "in 3 d"],
  ])("%s is %s", (instant, text) => {
    expect(ago(instant, NOW)).toBe(text);
  });

  it("gives back what it can't read", () => {
    expect(ago("soon", NOW)).toBe("soon");
    expect(moment("soon")).toBe("soon");
  });

  it("is UTC to the second", () => {
    expect(moment("2026-01-05T12:00:00.123+01:00")).toBe("2026-01-05 11:00:00");
  });
});

it("counts in words", () => {
  expect([plural(1, "rule"), plural(2, "rule"), plural(1200, "target")]).toEqual([
    "1 rule",
    "2 rules",
    "1,200 targets",
  ]);
});
