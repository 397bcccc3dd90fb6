import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, BUCKETS, isBucketBelow } from "./bucket.ts";

describe("isBucketBelow", () => {
  const ids = fc.string({ unit: "binary" });
  const seeds = fc.integer();

  it("is what comparing the bucket is, for every whole limit", () => {
    fc.assert(
      fc.property(ids, seeds, fc.integer({ min: 0, max: BUCKETS }), (id, seed, limit) => {
        expect(isBucketBelow(id, seed, limit)).toBe(bucketOf(id, seed) < limit);
      }),
    );
  });

  it("tells a user's own bucket from the next", () => {
    fc.assert(
      fc.property(ids, seeds, (id, seed) => {
        const bucket = bucketOf(id, seed);
        expect(isBucketBelow(id, seed, bucket)).toBe(false);
        expect(isBucketBelow(id, seed, bucket + 1)).toBe(true);
      }),
    );
  });
});
