import { measure } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { bar, elapsed, length } from "./measure.ts";

describe("a length of time", () => {
  it.each([
    [0, "0s"],
    [-5, "0s"],
    [620, "620ms"],
    [9000, "9s"],
    [80_000, "1m20s"],
    [3_600_000, "1h"],
    [67_320_000, "18h42m"],
    [172_800_000, "48h"],
    [172_801_000, "2d"],
    [183_600_000, "2d3h"],
    [518_400_000, "6d"],
  ])("of %d ms is %s, to its two largest units", (ms, text) => {
    expect(length(ms)).toBe(text);
  });

  it("counts up in whole seconds where it is redrawn", () => {
    expect([elapsed(620), elapsed(1999), elapsed(80_500)]).toEqual(["0s", "1s", "1m20s"]);
  });
});

it.each([
  [0.002, "ratio", "0.2%"],
  [0.061234, "ratio", "6.123%"],
  [99.9, "percent", "99.9%"],
  [0.48, "seconds", "480ms"],
  [1.2, "seconds", "1.2s"],
  [0, "seconds", "0s"],
  [480, "milliseconds", "480ms"],
  [120, "count", "120"],
] as const)("%d of the unit %s is %s", (value, unit, text) => {
  expect(measure(value, unit)).toBe(text);
});

describe("a bar", () => {
  it("is filled to an eighth of a column, and always as wide", () => {
    expect(bar(0, 4)).toEqual({ filled: "", empty: "░░░░" });
    expect(bar(0.5, 4)).toEqual({ filled: "██", empty: "░░" });
    expect(bar(0.53125, 4)).toEqual({ filled: "██▏", empty: "░" });
    expect(bar(1, 4)).toEqual({ filled: "████", empty: "" });
  });

  it("never leaves its bounds", () => {
    expect(bar(7, 3).filled).toBe("███");
    expect(bar(-1, 3).empty).toBe("░░░");
  });
});
