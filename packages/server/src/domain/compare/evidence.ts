import { coinLog } from "./failures.ts";
import { logMeanExp } from "./mixture.ts";
import type { BySide } from "./units.ts";

/** Odds ratios that the ribbon knows: 2^(i/8), i = −32…48, so 1/16 to 64. */
const GRID: readonly number[] = Array.from({ length: 81 }, (_, place) => 2 ** ((place - 32) / 8));

/** An odds ratio with its anytime interval; a bound is missing where the interval reaches the end of the grid. */
export interface Odds {
  /** The likeliest one; undefined while nobody failed, and Infinity when only users who are on did. */
  readonly estimate: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/**
 * The ribbon over all odds ratios psi0 that the failing units of an epoch don't speak against: `mean_i exp(l_i − l_0) < 1/alpha` over
 * the grid. It holds at all times at once with probability `1 − alpha`. It needs the epoch's sums only, because the share is the same
 * throughout an epoch.
 */
export function oddsOf(failed: BySide, share: number, alpha = 0.01): Odds {
  const total = failed.on + failed.off;
  if (total === 0) return { estimate: undefined, low: undefined, high: undefined };
  const logs = GRID.map((odds) => coinLog({ on: failed.on, total, share, odds, tolerated: 1 }));
  const floor = logMeanExp(logs) + Math.log(alpha);
  const first = logs.findIndex((log) => log > floor);
  const last = logs.findLastIndex((log) => log > floor);
  return {
    estimate: (failed.on / failed.off) * ((1 - share) / share),
    low: first === 0 ? undefined : GRID[first],
    high: last === GRID.length - 1 ? undefined : GRID[last],
  };
}
