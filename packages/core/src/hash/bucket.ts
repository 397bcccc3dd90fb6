import { murmur3 } from "./murmur3.ts";

/** Buckets a user can fall into: 0.001 % steps. */
export const BUCKETS = 100_000;

/** The hash seed of a salt, computed once for each flag. */
export function seedOf(salt: string): number {
  return murmur3(salt, 0);
}

/** `floor(murmur3(id, seed) × 100,000 / 2^32)`, 0…99,999. */
export function bucketOf(id: string, seed: number): number {
  return Math.floor(murmur3(id, seed) * (3125 / 2 ** 27));
}
