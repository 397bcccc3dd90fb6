import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUCKETS, bucketOfHash } from "../hash/bucket.ts";
import { unitOf, UNITS, unitSides } from "./units.ts";

describe("a unit", () => {
  it("is on when all of its users are, off when none is, and neither when it straddles the threshold", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: BUCKETS }), fc.integer({ min: 0, max: UNITS - 1 }), (thousandths, unit) => {
        const { onEnd, offStart } = unitSides(thousandths);
        const isOn = (hash: number): boolean => bucketOfHash(hash) < thousandths;
        const [first, last] = [unit * 65_536, unit * 65_536 + 65_535];
        expect([unitOf(first), unitOf(last | 0)]).toEqual([unit, unit]);
        expect(unit < onEnd).toBe(isOn(first) && isOn(last));
        expect(unit >= offStart).toBe(!isOn(first) && !isOn(last));
      }),
      { numRuns: 2_000 },
    );
  });

  it("at each threshold is one at most that straddles it", () => {
    for (const thousandths of [0, 1, 999, 1_000, 5_000, 25_000, 50_000, 99_999, BUCKETS]) {
      const { onEnd, offStart } = unitSides(thousandths);
      expect(offStart - onEnd).toBeLessThanOrEqual(1);
    }
    expect(unitSides(0)).toEqual({ onEnd: 0, offStart: 0 });
    expect(unitSides(50_000)).toEqual({ onEnd: 32_768, offStart: 32_768 });
    expect(unitSides(BUCKETS)).toEqual({ onEnd: UNITS, offStart: UNITS });
  });
});
