import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (more = "") =>
  `stages: [{ name: a, percentage: 5, duration: 2h${more} }, { name: b, percentage: 10, duration: 1m }]`;

describe("a pause", () => {
  it("stops the stage's clock, and a resume lets it go on", () => {
    const { ramp, lines } = tell(spec(), "events: [{ at: 1h, pause: checking the logs }, { at: 5h, resume: true }]");
    expect(ramp).toBe("0s 5, 6h 10");
    expect(lines("paused", "resumed")).toEqual(["1h paused a 5", "5h resumed a 5"]);
  });

  it("stops the timeout too", () => {
    const { lines } = tell(
      spec(", timeout: 3h, criteria: [error_rate < 0.1%]"),
      "events: [{ at: 1h, pause: true }, { at: 5h, resume: true }]\nuntil: 8h",
    );
    expect(lines("timedOut")).toEqual(["7h timedOut a 5"]);
  });

  it("leaves criteria counting", () => {
    const long = spec(", criteria: [{ require: error_rate < 1%, for: 4h }]");
    expect(tell(long, "events: [{ at: 1h, pause: true }, { at: 5h, resume: true }]").ramp).toBe("0s 5, 6h 10");
  });

  it("lasts until a person resumes, and reminds", () => {
    const { outcome, lines, summary } = tell(spec(), "events: [{ at: 1h, pause: true }]\nuntil: 12h");
    expect(outcome).toBe("paused");
    expect(lines("reminded")).toEqual(["5h reminded a 5", "9h reminded a 5"]);
    expect(summary).toBe(
      "Paused a (5 %) by operator: waits for a person to resume, promote or roll it back, and for 1h more of 2h.",
    );
  });

  it("while awaiting approval keeps an approval from opening the stage", () => {
    const approved =
      "stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1m, approvals: [lead] }]";
    const scenario = "events: [{ at: 2h, pause: true }, { at: 3h, approve: lead }, { at: 4h, resume: true }]";
    expect(tell(approved, scenario).ramp).toBe("0s 5, 4h 10");
  });

  it("is one pause, whatever else would pause meanwhile, and its first cause stays", () => {
    const watched = `triggers: [{ name: errors, when: error_rate >= 1%, action: pause }]\n${spec()}`;
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 90m, value: 2% }] }\nevents: [{ at: 1h, pause: true }]\nuntil: 2h";
    const { lines, state } = tell(watched, scenario);
    expect(lines("paused", "triggerFired")).toEqual(["1h paused a 5", "1h30m triggerFired a 5"]);
    expect(state.phase).toMatchObject({ pause: { cause: { kind: "command" } }, clock: { elapsedMs: 3_600_000 } });
  });

  it("is refused where there is nothing to pause, with what is possible", () => {
    const { first, lines } = tell(spec(), "events: [{ at: 3h, pause: true }]");
    expect(lines("refused")).toEqual(["3h refused b 10"]);
    expect(first("refused")?.cause?.reason).toBe(
      "pause: not possible while the rollout is completed; possible now: tick, rollback, acknowledge",
    );
  });

  it("that comes at the very instant at which a stage would end is first", () => {
    expect(tell(spec(), "events: [{ at: 2h, pause: true }]\nuntil: 5h").ramp).toBe("0s 5");
  });
});
