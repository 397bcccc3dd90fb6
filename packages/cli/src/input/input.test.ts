import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CliError } from "../errors.ts";
import { parseDuration } from "./duration.ts";
import { parseInstant } from "./instant.ts";
import { parsePair, parsePairs, parseScalar } from "./pairs.ts";
import { parsePercentage } from "./percentage.ts";

describe("a percentage", () => {
  it.each([
    ["25", 25],
    ["25%", 25],
    [" 12.5 % ", 12.5],
    ["0.001", 0.001],
    [".5", 0.5],
    ["100.000", 100],
    ["-0", 0],
    ["+5", 5],
  ])("%s is read", (text, value) => {
    expect(parsePercentage(text)).toBe(value);
  });

  it.each([
    "",
    "%",
    "abc",
    "1e1",
    "5,5",
    "101",
    "-1",
    "100.001",
    "0.0001",
    "1.2345",
    "NaN",
    "Infinity",
    "25%%",
    "0x10",
  ])("%s is refused with what is allowed", (text) => {
    expect(() => parsePercentage(text)).toThrow(CliError);
    try {
      parsePercentage(text);
    } catch (error) {
      expect((error as CliError).exitCode).toBe(2);
      expect((error as CliError).lines.join()).toContain("0 to 100 with at most three decimals");
    }
  });

  it("is exact in every step of a thousandth", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (steps) => {
        const text = `${Math.floor(steps / 1000)}.${String(steps % 1000).padStart(3, "0")}`;
        expect(parsePercentage(text)).toBe(steps / 1000);
      }),
    );
  });
});

describe("an attribute's value", () => {
  it.each([
    ["42", 42],
    ["-1.5", -1.5],
    ["true", true],
    ["null", null],
    ["pro", "pro"],
    ["", ""],
    ["1.10", "1.10"],
    ["007", "007"],
    ["9007199254740993", "9007199254740993"],
    ['"42"', "42"],
    ['["a",1]', ["a", 1]],
    ["[not json", "[not json"],
    ["Infinity", "Infinity"],
  ])("%s is read as what it looks like, without losing anything", (text, value) => {
    expect(parseScalar(text)).toEqual(value);
  });

  it("splits at the first =, and says which option lacks one", () => {
    expect(parsePair("--attr", "q=a=b")).toEqual(["q", "a=b"]);
    expect(() => parsePair("--attr", "plain")).toThrow('--attr "plain" is not of the form name=value');
    expect(() => parsePair("--attr", "=x")).toThrow(CliError);
  });

  it("takes no name for special", () => {
    const pairs = parsePairs("--attr", ["__proto__=x", "constructor=y"]);
    expect(JSON.stringify(pairs)).toBe('{"__proto__":"x","constructor":"y"}');
  });
});

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5m", 90_000],
    ["24h", 86_400_000],
    ["90d", 7_776_000_000],
  ])("%s is read", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["10", "s", "0s", "-1s", "10 weeks", ""])('"%s" is refused with what is allowed', (text) => {
    expect(() => parseDuration(text)).toThrow("is not a duration");
  });
});

describe("an instant", () => {
  const now = Date.parse("2026-01-05T12:00:00.000Z");

  it.each([
    ["2026-01-05T02:00:00Z", "2026-01-05T02:00:00.000Z"],
    ["2026-01-05T03:00+01:00", "2026-01-05T02:00:00.000Z"],
    ["2026-01-05 03:00:00.5+01:00", "2026-01-05T02:00:00.500Z"],
    ["+2h", "2026-01-05T14:00:00.000Z"],
    ["+90s", "2026-01-05T12:01:30.000Z"],
  ])("%s is read", (text, instant) => {
    expect(parseInstant(text, now)).toBe(instant);
  });

  it.each(["2026-01-05T02:00:00", "tomorrow", "2026-13-05T02:00:00Z", "02:00", "+2", ""])(
    '"%s" is refused with what is allowed, rather than guessed in a time zone',
    (text) => {
      expect(() => parseInstant(text, now)).toThrow(CliError);
    },
  );
});
