import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseInstant } from "./date.ts";

describe("an instant", () => {
  it("is what Date makes of the same text, in every year from 0000 to 9999", () => {
    const ms = fc.integer({ min: Date.parse("0000-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59.999Z") });
    fc.assert(
      fc.property(ms, (ms) => parseInstant(new Date(ms).toISOString()) === ms),
      { numRuns: 2000 },
    );
  });

  it("is the same in every offset", () => {
    const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    const ms = fc.integer({ min: 0, max: 4e12 });
    const two = (n: number) => String(Math.abs(n)).padStart(2, "0");
    fc.assert(
      fc.property(ms, offset, (ms, minutes) => {
        const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
        const sign = minutes < 0 ? "-" : "+";
        const text = `${local}${sign}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
        return parseInstant(text) === ms;
      }),
    );
  });

  it.each([
    ["a lower case t and z", "2026-01-05t02:00:00z", Date.UTC(2026, 0, 5, 2)],
    ["a space for the T", "2026-01-05 02:00:00Z", Date.UTC(2026, 0, 5, 2)],
    ["one digit of a fraction", "2026-01-05T02:00:00.5Z", Date.UTC(2026, 0, 5, 2, 0, 0, 500)],
    ["digits beyond milliseconds", "2026-01-05T02:00:00.123999Z", Date.UTC(2026, 0, 5, 2, 0, 0, 123)],
    ["a date alone", "2026-01-05", Date.UTC(2026, 0, 5)],
    ["a leap second", "2016-12-31T23:59:60Z", Date.UTC(2017, 0, 1)],
    ["epoch milliseconds", 1_767_578_400_000, 1_767_578_400_000],
    ["a Date", new Date(5), 5],
  ])("may be %s", (_, value, ms) => {
    expect(parseInstant(value)).toBe(ms);
  });

  it.each([
    "2026-02-29",
    "2026-13-01",
    "2026-00-01",
    "2026-01-00",
    "2026-04-31",
    "1900-02-29",
    "2026-01-05T24:00:00Z",
    "2026-01-05T02:60:00Z",
    "2026-01-05T02:00:61Z",
    "2026-01-05T02:00:00+24:00",
    "2026-01-05T02:00:00+01:60",
    "2026-01-05T02:00:00",
    "2026-01-05T02:00Z",
    "2026-1-5",
    "26-01-05",
    "2026-01-05T02:00:00.Z",
    "+2026-01-05",
    "",
    "now",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(Number.NaN),
    null,
    undefined,
    {},
    true,
  ])("is not %j", (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });
});
