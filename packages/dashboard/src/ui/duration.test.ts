import { describe, expect, it } from "vitest";
import { duration } from "./duration.ts";

describe("a duration in words", () => {
  it.each([
    [-5, "0 ms"],
    [0, "0 ms"],
    [340.4, "340 ms"],
    [1000, "1 s"],
    [59_999, "59 s"],
    [80_000, "1 m 20 s"],
    [3_600_000, "1 h"],
    [3_605_000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("%d ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});
