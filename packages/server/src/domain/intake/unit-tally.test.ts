import { UNITS, VALUE_BINS } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTally, encodeTally } from "./tally-codec.ts";
import { entriesOf, someEntries } from "./testing/entries.ts";
import { UnitTally } from "./unit-tally.ts";
import type { UnitWindow } from "./unit-window.ts";

/** 0.05 %: units below 32 are on, unit 32 straddles, the others are off. */
const THOUSANDTHS = 50;

const sumsOf = ({ requests, failures }: UnitTally): unknown => [[...requests], [...failures]];
const shown = (window: UnitWindow): unknown => ({
  ...window,
  values: { on: [...window.values.on], off: [...window.values.off] },
});
const binsOf = (counts: Uint32Array): unknown =>
  [...counts.entries()].filter(([, count]) => count > 0).map(([bin, count]) => `${bin}×${count}`);

describe("a tally of units", () => {
  it("says who was exposed, seen and failed for the first time, by side, and leaves out the unit that straddles the threshold", () => {
    const tally = new UnitTally(THOUSANDTHS);
    tally.add(entriesOf({ unit: 0, requests: 3, failures: 2 }, { unit: 31 }, { unit: 32, failures: 1 }, { unit: 33 }));
    tally.add(entriesOf({ unit: 0, failures: 1 }, { unit: UNITS - 1, failures: 1, bin: 7 }));
    expect(tally.drain()).toEqual({
      thousandths: THOUSANDTHS,
      exposed: { on: 2, off: 2 },
      seen: { on: 2, off: 2 },
      failed: { on: 1, off: 1 },
      values: { on: new Uint32Array(VALUE_BINS), off: expect.any(Uint32Array) as Uint32Array },
      requests: { on: 5, off: 2 },
      failures: { on: 3, off: 1 },
    });
    expect([tally.onEnd, tally.offStart]).toEqual([32, 33]);
    expect([tally.requests[0], tally.failures[0], tally.requests[32]]).toEqual([4, 3, 0]);
  });

  it("says of each unit once in an epoch that it failed, and what its first value was", () => {
    const tally = new UnitTally(THOUSANDTHS);
    const again = entriesOf({ unit: 1, failures: 1, bin: 9 }, { unit: 40, bin: 3 });
    tally.add(again);
    expect(binsOf(tally.drain().values.on)).toEqual(["9×1"]);
    tally.add(again);
    expect(tally.drain()).toMatchObject({ exposed: { on: 0, off: 0 }, seen: { on: 0 }, failed: { on: 0, off: 0 } });
    tally.beginEpoch("failures");
    tally.add(again);
    const second = tally.drain();
    expect(second).toMatchObject({ exposed: { on: 0, off: 0 }, seen: { on: 1, off: 1 }, failed: { on: 1, off: 0 } });
    expect(binsOf(second.values.on)).toEqual([]);
    tally.beginEpoch("values");
    tally.add(again);
    const third = tally.drain();
    expect(third).toMatchObject({ seen: { on: 0 }, failed: { on: 0 } });
    expect([binsOf(third.values.on), binsOf(third.values.off)]).toEqual([["9×1"], ["3×1"]]);
  });

  it("is the same in whatever order a window's reports come", () => {
    fc.assert(
      fc.property(fc.array(someEntries, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (reports, numbers) => {
        const tallyOf = (order: typeof reports): readonly unknown[] => {
          const tally = new UnitTally(THOUSANDTHS);
          for (const entries of order) tally.add(entries);
          return [shown(tally.drain()), sumsOf(tally), encodeTally(tally)];
        };
        const shuffled = reports
          .map((report) => ({ report, place: numbers.next().value }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ report }) => report);
        expect(tallyOf(shuffled)).toEqual(tallyOf(reports));
      }),
      { numRuns: 50 },
    );
  });

  it("counts nobody twice, however its reports are divided into windows", () => {
    fc.assert(
      fc.property(fc.array(someEntries, { maxLength: 8 }), (reports) => {
        const whole = new UnitTally(THOUSANDTHS);
        for (const entries of reports) whole.add(entries);
        const parts = new UnitTally(THOUSANDTHS);
        const windows = reports.map((entries) => {
          parts.add(entries);
          return parts.drain();
        });
        const { exposed, seen, failed, requests, failures } = whole.drain();
        for (const side of ["on", "off"] as const) {
          const sum = (of: "exposed" | "seen" | "failed" | "requests" | "failures"): number =>
            windows.reduce((all, window) => all + window[of][side], 0);
          expect(sum("exposed")).toBe(exposed[side]);
          expect(sum("seen")).toBe(seen[side]);
          expect(sum("failed")).toBe(failed[side]);
          expect(sum("requests")).toBe(requests[side]);
          expect(sum("failures")).toBe(failures[side]);
        }
        expect(sumsOf(parts)).toEqual(sumsOf(whole));
      }),
      { numRuns: 50 },
    );
  });

  it("is after a checkpoint what it was, epochs and sums, for all that comes then", () => {
    fc.assert(
      fc.property(fc.array(someEntries, { maxLength: 5 }), someEntries, fc.boolean(), (before, after, newEpoch) => {
        const tally = new UnitTally(THOUSANDTHS);
        for (const entries of before) tally.add(entries);
        tally.drain();
        if (newEpoch) tally.beginEpoch("failures");
        const restored = decodeTally(THOUSANDTHS, encodeTally(tally));
        if (restored === undefined) throw new Error("not read back");
        for (const one of [tally, restored]) one.add(after);
        expect([shown(restored.drain()), sumsOf(restored)]).toEqual([shown(tally.drain()), sumsOf(tally)]);
      }),
      { numRuns: 50 },
    );
  });

  it("with every unit and large sums takes less than a megabyte, and is read back", () => {
    const tally = new UnitTally(THOUSANDTHS);
    tally.requests.fill(4_000_000_000);
    tally.failures.fill(3_999_999_999);
    const bytes = encodeTally(tally);
    expect(bytes.length).toBeLessThan(1_000_000);
    expect(decodeTally(THOUSANDTHS, bytes)?.requests).toEqual(tally.requests);
  });

  it("is not made of a checkpoint that was cut or damaged", () => {
    const tally = new UnitTally(THOUSANDTHS);
    tally.add(entriesOf({ unit: 3, requests: 300, failures: 200 }, { unit: 60_000, requests: 5 }));
    const bytes = encodeTally(tally);
    for (let end = 0; end < bytes.length; end++) {
      const cut = decodeTally(THOUSANDTHS, bytes.subarray(0, end));
      if (cut !== undefined) expect([...cut.requests].filter((count) => count > 0).length).toBeLessThan(2);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (any) => {
        decodeTally(THOUSANDTHS, any);
      }),
    );
  });
});
