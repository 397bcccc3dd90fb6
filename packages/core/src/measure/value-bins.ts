/** Each bin is this many times as wide as the one before: a value read back from its bin is within 5 %. */
export const BIN_RATIO = 1.1;

/**
 * Bins of one scale for every kind of value, so that clients need not know what a metric's values are like: 0.001 to 32 million; in
 * milliseconds, a microsecond to nine hours. One less than a byte holds, which leaves one for "no value".
 */
export const VALUE_BINS = 255;

/** Consecutive bins of the scale that a comparison looks at: three decades, put where the values are. */
export const COMPARED_BINS = 72;

const FIRST_EDGE = 0.001;
const BINS_PER_E = 1 / Math.log(BIN_RATIO);

/** The bin that holds a value, 0…254: bin b holds what is above `valueEdge(b - 1)` and up to `valueEdge(b)`; the first also what is below, the last what is above, the scale. */
export function valueBin(value: number): number {
  if (!(value > FIRST_EDGE)) return 0;
  return Math.min(VALUE_BINS - 1, Math.ceil(Math.log(value / FIRST_EDGE) * BINS_PER_E));
}

/** The upper edge of a bin. */
export function valueEdge(bin: number): number {
  return FIRST_EDGE * BIN_RATIO ** bin;
}

/** What stands for the values of a bin: its geometric middle. */
export function valueOfBin(bin: number): number {
  return FIRST_EDGE * BIN_RATIO ** (bin - 0.5);
}

/** The first of the bins to compare for values like these: their median lies in the middle. `counts`: by bin of the whole scale. */
export function firstComparedBin(counts: ArrayLike<number>): number {
  const median = binOfQuantile(counts, 0.5) ?? 0;
  return Math.max(0, Math.min(VALUE_BINS - COMPARED_BINS, median - COMPARED_BINS / 2));
}

/** Folds counts of the whole scale into the compared bins; what is outside falls into the first or the last of them. */
export function comparedCounts(counts: ArrayLike<number>, first: number): Float64Array {
  const folded = new Float64Array(COMPARED_BINS);
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] ?? 0;
    // Most bins of a second are empty.
    if (count === 0) continue;
    const place = Math.max(0, Math.min(COMPARED_BINS - 1, bin - first));
    folded[place] = (folded[place] ?? 0) + count;
  }
  return folded;
}

/** The 73 edges of the compared bins, in the unit of the values: bin j is between edges j and j + 1. */
export function comparedEdges(first: number): Float64Array {
  return Float64Array.from({ length: COMPARED_BINS + 1 }, (_, edge) => valueEdge(first + edge - 1));
}

/** The bin below which, itself included, at least the share `quantile` (0…1) of the counts lies; undefined: there are none. */
export function binOfQuantile(counts: ArrayLike<number>, quantile: number): number | undefined {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) sum += counts[bin] ?? 0;
  if (sum === 0) return undefined;
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    below += counts[bin] ?? 0;
    if (below >= quantile * sum && below > 0) return bin;
  }
  return undefined;
}
