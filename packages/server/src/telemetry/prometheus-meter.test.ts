import { describe, expect, it } from "vitest";
import { delaySeconds } from "./prometheus-meter.ts";

describe("the delay of the event loop", () => {
  it("is nothing for a timer that fires in time", () => {
    expect(delaySeconds(10_000_000)).toBe(0);
    expect(delaySeconds(9_900_000)).toBe(0);
  });

  it("is what a timer is late by", () => {
    expect(delaySeconds(60_000_000)).toBeCloseTo(0.05, 9);
  });
});
