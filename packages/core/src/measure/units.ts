import { BUCKETS } from "../hash/bucket.ts";

/** Hash sub-buckets that users are counted in: the top 16 bits of the hash that also decides their bucket. */
export const UNITS = 65_536;

/** The unit of a bucket hash (signed or unsigned 32 bits), 0…65,535. */
export function unitOf(hash: number): number {
  return hash >>> 16;
}

/** How a percentage divides the units. The one that straddles the threshold, if any, is in neither part. */
export interface UnitSides {
  /** Units below this one are on. */
  readonly onEnd: number;
  /** Units from this one on are off. `onEnd` or one more. */
  readonly offStart: number;
}

/** `thousandths`: the percentage in thousandths of a percent, 0…100,000. A unit is on iff the whole of its bucket range is below it. */
export function unitSides(thousandths: number): UnitSides {
  const threshold = (thousandths * UNITS) / BUCKETS;
  return { onEnd: Math.floor(threshold), offStart: Math.ceil(threshold) };
}

/** What measuring calls the calls of `run`, where a tracked metric would have its name. No tracked metric of this name is measured by units. */
export const RUN_METRIC = "run";
