import type { FlagView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { staleness } from "./staleness.ts";

const CHANGED = Date.parse("2026-03-01T00:00:00.000Z");
const DAY_MS = 86_400_000;

const at = (days: number): string => new Date(CHANGED + days * DAY_MS).toISOString();

/** Asked for all the time, unless told otherwise. */
function flag(state: Partial<FlagView["environments"][string]>, more: Partial<FlagView> = {}): FlagView {
  const production = { enabled: true, percentage: 100, rules: 0, targets: 0, revision: 1, lastEvaluatedAt: at(999) };
  return {
    key: "checkout",
    type: "boolean",
    description: "",
    tags: [],
    variants: { on: true, off: false },
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: at(0),
    environments: { production: { ...production, ...state } },
    ...more,
  };
}

function silent(more: Partial<FlagView> = {}): FlagView {
  const { lastEvaluatedAt: _, ...state } = flag({ percentage: 50 }).environments["production"] ?? { enabled: true };
  return { ...flag({}), environments: { production: state }, ...more };
}

describe("a flag that may have outlived its use", () => {
  it("was on for everybody for two weeks", () => {
    expect(staleness(flag({}), "production", CHANGED + 14 * DAY_MS)).toEqual(["100 % for 14 days"]);
    expect(staleness(flag({}), "production", CHANGED + 14 * DAY_MS - 1)).toEqual([]);
  });

  it("is not one that a rule still decides about, or that ramps", () => {
    expect(staleness(flag({ rules: 1 }), "production", CHANGED + 99 * DAY_MS)).toEqual([]);
    expect(staleness(flag({ percentage: 50 }), "production", CHANGED + 99 * DAY_MS)).toEqual([]);
  });

  it("was killed for two weeks", () => {
    expect(staleness(flag({ enabled: false }), "production", CHANGED + 20 * DAY_MS)).toEqual(["killed for 20 days"]);
  });

  it("is past the day by which it was to go, from the day after", () => {
    const bound = flag({}, { expectedEnd: "2026-03-02" });
    expect(staleness(bound, "production", Date.parse("2026-03-02T23:00:00Z"))).toEqual([]);
    expect(staleness(bound, "production", Date.parse("2026-03-03T00:00:00Z"))).toEqual(["was to go by 2026-03-02"]);
  });

  it("was never asked for, which says nothing on its first day and is known for thirty", () => {
    const made = silent({ createdAt: at(0) });
    expect(staleness(made, "production", CHANGED + DAY_MS - 1)).toEqual([]);
    expect(staleness(made, "production", CHANGED + DAY_MS)).toEqual(["never asked for"]);
    expect(staleness(made, "production", CHANGED + 30 * DAY_MS)).toEqual(["not asked for in 30 days"]);
    expect(staleness(made, "staging", CHANGED + DAY_MS)).toEqual([]);
  });

  it("was not asked for in a week", () => {
    const asked = flag({ percentage: 50, lastEvaluatedAt: at(1) });
    expect(staleness(asked, "production", CHANGED + 8 * DAY_MS - 1)).toEqual([]);
    expect(staleness(asked, "production", CHANGED + 8 * DAY_MS)).toEqual(["not asked for in 7 days"]);
  });

  it("can be stale for more than one reason", () => {
    const stale = flag({ lastEvaluatedAt: at(0) }, { expectedEnd: "2026-03-02" });
    expect(staleness(stale, "production", CHANGED + 20 * DAY_MS)).toEqual([
      "was to go by 2026-03-02",
      "100 % for 20 days",
      "not asked for in 20 days",
    ]);
  });
});
