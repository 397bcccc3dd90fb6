import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const TWO_STAGES = `
stages:
  - { name: canary, percentage: 5, duration: 1h, criteria: [error_rate < 1%] }
  - { name: full, percentage: 100, duration: 30m }
`;

describe("a ramp", () => {
  it("begins at once when there is nothing to wait for, and each stage lasts its duration", () => {
    const { ramp, outcome, lines } = tell(TWO_STAGES);
    expect(ramp).toBe("0s 5, 1h 100");
    expect(outcome).toBe("completed");
    expect(lines()).toEqual([
      "0s started 0",
      "0s stageStarted canary 5",
      "1h stageDone canary 5",
      "1h stageStarted full 100",
      "1h30m stageDone full 100",
      "1h30m completed full 100",
    ]);
  });

  it("ends a stage off the sampling's grid when its duration ends there", () => {
    expect(
      tell(`stages: [{ name: a, percentage: 5, duration: 65s }, { name: b, percentage: 10, duration: 61s }]`).ramp,
    ).toBe("0s 5, 1m5s 10");
  });

  it("waits for a criterion after the duration is over", () => {
    const { ramp } = tell(
      TWO_STAGES,
      `metrics: { error_rate: [{ at: 0s, value: 2% }, { at: 2h, value: 0.5% }], p95: 200ms }`,
    );
    expect(ramp).toBe("0s 5, 2h2m 100");
  });

  it("counts a criterion's time anew after a single sample that fails it", () => {
    const spec = `stages: [{ name: canary, percentage: 5, duration: 1h, criteria: [{ require: error_rate < 1%, for: 30m }] }, { name: full, percentage: 100, duration: 1m }]`;
    const blip =
      "metrics: { error_rate: [{ at: 0s, value: 0.5% }, { at: 50m, value: 1% }, { at: 50m10s, value: 0.5% }] }";
    expect(tell(spec, blip).ramp).toBe("0s 5, 1h20m10s 100");
  });

  it("does not count a criterion's time anew at a change of stage", () => {
    const spec = `
stages:
  - { name: a, percentage: 5, duration: 30m, criteria: [{ require: error_rate < 1%, for: 30m }] }
  - { name: b, percentage: 10, duration: 1m }
  - { name: c, percentage: 20, duration: 1m }
`;
    expect(tell(spec).ramp).toBe("0s 5, 30m 10, 31m 20");
  });

  it("holds a criterion that is 24 h long exactly when the stage's 24 h are over", () => {
    const spec = `stages: [{ name: canary, percentage: 5, duration: 24h, criteria: [{ require: p95 < 500ms, for: 24h }] }, { name: full, percentage: 100, duration: 1m }]`;
    expect(tell(spec).ramp).toBe("0s 5, 24h 100");
  });

  it("keeps earlier stages' criteria, unless a stage does not inherit", () => {
    const slow = "metrics: { error_rate: 0.2%, p95: [{ at: 0s, value: 200ms }, { at: 90m, value: 2s }] }\nuntil: 5h";
    const spec = (inherit: string) => `
stages:
  - { name: a, percentage: 5, duration: 1h, criteria: [p95 < 500ms] }
  - { name: b, percentage: 10, duration: 1h${inherit} }
  - { name: c, percentage: 20, duration: 1h }
`;
    expect(tell(spec(""), slow).ramp).toBe("0s 5, 1h 10");
    expect(tell(spec(", inherit: false"), slow).ramp).toBe("0s 5, 1h 10, 2h 20");
  });

  it("waits for the checklist of a stage, whoever ticks it and in whatever letters", () => {
    const spec = `stages: [{ name: a, percentage: 5, duration: 1h, checklist: ["Feedback neutral", "Logs clean"] }, { name: b, percentage: 10, duration: 1m }]`;
    expect(tell(spec, "until: 1d").outcome).toBe("running");
    const ticked = tell(spec, `events: [{ at: 10m, tick: "feedback NEUTRAL" }, { at: 3h, tick: logs-clean }]`);
    expect(ticked.ramp).toBe("0s 5, 3h 10");
    expect(tell(spec, "events: [{ at: 2h, tick: all }]").ramp).toBe("0s 5, 2h 10");
  });

  it("takes ticks of the next stage early, but not of one after that", () => {
    const spec = `
stages:
  - { name: a, percentage: 5, duration: 1h, checklist: [Logs clean] }
  - { name: b, percentage: 10, duration: 1h, checklist: [Logs clean, Load tested] }
  - { name: c, percentage: 20, duration: 1h, checklist: [Feedback good] }
`;
    const early =
      "events: [{ at: 10m, tick: Load tested }, { at: 20m, tick: Feedback good }, { at: 30m, tick: Logs clean }, { at: 40m, tick: Logs clean }]\nuntil: 10h";
    const { ramp, lines } = tell(spec, early);
    expect(ramp).toBe("0s 5, 1h 10, 2h 20");
    expect(lines("refused")).toEqual(["20m refused a 5"]);
    expect(tell(spec, "events: [{ at: 30m, tick: all }]\nuntil: 10h").ramp).toBe("0s 5, 1h 10");
  });

  it("opens at most one stage for each sampling, even if its stages take no time", () => {
    const spec =
      "stages: [{ name: a, percentage: 1, duration: 0s }, { name: b, percentage: 2, duration: 0s }, { name: c, percentage: 3, duration: 0s }]";
    expect(tell(spec).ramp).toBe("0s 1, 10s 2, 20s 3");
  });

  it("does not rise while the condition of a rollback or pause trigger is true, even before its time is up", () => {
    const spec = (action: string) => `
triggers: [{ name: errors, when: error_rate >= 1%, for: 2h, action: ${action} }]
stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1m }]
`;
    const breach =
      "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 59m, value: 1% }, { at: 100m, value: 0.2% }], p95: 200ms }";
    expect(tell(spec("rollback"), breach).ramp).toBe("0s 5, 1h40m 10");
    expect(tell(spec("pause"), breach).ramp).toBe("0s 5, 1h40m 10");
    expect(tell(spec("notify"), breach).ramp).toBe("0s 5, 1h 10");
  });

  it("does not rise into a stage whose own trigger would be true there", () => {
    const spec = `
stages:
  - { name: a, percentage: 5, duration: 1h }
  - { name: b, percentage: 10, duration: 1m, triggers: [{ name: strict, when: error_rate >= 0.5%, for: 5m, action: rollback }] }
`;
    const { ramp } = tell(spec, "metrics: { error_rate: [{ at: 0s, value: 0.6% }, { at: 2h, value: 0.1% }] }");
    expect(ramp).toBe("0s 5, 2h 10");
  });

  it("does not begin while a trigger is true, and is not rolled back by it: nobody is exposed yet", () => {
    const spec =
      "triggers: [{ name: errors, when: error_rate >= 1%, action: rollback }]\nstages: [{ name: a, percentage: 5, duration: 1h }]";
    const { ramp, outcome } = tell(spec, "metrics: { error_rate: [{ at: 0s, value: 3% }, { at: 1h, value: 0.1% }] }");
    expect(ramp).toBe("1h 5");
    expect(outcome).toBe("completed");
  });

  it("goes past triggers that compare users whom the scenario doesn't bring, and says so", () => {
    const spec = `
metrics: { upload_errors: { sdk: { measure: error_rate, cohort: on } } }
triggers: [{ name: regression, compare: upload_errors, action: rollback }]
stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1m }]
`;
    const { ramp, notes } = tell(spec, "metrics: { upload_errors: 1% }");
    expect(ramp).toBe("0s 5, 1h 10");
    expect(notes).toEqual(["taken for granted: upload_errors is the same with and without the flag"]);
    expect(tell(spec, "metrics: { upload_errors: 1% }\nassume: nothing\nuntil: 1d").ramp).toBe("0s 5");
  });

  it("stays at a stage that compares cohorts while nobody reports any, and says so", () => {
    const spec = `
metrics: { upload_errors: { sdk: { measure: error_rate, cohort: on } } }
stages: [{ name: a, percentage: 5, duration: 1h, criteria: [{ compare: upload_errors within 25% }] }, { name: b, percentage: 10, duration: 1m }]
`;
    const { ramp, summary } = tell(spec, "metrics: { upload_errors: 1% }\nuntil: 1d");
    expect(ramp).toBe("0s 5");
    expect(summary).toMatch(/waits for a comparison of upload_errors \(not compared yet at this percentage\)/);
  });
});

describe("a timeout", () => {
  const spec = (more = "") => `
stages:
  - { name: a, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate < 1%]${more} }
  - { name: b, percentage: 10, duration: 1m }
`;
  const failing = "metrics: { error_rate: 2% }\n";

  it("pauses the rollout at its percentage", () => {
    const { outcome, lines } = tell(spec(), `${failing}until: 5h`);
    expect(outcome).toBe("paused");
    expect(lines("timedOut", "paused")).toEqual(["2h timedOut a 5", "2h paused a 5"]);
  });

  it("rolls back where the plan says so", () => {
    const { ramp, outcome, first } = tell(spec(", onTimeout: rollback"), failing);
    expect(ramp).toBe("0s 5, 2h 0");
    expect(outcome).toBe("rolledBack");
    expect(first("rollbackStarted")?.cause).toMatchObject({ kind: "timeout", subject: "a" });
  });

  it("gives the stage its whole time again when a person resumes", () => {
    const { lines } = tell(spec(), `${failing}events: [{ at: 3h, resume: true }]\nuntil: 9h`);
    expect(lines("paused")).toEqual(["2h paused a 5", "5h paused a 5"]);
  });

  it("never ends waiting for an approval, and reminds", () => {
    const waiting = `
remindEvery: 12h
stages: [{ name: a, percentage: 5, duration: 1h, timeout: 2h }, { name: b, percentage: 10, duration: 1m, approvals: [lead] }]
`;
    const { outcome, lines } = tell(waiting, "until: 30h");
    expect(outcome).toBe("awaiting");
    expect(lines("reminded")).toEqual(["13h reminded b 5", "25h reminded b 5"]);
  });
});

describe("a holdback", () => {
  it("keeps its share off while the last stage soaks, and lets go at the end", () => {
    const { ramp, lines } = tell(
      "holdback: 1%\nstages: [{ name: half, percentage: 50, duration: 1h }, { name: full, percentage: 100, duration: 1h }]",
    );
    expect(ramp).toBe("0s 50, 1h 99, 2h 100");
    expect(lines("holdbackReleased")).toEqual(["2h holdbackReleased full 100"]);
  });

  it("means nothing below 100 %", () => {
    expect(tell("holdback: 1%\nstages: [{ name: half, percentage: 50, duration: 1h }]").ramp).toBe("0s 50");
  });
});
