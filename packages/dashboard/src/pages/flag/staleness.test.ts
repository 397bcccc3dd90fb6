import type { FlagView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { staleness } from "./staleness.ts";

const CHANGED = Date.parse("2026-03-01T00:00:00.000Z");
const DAY_MS = 86_400_000;

function flag(state: Partial<FlagView["environments"][string]>, more: Partial<FlagView> = {}): FlagView {
  return {
    key: "checkout",
    type: "boolean",
    description: "",
    tags: [],
    variants: { on: true, off: false },
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: new Date(CHANGED).toISOString(),
    environments: { production: { enabled: true, percentage: 100, rules: 0, targets: 0, revision: 1, ...state } },
    ...more,
  };
}

describe("a flag that may have outlived its use", () => {
  it("was on for everybody for two weeks", () => {
    expect(staleness(flag({}), "production", CHANGED + 14 * DAY_MS)).toBe("100 % for 14 days");
    expect(staleness(flag({}), "production", CHANGED + 14 * DAY_MS - 1)).toBeUndefined();
  });

  it("is not one that a rule still decides about, or that ramps", () => {
    expect(staleness(flag({ rules: 1 }), "production", CHANGED + 99 * DAY_MS)).toBeUndefined();
    expect(staleness(flag({ percentage: 50 }), "production", CHANGED + 99 * DAY_MS)).toBeUndefined();
  });

  it("was killed for two weeks", () => {
    expect(staleness(flag({ enabled: false }), "production", CHANGED + 20 * DAY_MS)).toBe("killed for 20 days");
  });

  it("is past the day by which it was to go, from the day after", () => {
    const bound = flag({}, { expectedEnd: "2026-03-02" });
    expect(staleness(bound, "production", Date.parse("2026-03-02T23:00:00Z"))).toBeUndefined();
    expect(staleness(bound, "production", Date.parse("2026-03-03T00:00:00Z"))).toBe("was to go by 2026-03-02");
  });
});
