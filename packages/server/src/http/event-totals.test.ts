import { describe, expect, it } from "vitest";
import { EventTotals } from "./event-totals.ts";

const once = { count: 1, failures: 1, latencySumMs: 5 };

describe("the totals of events", () => {
  it("add up by flag and cohort, and by metric", () => {
    const totals = new EventTotals();
    totals.ran("a", "on", once);
    totals.ran("a", "on", { count: 9, failures: 0, latencySumMs: 5 });
    totals.ran("a", "off", once);
    totals.tracked("basket", { count: 2, sum: 40 });
    totals.drop(3);
    expect(totals.view()).toEqual({
      runs: { a: { on: { count: 10, failures: 1, latencySumMs: 10 }, off: once } },
      tracks: { basket: { count: 2, sum: 40 } },
      dropped: 3,
    });
  });

  it("take no more names than there is room for, and count what they leave out", () => {
    const totals = new EventTotals();
    for (let i = 0; i < 20_005; i++) totals.tracked(`metric-${i}`, { count: 2, sum: 0 });
    totals.ran("a", "on", once);
    totals.tracked("metric-0", { count: 1, sum: 1 });
    const { tracks, runs, dropped } = totals.view();
    expect(Object.keys(tracks)).toHaveLength(20_000);
    expect(runs).toEqual({});
    expect(dropped).toBe(11);
    expect(tracks["metric-0"]).toEqual({ count: 3, sum: 1 });
  });
});
