/**
 * What a window of values brings to a bet on `tilt`, a weight for each bin, when few users are on:
 * `Σ x_b·ln psi(b) − n_T·ln(Σ m_b·psi(b)/n)`, x on and m all. Given the pool, those who are on are a sample of it without
 * replacement, whose product of tilts is at most the mean's power on average (Maclaurin; Hoeffding 1963). 0 when either cohort is empty.
 */
export function poolLog(on: ArrayLike<number>, all: ArrayLike<number>, tilt: readonly number[]): number {
  const { onCount, count } = countsOf(on, all);
  if (onCount === 0 || onCount === count) return 0;
  let gained = 0;
  let pool = 0;
  for (let bin = 0; bin < tilt.length; bin++) {
    const of = all[bin] ?? 0;
    if (of === 0) continue;
    const psi = tilt[bin] ?? 1;
    gained += (on[bin] ?? 0) * Math.log(psi);
    pool += of * psi;
  }
  return gained - onCount * Math.log(pool / count);
}

/**
 * The same when most users are on: with `p = max(1, psi)` and `r = n_T/n`, `Σ x_b·ln p(b) − m_b·ln(1 − r + r·p(b))`. Tilts below 1
 * would break it: the expectation could be above 1.
 */
export function labelLog(on: ArrayLike<number>, all: ArrayLike<number>, tilt: readonly number[]): number {
  const { onCount, count } = countsOf(on, all);
  if (onCount === 0 || onCount === count) return 0;
  const share = onCount / count;
  let gained = 0;
  for (let bin = 0; bin < tilt.length; bin++) {
    const of = all[bin] ?? 0;
    const psi = tilt[bin] ?? 1;
    if (of === 0 || psi <= 1) continue;
    gained += (on[bin] ?? 0) * Math.log(psi) - of * Math.log1p(share * (psi - 1));
  }
  return gained;
}

function countsOf(on: ArrayLike<number>, all: ArrayLike<number>): { readonly onCount: number; readonly count: number } {
  let onCount = 0;
  let count = 0;
  for (let bin = 0; bin < all.length; bin++) {
    onCount += on[bin] ?? 0;
    count += all[bin] ?? 0;
  }
  return { onCount, count };
}
