/** From here on, five terms of Stirling's series are exact to a double. */
const STIRLING_MIN = 15;

/** `ln(Γ(a + n)/Γ(a))` for a > 0 and a whole n ≥ 0. Not by two logarithms of Γ, whose difference would lose the digits that they share. */
export function logGammaRatio(a: number, n: number): number {
  let low = a;
  let logLow = 0;
  let left = n;
  for (; low < STIRLING_MIN && left > 0; left--) logLow += Math.log(low++);
  if (left === 0) return logLow;
  // ln Γ(z) ~ (z − 1/2)·ln z − z + ln(2π)/2 + series(z), with the differences of its terms taken one by one.
  const main = (low - 1 / 2) * Math.log1p(left / low) + left * (Math.log(low + left) - 1);
  return logLow + main + series(low + left) - series(low);
}

/** `1/12z − 1/360z³ + 1/1260z⁵ − …` (Abramowitz & Stegun 6.1.41). */
function series(z: number): number {
  const inverse = 1 / (z * z);
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - inverse / 1188) * inverse) * inverse) * inverse) / z;
}
