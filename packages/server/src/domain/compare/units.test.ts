import { BUCKETS, bucketOf, isBucketBelow, murmur3, seedOf, unitOf, UNITS, unitSides } from "@rampart/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareOf } from "./units.ts";

const thousandths = fc.integer({ min: 0, max: BUCKETS });

describe("a unit", () => {
  it("is in the cohort that its users are in, and in none when they differ", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), thousandths, (id, salt, limit) => {
        const seed = seedOf(salt);
        const unit = unitOf(murmur3(id, seed));
        const { onEnd, offStart } = unitSides(limit);
        if (unit < onEnd) expect(isBucketBelow(id, seed, limit)).toBe(true);
        if (unit >= offStart) expect(isBucketBelow(id, seed, limit)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it("is left out only where its first and last hash lie on two sides of the threshold", () => {
    const bucket = (hash: number) => Number((BigInt(hash) * BigInt(BUCKETS)) >> 32n);
    fc.assert(
      fc.property(thousandths, (limit) => {
        const { onEnd, offStart } = unitSides(limit);
        for (const unit of [onEnd - 1, onEnd, offStart, offStart - 1].filter((one) => one >= 0 && one < UNITS)) {
          const [first, last] = [bucket(unit * 65_536) < limit, bucket(unit * 65_536 + 65_535) < limit];
          const side = unit < onEnd ? "on" : unit >= offStart ? "off" : "between";
          expect(side).toBe(last ? "on" : first ? "between" : "off");
        }
        expect(offStart - onEnd).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("knows the users of the same hash as the bucket does", () => {
    expect(bucketOf("user-1", 7)).toBe(Number((BigInt(murmur3("user-1", 7)) * BigInt(BUCKETS)) >> 32n));
  });
});

describe("the share", () => {
  it("is the percentage to within one unit, exactly the compared units that are on", () => {
    fc.assert(
      fc.property(thousandths, (limit) => {
        expect(Math.abs(shareOf(limit) - limit / BUCKETS)).toBeLessThan(1 / UNITS);
      }),
    );
    expect([shareOf(0), shareOf(50_000), shareOf(100_000)]).toEqual([0, 1 / 2, 1]);
    expect(shareOf(5_000)).toBe(3276 / 65_535);
  });

  it("is nothing to compare with where no whole unit is on", () => {
    expect(shareOf(1)).toBe(0);
    expect(shareOf(2)).toBe(1 / 65_535);
  });
});
