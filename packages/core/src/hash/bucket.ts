import { murmur3, murmur3Int32 } from "./murmur3.ts";

/** Buckets that a user can fall into: one for each 0.001 %. */
export const BUCKETS = 100_000;

/** `BUCKETS / 2^32` in lowest terms: the product with a 32-bit hash is exact in a double, so no rounding can move a user. */
const BUCKETS_PER_HASH = 3125 / 2 ** 27;

/** The hash seed of a salt, 0…2^32−1; computed once for each flag, so that evaluation hashes the id alone. */
export function seedOf(salt: string): number {
  return murmur3(salt, 0);
}

/** `floor(murmur3(id, seed) × 100,000 / 2^32)`, 0…99,999. */
export function bucketOf(id: string, seed: number): number {
  return bucketOfHash(murmur3Int32(id, seed));
}

/** The bucket of a hash, signed or not. */
export function bucketOfHash(hash: number): number {
  return ((hash >>> 0) * BUCKETS_PER_HASH) | 0;
}

/** `bucketOf(id, seed) < limit` for a whole `limit`, without rounding down first: what is below it is below it either way. */
export function isBucketBelow(id: string, seed: number, limit: number): boolean {
  return (murmur3Int32(id, seed) >>> 0) * BUCKETS_PER_HASH < limit;
}
