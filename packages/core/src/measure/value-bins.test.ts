import { describe, expect, it } from "vitest";
import {
  binOfQuantile,
  COMPARED_BINS,
  comparedCounts,
  comparedEdges,
  firstComparedBin,
  VALUE_BINS,
  valueBin,
  valueEdge,
  valueOfBin,
} from "./value-bins.ts";

const countsOf = (...values: readonly number[]): Uint32Array => {
  const counts = new Uint32Array(VALUE_BINS);
  for (const value of values) counts[valueBin(value)] = (counts[valueBin(value)] ?? 0) + 1;
  return counts;
};

describe("a value's bin", () => {
  it("lets it be read back within 5 %", () => {
    for (let value = 0.00101; value < 3e7; value *= 1.0173)
      expect(Math.abs(valueOfBin(valueBin(value)) / value - 1)).toBeLessThan(0.05);
  });

  it("lies between two edges of which the upper one belongs to it", () => {
    for (let value = 0.002; value < 3e7; value *= 1.37) {
      const bin = valueBin(value);
      expect(valueEdge(bin)).toBeGreaterThanOrEqual(value * (1 - 1e-12));
      expect(valueEdge(bin - 1)).toBeLessThan(value);
    }
  });

  it("is the first or the last for what is off the scale, and for what is no number", () => {
    expect([-1, 0, 0.001, Number.NaN, -Infinity].map(valueBin)).toEqual([0, 0, 0, 0, 0]);
    expect([1e12, Infinity].map(valueBin)).toEqual([VALUE_BINS - 1, VALUE_BINS - 1]);
  });
});

describe("the compared bins", () => {
  it("lie around the median, and within the scale", () => {
    const first = firstComparedBin(countsOf(1, 100, 100, 100, 5000));
    expect(valueBin(100) - first).toBe(COMPARED_BINS / 2);
    expect(firstComparedBin(countsOf(0.001))).toBe(0);
    expect(firstComparedBin(countsOf(1e9))).toBe(VALUE_BINS - COMPARED_BINS);
  });

  it("take all values in, those beyond their ends into the first and the last", () => {
    const counts = countsOf(0.001, 99, 100, 101, 1e9);
    const first = firstComparedBin(counts);
    const folded = comparedCounts(counts, first);
    expect(folded.reduce((sum, count) => sum + count)).toBe(5);
    expect([folded[0], folded[COMPARED_BINS - 1]]).toEqual([1, 1]);
    expect(folded[valueBin(100) - first]).toBeGreaterThanOrEqual(1);
  });

  it("are between 73 edges of equal ratio", () => {
    const edges = comparedEdges(100);
    expect(edges).toHaveLength(COMPARED_BINS + 1);
    for (let bin = 0; bin < COMPARED_BINS; bin++)
      expect((edges[bin + 1] ?? 0) / (edges[bin] ?? 0)).toBeCloseTo(1.1, 10);
    expect(valueBin(Math.sqrt((edges[7] ?? 0) * (edges[8] ?? 0)))).toBe(107);
  });
});

describe("a quantile", () => {
  it("is in the first bin up to which there are enough", () => {
    const counts = countsOf(...Array.from({ length: 95 }, () => 10), ...Array.from({ length: 5 }, () => 1000));
    expect(binOfQuantile(counts, 0.5)).toBe(valueBin(10));
    expect(binOfQuantile(counts, 0.95)).toBe(valueBin(10));
    expect(binOfQuantile(counts, 0.96)).toBe(valueBin(1000));
    expect(binOfQuantile(new Uint32Array(VALUE_BINS), 0.5)).toBeUndefined();
  });
});
