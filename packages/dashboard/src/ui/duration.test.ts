import { describe, expect, it } from "vitest";
import { age, duration, seconds } from "./duration.ts";

describe("a duration in words", () => {
  it.each([
    [-5, "0s"],
    [0, "0s"],
    [340.4, "340ms"],
    [1000, "1s"],
    [59_999, "59s"],
    [80_000, "1m20s"],
    [3_600_000, "1h"],
    [3_605_000, "1h"],
    [90_061_000, "1d1h"],
  ])("%d ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it.each([
    [-5, "0s"],
    [432, "0s"],
    [1999, "1s"],
  ])("%d ms of something that is watched is %s", (ms, words) => {
    expect(seconds(ms)).toBe(words);
  });

  it.each([
    [12_300, "12s"],
    [80_000, "1m"],
    [3_599_999, "59m"],
    [4_800_000, "1h20m"],
    [90_061_000, "1d"],
  ])("an age of %d ms is %s", (ms, words) => {
    expect(age(ms)).toBe(words);
  });
});
