import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUnits, encodeUnits } from "./unit-codec.ts";
import { unitEntries, type UnitEntries } from "./unit-entries.ts";
import { UNITS } from "./units.ts";
import { VALUE_BINS } from "./value-bins.ts";

const anEntry = fc.record({
  unit: fc.integer({ min: 0, max: UNITS - 1 }),
  requests: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 65_535 })),
  failures: fc.oneof(fc.constant(0), fc.nat(65_535)),
  firstBin: fc.nat(VALUE_BINS),
});

const someEntries = fc
  .uniqueArray(anEntry, { selector: ({ unit }) => unit, maxLength: 60 })
  .map((entries) => columnsOf(entries.toSorted((a, b) => a.unit - b.unit)));

function columnsOf(
  entries: readonly { unit: number; requests: number; failures: number; firstBin: number }[],
): UnitEntries {
  const columns = unitEntries(entries.length);
  for (const [place, { unit, requests, failures, firstBin }] of entries.entries()) {
    columns.units[place] = unit;
    columns.requests[place] = requests;
    columns.failures[place] = Math.min(failures, requests);
    columns.firstBins[place] = firstBin;
  }
  return columns;
}

describe("units as text", () => {
  it("are read back as they were", () => {
    fc.assert(
      fc.property(someEntries, (entries) => {
        expect(decodeUnits(encodeUnits(entries))).toEqual(entries);
      }),
    );
    expect(decodeUnits("")).toEqual(unitEntries(0));
  });

  it("have one text only: whatever can be read is written the same", () => {
    const characters = fc.constantFrom(
      ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=- é".split(""),
    );
    let readable = 0;
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
        const entries = decodeUnits(text);
        if (entries === undefined) return;
        readable += 1;
        expect(encodeUnits(entries)).toBe(text);
      }),
      { numRuns: 5_000 },
    );
    expect(readable).toBeGreaterThan(100);
  });

  it("are refused or other units when cut anywhere, or when any character is another", () => {
    const entries = columnsOf([
      { unit: 3, requests: 1, failures: 0, firstBin: 0 },
      { unit: 4, requests: 300, failures: 200, firstBin: 255 },
      { unit: 65_535, requests: 65_535, failures: 65_535, firstBin: 1 },
    ]);
    const text = encodeUnits(entries);
    for (let end = 0; end < text.length; end++) {
      const cut = decodeUnits(text.slice(0, end));
      if (cut !== undefined) expect(cut.units.length).toBeLessThan(entries.units.length);
      for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\u0000é") {
        if (character === text[end]) continue;
        const changed = decodeUnits(text.slice(0, end) + character + text.slice(end + 1));
        expect(changed).not.toEqual(entries);
        if (changed !== undefined) expectSound(changed);
      }
    }
  });

  it("that can't be are refused", () => {
    const numbers = (...bytes: readonly number[]): string => Buffer.from(bytes).toString("base64").replaceAll("=", "");
    expect(decodeUnits(numbers(0))).toMatchObject({ units: Uint16Array.of(0) });
    expect(decodeUnits(numbers(0x80, 0x00)), "a number longer than it need be").toBeUndefined();
    expect(decodeUnits(numbers(0x80, 0x80, 0x20)), "a unit beyond the last").toBeUndefined();
    expect(decodeUnits(numbers(2, 1)), "more failures than requests").toBeUndefined();
    expect(decodeUnits(numbers(1, 0xfe, 0xff, 0x03)), "more requests than are counted").toBeUndefined();
    expect(decodeUnits(numbers(4, 255)), "a bin beyond the last").toBeUndefined();
    expect(decodeUnits(numbers(4)), "no bin").toBeUndefined();
    expect(decodeUnits("AB=="), "padding").toBeUndefined();
    expect(decodeUnits("AB"), "bits left over").toBeUndefined();
  });

  it("take a byte or two for each unit when there are many, and three when there are few", () => {
    const calls = { requests: 1, failures: 0, firstBin: 120 };
    const every = (step: number): number =>
      encodeUnits(columnsOf(Array.from({ length: 1_000 }, (_, place) => ({ unit: place * step, ...calls })))).length;
    expect(every(1)).toBeLessThan(1_000 * 2 * 1.34);
    expect(every(60)).toBeLessThan(1_000 * 3 * 1.34);
  });
});

function expectSound({ units, requests, failures }: UnitEntries): void {
  for (let place = 0; place < units.length; place++) {
    if (place > 0) expect(units[place]).toBeGreaterThan(units[place - 1] ?? 0);
    expect(requests[place]).toBeGreaterThanOrEqual(1);
    expect(failures[place]).toBeLessThanOrEqual(requests[place] ?? 0);
  }
}
