import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Window } from "../plan/types.ts";
import { tell } from "./testing/story.ts";
import { isOpen, nextOpening, windowText } from "./window.ts";

const at = (text: string): number => Date.parse(text);
const window = (from: string, to: string, timezone = "UTC", days: readonly number[] = []): Window => ({
  fromMinute: minutes(from),
  toMinute: minutes(to),
  timezone,
  days,
});
const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const opening = (one: Window, from: string): string => {
  const next = nextOpening(one, at(from));
  return next === undefined ? "never" : new Date(next).toISOString();
};

describe("a window", () => {
  it("is open from its first minute, and shut at its last", () => {
    const night = window("02:00", "04:00");
    expect(isOpen(night, at("2026-01-05T01:59:59.999Z"))).toBe(false);
    expect(isOpen(night, at("2026-01-05T02:00:00Z"))).toBe(true);
    expect(isOpen(night, at("2026-01-05T03:59:59.999Z"))).toBe(true);
    expect(isOpen(night, at("2026-01-05T04:00:00Z"))).toBe(false);
  });

  it("can go over midnight, and then belongs to the day on which it opened", () => {
    const monday = window("22:00", "02:00", "UTC", [1]);
    expect(isOpen(monday, at("2026-01-05T23:00:00Z"))).toBe(true);
    expect(isOpen(monday, at("2026-01-06T01:00:00Z"))).toBe(true);
    expect(isOpen(monday, at("2026-01-05T01:00:00Z"))).toBe(false);
    expect(isOpen(monday, at("2026-01-06T23:00:00Z"))).toBe(false);
  });

  it("keeps to the clocks of its time zone, summer and winter", () => {
    const berlin = window("02:30", "04:00", "Europe/Berlin");
    expect(opening(berlin, "2026-01-05T12:00:00Z")).toBe("2026-01-06T01:30:00.000Z");
    expect(opening(berlin, "2026-07-05T12:00:00Z")).toBe("2026-07-06T00:30:00.000Z");
  });

  it("opens when the clocks are put forward over its beginning", () => {
    // On 29 March 2026 Berlin's clocks go from 02:00 to 03:00.
    expect(opening(window("02:30", "04:00", "Europe/Berlin"), "2026-03-28T12:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(opening(window("02:00", "03:00", "Europe/Berlin"), "2026-03-28T12:00:00Z")).toBe("2026-03-30T00:00:00.000Z");
  });

  it("opens twice when the clocks are put back over it", () => {
    // On 25 October 2026 Berlin's clocks show 02:00 to 03:00 twice.
    const berlin = window("02:00", "02:30", "Europe/Berlin");
    expect(opening(berlin, "2026-10-24T12:00:00Z")).toBe("2026-10-25T00:00:00.000Z");
    expect(opening(berlin, "2026-10-25T00:30:00Z")).toBe("2026-10-25T01:00:00.000Z");
  });

  it("says when it never opens within two weeks: its weekday is not one", () => {
    expect(opening(window("02:00", "04:00", "UTC", [9]), "2026-01-05T12:00:00Z")).toBe("never");
  });

  it("opens next at the first minute at which a look at every single minute finds it open", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/Sao_Paulo",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
      "Pacific/Apia",
      "America/Havana",
    );
    const windows = fc.record({
      fromMinute: fc.oneof(fc.nat(1439), fc.constantFrom(0, 30, 120, 150)),
      toMinute: fc.oneof(fc.nat(1439), fc.constantFrom(0, 30, 120, 150)),
      timezone: zones,
      days: fc.subarray([1, 2, 3, 4, 5, 6, 7]),
    });
    // Around the days on which some of these zones change their clocks.
    const starts = fc
      .tuple(
        fc.constantFrom(
          "2026-03-28",
          "2026-04-04",
          "2026-10-03",
          "2026-10-24",
          "2026-03-07",
          "2026-10-31",
          "2026-01-05",
          "2011-12-29",
        ),
        fc.nat(2880),
      )
      .map(([day, minute]) => at(`${day}T00:00:00Z`) + minute * 60_000);
    fc.assert(
      fc.property(windows, starts, (one, start) => {
        fc.pre(one.fromMinute !== one.toMinute);
        const next = nextOpening(one, start);
        let scanned = start;
        const limit = start + 3 * 24 * 3_600_000;
        while (scanned < limit && !isOpen(one, scanned)) scanned += 60_000;
        if (scanned < limit) expect(next).toBe(scanned);
        else expect(next ?? Infinity).toBeGreaterThanOrEqual(limit);
      }),
      { numRuns: 60 },
    );
  });

  it("is written as people read it", () => {
    expect(windowText(window("02:00", "04:00"))).toBe("02:00–04:00 UTC");
  });
});

describe("a stage", () => {
  const spec = (more = "") => `
window: { from: "02:00", to: "04:00", timezone: UTC }
stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1h${more} }, { name: c, percentage: 20, duration: 1h }]
`;

  it("begins in its window only, the first one too", () => {
    const { ramp, lines } = tell(spec(), "start: 2026-01-05T00:30:00Z");
    expect(ramp).toBe("1h30m 5, 2h30m 10, 25h30m 20");
    expect(lines("awaiting")).toEqual(["0s awaiting a 0", "3h30m awaiting c 10"]);
  });

  it("can have a window of its own", () => {
    expect(
      tell(spec(`, window: { from: "12:00", to: "13:00", timezone: UTC }`), "start: 2026-01-05T02:00:00Z").ramp,
    ).toBe("0s 5, 10h 10, 24h 20");
  });

  it("waits for the window after its approval, and for its approval in the window", () => {
    const approved = spec(", approvals: [lead]");
    expect(tell(approved, "start: 2026-01-05T03:30:00Z\nevents: [{ at: 5h, approve: lead }]\nuntil: 24h").ramp).toBe(
      "0s 5, 22h30m 10, 23h30m 20",
    );
    expect(tell(approved, "start: 2026-01-05T02:00:00Z\nevents: [{ at: 90m, approve: lead }]\nuntil: 3h").ramp).toBe(
      "0s 5, 1h30m 10",
    );
  });

  it("that is not begun in time for a broken precondition waits for the next window", () => {
    const careful = `preconditions: [{ require: error_rate < 1%, for: 10m }]\n${spec()}`;
    const scenario =
      "start: 2026-01-05T01:00:00Z\nmetrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 50m, value: 2% }, { at: 4h, value: 0.1% }] }\nuntil: 26h";
    expect(tell(careful, scenario).ramp).toBe("25h 5, 26h 10");
  });
});
