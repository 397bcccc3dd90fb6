import { BUCKETS } from "@rampart/core";

/** Units that users fall into: a unit is the top 16 bits of the hash whose scaled value is the bucket. */
export const UNITS = 65_536;

const HASHES_PER_UNIT = 2 ** 32 / UNITS;
/** Buckets in a hash, in lowest terms: products with 32-bit hashes are exact in a double, so that no unit is put on the wrong side. */
const BUCKETS_PER_HASH = BUCKETS / 2 ** 32;

/** The unit of a user's bucket hash (`murmur3(id, seedOf(salt))`), 0…65,535. */
export function unitOfHash(hash: number): number {
  return hash >>> 16;
}

/**
 * Which cohort a percentage (0…100, three decimals at most) puts all users of a unit in: `on` when the unit's highest hash is
 * on, `off` when its lowest is off, undefined for the one unit that the limit runs through.
 */
export function cohortOfUnit(unit: number, percentage: number): "on" | "off" | undefined {
  const limit = Math.round(percentage * 1000);
  const first = unit * HASHES_PER_UNIT;
  if ((first + HASHES_PER_UNIT - 1) * BUCKETS_PER_HASH < limit) return "on";
  return first * BUCKETS_PER_HASH < limit ? undefined : "off";
}

/** How many units a percentage puts on and off as a whole: the on ones are the first, the off ones the last. */
export function unitCounts(percentage: number): { readonly on: number; readonly off: number } {
  // Finding where the limit falls by the rule above, not by another sum of its own, keeps the two from differing by one.
  const near = Math.floor((percentage / 100) * UNITS);
  let on = Math.max(0, near - 1);
  while (on < UNITS && cohortOfUnit(on, percentage) === "on") on++;
  const isSplit = on < UNITS && cohortOfUnit(on, percentage) === undefined;
  return { on, off: UNITS - on - (isSplit ? 1 : 0) };
}

/**
 * The configured share of a percentage among the units that are compared, 0…1: what the coin lands on when the flag changes
 * nothing. It differs from `percentage / 100` by what the unit that straddles the limit would add, less than 1/65,536; at 0 or 1
 * there is nothing to compare.
 */
export function shareOf(percentage: number): number {
  const { on, off } = unitCounts(percentage);
  return on / (on + off);
}
