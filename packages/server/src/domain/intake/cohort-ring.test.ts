import { describe, expect, it } from "vitest";
import { CohortRing } from "./cohort-ring.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse("2026-01-05T02:00:00Z");
const calls = (count: number, failures = 0) => ({ count, failures, bins: [[5, count]] as const });

describe("the counts of the last day", () => {
  it("are added up over a stretch of time, by cohort or over both", () => {
    const ring = new CohortRing();
    ring.add(NOW - 90_000, "on", calls(100, 50));
    ring.add(NOW - 59_000, "on", calls(3, 1));
    ring.add(NOW, "on", calls(4, 2));
    ring.add(NOW, "off", calls(5));
    const total = ring.total(NOW - MINUTE, NOW, "on");
    expect(total).toMatchObject({ count: 7, failures: 3, newestAt: NOW });
    expect(total.bins[5]).toBe(7);
    expect(ring.total(NOW - MINUTE, NOW, "all").count).toBe(12);
    expect(ring.total(NOW - HOUR, NOW, "on").count).toBe(107);
    expect(ring.total(NOW - 30_000, NOW - 1_000, "all")).toMatchObject({ count: 0, newestAt: undefined });
  });

  it("go back a day, the older the coarser", () => {
    const ring = new CohortRing();
    for (let at = NOW - 30 * HOUR; at <= NOW; at += 30_000) ring.add(at, "off", calls(1));
    expect(ring.total(NOW - 2 * MINUTE, NOW, "off").count).toBe(5);
    expect(ring.total(NOW - 50 * MINUTE, NOW, "off").count).toBe(101);
    expect(ring.total(NOW - 12 * HOUR, NOW, "off").count).toBe(12 * 120 + 1);
    expect(Math.abs(ring.total(NOW - 72 * HOUR, NOW, "off").count - 24 * 120)).toBeLessThan(20);
  });

  it("forget what a clock that was set back would bring up again", () => {
    const ring = new CohortRing();
    ring.add(NOW, "on", calls(9));
    ring.add(NOW - HOUR, "on", calls(1));
    expect(ring.total(NOW - 2 * HOUR, NOW + 1, "on").count).toBe(1);
  });
});
