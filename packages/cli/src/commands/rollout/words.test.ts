import { describe, expect, it } from "vitest";
import { rolloutEvent } from "../../testing/rollout.ts";
import { causeText, eventText } from "./words.ts";

const AT = "2026-01-05T11:59:00.000Z";

describe("why something happened", () => {
  it.each([
    ["error_rate >= 5%", 0.0612, 0.05, "6.12%"],
    ["p95 >= 1000ms", 1.25, 1, "1250ms"],
    ["queue > 10", 12, 10, "12"],
    ["share >= 5 %", 6, 5, "6%"],
    ["tickets >= baseline + 25%", 130, 125, "130"],
    ["errors > 0", 3, 0, "3"],
  ])("says the value of %s in the unit that it was written in", (condition, value, threshold, shown) => {
    const cause = { kind: "trigger", subject: "x", condition, value, threshold };
    expect(causeText(cause, AT)).toBe(`trigger x (${condition}) at ${shown}`);
  });

  it("says who did it, and why", () => {
    expect(causeText({ kind: "command", subject: "pause", by: "token:ab12 (anna)", reason: "lunch" }, AT)).toBe(
      "pause by anna · lunch",
    );
    expect(causeText({ kind: "noData", subject: "p95", since: "2026-01-05T11:54:00Z" }, AT)).toBe(
      "no data of p95 for 5m",
    );
  });
});

describe("an event", () => {
  it("names its stage, and says nothing twice", () => {
    const by = (kind: string, subject: string) => ({ cause: { kind, subject } });
    expect(eventText(rolloutEvent(1, "stageStarted", by("stage", "canary")))).toBe(
      "quarter opened at 25 %: canary is done",
    );
    expect(eventText(rolloutEvent(2, "triggerFired", by("trigger", "errors")))).toBe("trigger fired: errors");
    expect(eventText(rolloutEvent(3, "awaiting", by("approval", "engineering-lead")))).toBe(
      "waits to open quarter: approval by engineering-lead",
    );
  });

  it("that a newer server knows keeps its own name", () => {
    expect(eventText(rolloutEvent(1, "constructor"))).toBe("constructor");
    expect(eventText(rolloutEvent(1, "levitated"))).toBe("levitated");
  });
});
