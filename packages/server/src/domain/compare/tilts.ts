import { BIN_RATIO } from "@rampart/core";

/** Slowdowns that are bet on. */
export const SLOWDOWNS: readonly number[] = [1.1, 1.2, 1.35, 1.5, 2, 3, 5];
const TILT_MIN = 0.001;
const TILT_MAX = 30;

/**
 * For each slowdown s a weight for each bin: how many times likelier a value that takes s times as long falls into it than one of
 * `reference` (counts by bin), made to rise with the value by isotonic regression, so that it bets on slower only.
 */
export function tiltsOf(reference: ArrayLike<number>): readonly (readonly number[])[] {
  const shares = smoothed(reference);
  const cdf = binCdf(shares);
  return SLOWDOWNS.map((slowdown) => {
    const back = Math.log(slowdown) / Math.log(BIN_RATIO);
    const ratios = shares.map(
      (share, bin) => (cdf(upperEdge(bin, shares) - back) - cdf(lowerEdge(bin) - back)) / share,
    );
    return isotonic(ratios, shares).map((tilt) => Math.min(TILT_MAX, Math.max(TILT_MIN, tilt)));
  });
}

/** `q_b = (ref_b + 1/2)/(Σ ref + B/2)`: no bin is impossible. */
function smoothed(counts: ArrayLike<number>): readonly number[] {
  const all = Array.from(counts);
  const total = all.reduce((sum, count) => sum + count + 1 / 2, 0);
  return all.map((count) => (count + 1 / 2) / total);
}

/** Positions on the logarithmic scale, in bins: bin b lies between b and b + 1; the first reaches down to 0, the last up for ever. */
const lowerEdge = (bin: number): number => (bin === 0 ? -Infinity : bin);
const upperEdge = (bin: number, shares: readonly number[]): number => (bin === shares.length - 1 ? Infinity : bin + 1);

/**
 * The distribution at a position: straight inside bins on the logarithmic scale, a square below the first inner edge, and a tail of
 * power −3 above the last.
 */
function binCdf(shares: readonly number[]): (position: number) => number {
  const below: number[] = [0];
  for (const share of shares) below.push((below.at(-1) ?? 0) + share);
  const last = shares.length - 1;
  const first = below[1] ?? 0;
  const above = shares[last] ?? 0;
  return (position) => {
    if (position <= 1) return first * BIN_RATIO ** (2 * (position - 1));
    if (position >= last) return 1 - above * BIN_RATIO ** (-3 * (position - last));
    const bin = Math.floor(position);
    return (below[bin] ?? 0) + (position - bin) * (shares[bin] ?? 0);
  };
}

/** The rising sequence that is nearest in weighted squares, by pooling adjacent violators. (Ayer et al. 1955; Barlow et al. 1972.) */
export function isotonic(values: readonly number[], weights: readonly number[]): readonly number[] {
  const blocks: { mean: number; weight: number; size: number }[] = [];
  for (const [place, value] of values.entries()) {
    let block = { mean: value, weight: weights[place] ?? 0, size: 1 };
    for (let before = blocks.at(-1); before && before.mean >= block.mean; before = blocks.at(-1)) {
      const weight = before.weight + block.weight;
      const mean = (before.mean * before.weight + block.mean * block.weight) / weight;
      block = { mean, weight, size: before.size + block.size };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ mean, size }) => Array.from({ length: size }, () => mean));
}
