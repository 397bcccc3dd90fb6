/** An exact fraction. */
export interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

export function fraction(top: number | bigint, bottom: number | bigint = 1): Fraction {
  return { top: BigInt(top), bottom: BigInt(bottom) };
}

export const ZERO = fraction(0);
export const ONE = fraction(1);

export function plus(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom };
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { top: -b.top, bottom: b.bottom });
}

export function times(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.top, bottom: a.bottom * b.bottom };
}

export function over(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.bottom, bottom: a.bottom * b.top };
}

export function power(base: Fraction, exponent: number): Fraction {
  return { top: base.top ** BigInt(exponent), bottom: base.bottom ** BigInt(exponent) };
}

export function compare(a: Fraction, b: Fraction): number {
  const [left, right] = [a.top * b.bottom, b.top * a.bottom];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The nearest number; exact digits enough for a double. */
export function toNumber({ top, bottom }: Fraction): number {
  const SCALE = 10n ** 30n;
  return Number((top * SCALE) / bottom) / 1e30;
}

export function choose(n: number, k: number): bigint {
  let ways = 1n;
  for (let i = 0; i < k; i++) ways = (ways * BigInt(n - i)) / BigInt(i + 1);
  return ways;
}
