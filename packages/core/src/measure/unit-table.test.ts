import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnitTable } from "./unit-table.ts";
import { UNITS } from "./units.ts";

describe("a table of units", () => {
  it("counts as a map would, however much it has grown, and begins anew after it was taken", () => {
    const aCall = fc.record({
      unit: fc.oneof(fc.nat(300), fc.nat(UNITS - 1)),
      failed: fc.boolean(),
      bin: fc.option(fc.nat(254), { nil: undefined }),
    });
    const table = new UnitTable();
    fc.assert(
      fc.property(fc.array(aCall, { maxLength: 400 }), (calls) => {
        const model = new Map<number, { requests: number; failures: number; firstBin: number }>();
        for (const { unit, failed, bin } of calls) {
          const known = model.get(unit) ?? { requests: 0, failures: 0, firstBin: 0 };
          known.requests += 1;
          if (failed) known.failures += 1;
          if (known.firstBin === 0 && bin !== undefined) known.firstBin = bin + 1;
          model.set(unit, known);
          expect(table.add(unit, failed, bin)).toBe(true);
        }
        const { units, requests, failures, firstBins } = table.take();
        const rows = [...units].map((unit, place) => [
          unit,
          { requests: requests[place], failures: failures[place], firstBin: firstBins[place] },
        ]);
        expect(rows).toEqual([...model].toSorted(([a], [b]) => a - b));
        expect(table.size).toBe(0);
      }),
    );
  });

  it("takes no more units than it has room for, and goes on counting those that it has", () => {
    const table = new UnitTable();
    let taken = 0;
    for (let unit = 0; unit < UNITS; unit++) if (table.add(unit, false, undefined)) taken += 1;
    expect(taken).toBe(6_144);
    expect(table.add(0, true, 3)).toBe(true);
    const { units, failures } = table.take();
    expect([units.length, failures[0]]).toEqual([6_144, 1]);
  });

  it("counts 65,535 calls of a unit, and no more", () => {
    const table = new UnitTable();
    for (let call = 0; call < 65_535; call++) expect(table.add(7, true, undefined)).toBe(true);
    expect(table.add(7, true, undefined)).toBe(false);
    expect(table.take()).toMatchObject({ requests: Uint16Array.of(65_535), failures: Uint16Array.of(65_535) });
  });
});
