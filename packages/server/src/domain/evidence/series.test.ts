import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { POINTS_MAX, Series } from "./series.ts";

const seriesOf = (values: readonly number[]): Series => {
  const series = new Series();
  values.forEach((value, index) => series.add(index * 1000, { kind: "value", value, ageMs: 0 }));
  return series;
};

describe("a series", () => {
  it("keeps each sample while there is room", () => {
    expect(seriesOf([3, 1, 2]).points).toEqual([
      { at: "1970-01-01T00:00:00.000Z", samples: 1, min: 3, max: 3, last: 3 },
      { at: "1970-01-01T00:00:01.000Z", samples: 1, min: 1, max: 1, last: 1 },
      { at: "1970-01-01T00:00:02.000Z", samples: 1, min: 2, max: 2, last: 2 },
    ]);
  });

  it("stays bounded, and loses neither the least, the greatest, the last value nor the count, however long it gets", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 5000 }), (values) => {
        const { points, summary } = seriesOf(values);
        expect(points.length).toBeLessThanOrEqual(POINTS_MAX);
        expect(points.reduce((sum, { samples }) => sum + samples, 0)).toBe(values.length);
        expect(summary).toMatchObject({
          samples: values.length,
          min: Math.min(...values),
          max: Math.max(...values),
          last: values.at(-1),
        });
        expect(summary.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
        expect(points.map(({ at }) => at)).toEqual(points.map(({ at }) => at).toSorted());
      }),
      { numRuns: 50 },
    );
  });

  it("keeps a spike of one sample in a week of them", () => {
    const values = Array.from({ length: 60_480 }, (_, index) => (index === 31_337 ? 0.5 : 0.001));
    const { points } = seriesOf(values);
    expect(points.filter(({ max }) => max === 0.5)).toHaveLength(1);
  });

  it("counts what gave no value, and an infinity as no data", () => {
    const series = seriesOf([1]);
    series.add(5000, { kind: "noData", reason: "no series" });
    series.add(6000, { kind: "error", reason: "timed out" });
    series.add(7000, { kind: "value", value: Number.POSITIVE_INFINITY, ageMs: 0 });
    expect(series.summary).toEqual({ samples: 1, noData: 2, errors: 1, min: 1, max: 1, mean: 1, last: 1 });
    expect(new Series().summary).toEqual({ samples: 0, noData: 0, errors: 0 });
  });
});
