/** Full enumeration in exact fractions: whatever happens by chance alone, no bet is expected to grow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BETS, coinLog, failuresWindow, startFailures } from "./failures.ts";
import { labelLog, poolLog } from "./kernels.ts";
import { mismatchLogEvidence } from "./mismatch.ts";
import {
  choose,
  compare,
  fraction,
  minus,
  ONE,
  over,
  plus,
  power,
  times,
  toNumber,
  ZERO,
  type Fraction,
} from "./testing/fraction.ts";

const sharePart = fc.integer({ min: 1, max: 19 }).map((top) => fraction(top, 20));
const oddsPart = fc.integer({ min: 5, max: 160 }).map((top) => fraction(top, 4));

/** `rho·psi/(1 − rho + rho·psi)`: how often a failing unit is on at odds psi. */
const onAt = (share: Fraction, odds: Fraction): Fraction =>
  over(times(share, odds), plus(minus(ONE, share), times(share, odds)));

function binomial(n: number, k: number, p: Fraction): Fraction {
  return times(fraction(choose(n, k)), times(power(p, k), power(minus(ONE, p), n - k)));
}

const sum = (parts: readonly Fraction[]): Fraction => parts.reduce(plus, ZERO);
const upTo = (n: number): readonly number[] => Array.from({ length: n + 1 }, (_, k) => k);

describe("the coin", () => {
  const exactCoin = (on: number, total: number, share: Fraction, odds: Fraction, tolerated: Fraction) => {
    const base = (psi: Fraction) => plus(minus(ONE, share), times(share, psi));
    return times(power(over(odds, tolerated), on), power(over(base(tolerated), base(odds)), total));
  };

  it("is what its fraction says, and exactly fair at the tolerated odds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        sharePart,
        oddsPart,
        fc.integer({ min: 4, max: 8 }),
        (m, share, bet, t) => {
          const tolerated = fraction(t, 4);
          const odds = times(bet, tolerated);
          const p = onAt(share, tolerated);
          const values = upTo(m).map((on) => exactCoin(on, m, share, odds, tolerated));
          expect(compare(sum(values.map((value, on) => times(binomial(m, on, p), value))), ONE)).toBe(0);
          const [rho, psi, psi0] = [share, odds, tolerated].map(toNumber) as [number, number, number];
          for (const [on, value] of values.entries()) {
            const log = coinLog({ on, total: m, share: rho, odds: psi, tolerated: psi0 });
            expect(log).toBeCloseTo(Math.log(toNumber(value)), 10);
          }
        },
      ),
    );
  });

  it("is never better than fair below the tolerated odds, nor where the units are drawn without replacement", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 11 }), oddsPart, (m, unitsOn, odds) => {
        const units = 12;
        const share = fraction(unitsOn, units);
        const chance = (on: number) =>
          fraction(choose(unitsOn, on) * choose(units - unitsOn, m - on), choose(units, m));
        const possible = upTo(m).filter((on) => on <= unitsOn && m - on <= units - unitsOn);
        const drawn = sum(possible.map((on) => times(chance(on), exactCoin(on, m, share, odds, ONE))));
        expect(compare(drawn, ONE)).toBeLessThanOrEqual(0);
        const tolerated = fraction(5, 4);
        const at = (on: number) => exactCoin(on, m, share, times(odds, tolerated), tolerated);
        const below = sum(upTo(m).map((on) => times(binomial(m, on, share), at(on))));
        expect(compare(below, ONE)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("is fair over all starts and bets together, whatever happens in seven windows", () => {
    const share = 3 / 10;
    const settings = { alpha: 0.005, tolerated: 1, plannedEpochs: 1 };
    const go = (state: ReturnType<typeof startFailures>, left: number): number => {
      if (left === 0) return Math.exp(state.mixture.logEvidence);
      const seen = { on: 1, off: 1 };
      const after = (on: number) => go(failuresWindow(state, { failed: { on, off: 1 - on }, seen }), left - 1);
      return share * after(1) + (1 - share) * after(0);
    };
    expect(go(startFailures(settings, share), 7)).toBeCloseTo(1, 12);
    expect(BETS.length).toBe(8);
  });
});

/** A pool of values as counts by bin, and a rising weight for each bin. */
const pools = fc.record({
  all: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  steps: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 4 }),
});

const rising = (steps: readonly number[]): readonly Fraction[] =>
  steps.map((_, bin) => fraction(1 + steps.slice(0, bin + 1).reduce((total, step) => total + step, 0), 8));

/** Every way in which `onCount` of the pool can be on, with how many ways there are. */
function samples(
  all: readonly number[],
  onCount: number,
): readonly { readonly on: readonly number[]; readonly ways: bigint }[] {
  const [first, ...rest] = all;
  if (first === undefined) return onCount === 0 ? [{ on: [], ways: 1n }] : [];
  return upTo(Math.min(first, onCount)).flatMap((here) =>
    samples(rest, onCount - here).map(({ on, ways }) => ({ on: [here, ...on], ways: ways * choose(first, here) })),
  );
}

describe("tilts", () => {
  type Kernel = (on: readonly number[], all: readonly number[], tilt: readonly Fraction[]) => Fraction;
  const total = (counts: readonly number[]) => counts.reduce((whole, count) => whole + count, 0);
  const product = (parts: readonly Fraction[]) => parts.reduce(times, ONE);

  const exactPool: Kernel = (on, all, tilt) => {
    const mean = over(sum(all.map((count, bin) => times(fraction(count), tilt[bin] ?? ONE))), fraction(total(all)));
    return over(product(on.map((count, bin) => power(tilt[bin] ?? ONE, count))), power(mean, total(on)));
  };
  const labelWith =
    (weight: (psi: Fraction) => Fraction): Kernel =>
    (on, all, tilt) => {
      const r = fraction(total(on), total(all));
      const factor = (psi: Fraction, bin: number) =>
        over(power(weight(psi), on[bin] ?? 0), power(plus(minus(ONE, r), times(r, weight(psi))), all[bin] ?? 0));
      return product(tilt.map(factor));
    };
  const exactLabel = labelWith((psi) => (compare(psi, ONE) < 0 ? ONE : psi));
  const unclippedLabel = labelWith((psi) => psi);

  const expected = (kernel: Kernel, all: readonly number[], onCount: number, tilt: readonly Fraction[]) => {
    const ways = choose(total(all), onCount);
    return sum(samples(all, onCount).map((one) => times(fraction(one.ways, ways), kernel(one.on, all, tilt))));
  };

  it.each([
    { name: "of the pool", exact: exactPool, product: poolLog },
    { name: "of the labels", exact: exactLabel, product: labelLog },
  ])("$name are what their fractions say, and never better than fair", ({ exact, product: log }) => {
    fc.assert(
      fc.property(pools, ({ all, steps }) => {
        const tilt = rising(steps);
        for (let onCount = 1; onCount < total(all); onCount++) {
          expect(compare(expected(exact, all, onCount, tilt), ONE)).toBeLessThanOrEqual(0);
          for (const { on } of samples(all, onCount)) {
            const wanted = Math.log(toNumber(exact(on, all, tilt)));
            expect(log(on, all, tilt.map(toNumber))).toBeCloseTo(wanted, 9);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it("say nothing when either cohort is empty", () => {
    for (const log of [poolLog, labelLog]) {
      expect(log([0, 0], [3, 2], [1, 5])).toBe(0);
      expect(log([3, 2], [3, 2], [1, 5])).toBe(0);
      expect(log([0, 0], [0, 0], [1, 5])).toBe(0);
    }
  });

  it("of labels would be better than fair if they went below 1, which is why they don't", () => {
    const tilt = [fraction(1, 1000), fraction(30)];
    expect(toNumber(expected(unclippedLabel, [1, 1], 1, tilt))).toBeGreaterThan(1.3);
    expect(toNumber(expected(exactLabel, [1, 1], 1, tilt))).toBe(1);
  });
});

describe("the check of the cohort", () => {
  it("is exactly fair at the configured share", () => {
    const evidence = (n: number, on: number, share: number) =>
      Math.exp(mismatchLogEvidence({ on, off: n - on }, share));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), sharePart, (n, share) => {
        const mean = upTo(n).reduce(
          (total, on) => total + toNumber(binomial(n, on, share)) * evidence(n, on, toNumber(share)),
          0,
        );
        expect(mean).toBeCloseTo(1, 10);
      }),
    );
  });

  it("gives every count the weight of its fraction", () => {
    const rise = (from: Fraction, n: number) =>
      upTo(n - 1).reduce((all, step) => times(all, plus(from, fraction(step))), ONE);
    const [n, share] = [9, fraction(1, 5)];
    for (const on of upTo(n)) {
      const logs = [10, 100, 1000, 10_000].map((c) => {
        const [a, b] = [times(fraction(c), share), times(fraction(c), minus(ONE, share))];
        const likely = over(times(rise(a, on), rise(b, n - on)), rise(fraction(c), n));
        return over(likely, times(power(share, on), power(minus(ONE, share), n - on)));
      });
      const wanted = Math.log(toNumber(over(sum(logs), fraction(4))));
      expect(mismatchLogEvidence({ on, off: n - on }, toNumber(share))).toBeCloseTo(wanted, 10);
    }
  });
});
