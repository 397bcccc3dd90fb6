import * as fc from "fast-check";
import murmurhash from "murmurhash";
import { describe, expect, it } from "vitest";
import { bucketOf, BUCKETS, seedOf } from "./bucket.ts";
import { murmur3, murmur3Int32 } from "./murmur3.ts";

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Code units at random: lone surrogates, pairs and everything else. */
const units = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
      fc.integer({ min: 0, max: 0x7f }),
    ),
  )
  .map((codes) => String.fromCharCode(...codes));

describe("murmur3", () => {
  it("is the npm murmurhash over any Unicode text and any seed", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string());
    fc.assert(
      fc.property(text, seed, (text, seed) => murmur3(text, seed) === murmurhash.v3(text, seed)),
      { numRuns: 3000 },
    );
  });

  it("reads lone surrogates as TextEncoder does, as U+FFFD", () => {
    fc.assert(
      fc.property(units, seed, (text, seed) => murmur3(text, seed) === murmurhash.v3(text, seed)),
      { numRuns: 3000 },
    );
    expect(murmur3("a\ud800b", 7)).toBe(murmur3("a\ufffdb", 7));
  });

  it("finds what is not ASCII at every place of a block and of the tail", () => {
    for (let length = 1; length <= 9; length++) {
      for (let place = 0; place < length; place++) {
        const text = "x".repeat(place) + "é" + "x".repeat(length - place - 1);
        expect(murmur3(text, 1), text).toBe(murmurhash.v3(text, 1));
      }
    }
  });

  it("does not care how the text came about", () => {
    const [left, right] = ["user-".repeat(10), "12345"];
    const joined = left + right;
    expect(murmur3(joined, 3)).toBe(murmur3(`x${joined}`.slice(1), 3));
    expect(murmur3(joined, 3)).toBe(murmurhash.v3(joined, 3));
  });

  it("is the same as a signed integer, for seeds of either sign", () => {
    fc.assert(
      fc.property(fc.string(), seed, (text, seed) => murmur3Int32(text, seed | 0) === (murmur3(text, seed) | 0)),
    );
  });
});

describe("a bucket", () => {
  it("is the floor of the hash scaled to 100,000, computed exactly", () => {
    const exact = (id: string, seed: number) => Number((BigInt(murmurhash.v3(id, seed)) * 100_000n) >> 32n);
    fc.assert(
      fc.property(fc.string(), seed, (id, seed) => bucketOf(id, seed) === exact(id, seed)),
      { numRuns: 1000 },
    );
  });

  it("has each as many users as chance gives, over a million ids (χ²)", () => {
    const binCount = 1000;
    const idCount = 1_000_000;
    const counts = new Uint32Array(binCount);
    const seed = seedOf("sliceB_documents");
    for (let n = 0; n < idCount; n++) {
      const bin = Math.floor((bucketOf(`user-${n}`, seed) * binCount) / BUCKETS);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const mean = idCount / binCount;
    const chiSquared = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 999 degrees of freedom: mean 999, deviation √1998; both tails at 1 in 10⁵.
    expect(chiSquared).toBeGreaterThan(815);
    expect(chiSquared).toBeLessThan(1197);
  });
});
