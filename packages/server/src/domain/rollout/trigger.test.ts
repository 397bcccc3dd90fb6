import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const stages =
  "stages: [{ name: canary, percentage: 5, duration: 24h }, { name: full, percentage: 100, duration: 1h, approvals: [lead] }]\n";
const breach = (at: string, more = "") =>
  `metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: ${at}, value: 6% }${more}] }\n`;
const errors = (more: string) => `triggers: [{ name: errors, when: error_rate >= 5%${more} }]\n${stages}`;

describe("a trigger", () => {
  it("fires at the first sample when it has no `for`", () => {
    const { ramp, first } = tell(errors(", action: rollback"), breach("1h3s"));
    expect(ramp).toBe("0s 5, 1h10s 0");
    expect(first("rollbackStarted")?.cause).toMatchObject({
      kind: "trigger",
      subject: "errors",
      value: 0.06,
      threshold: 0.05,
    });
  });

  it("fires at the first sample at or after its `for`, counted from the first sample at which it was true", () => {
    expect(tell(errors(", for: 2m, action: rollback"), breach("1h")).ramp).toBe("0s 5, 1h2m 0");
    expect(tell(errors(", for: 125s, action: rollback"), breach("1h")).ramp).toBe("0s 5, 1h2m10s 0");
    expect(tell(errors(", for: 2m, action: rollback"), breach("59m55s")).ramp).toBe("0s 5, 1h2m 0");
  });

  it("does not fire when the condition was false, or unknown, for one sample in between", () => {
    const spec = errors(", for: 2m, action: rollback");
    expect(tell(spec, breach("1h", ", { at: 61m, value: 4% }, { at: 61m10s, value: 6% }")).ramp).toBe(
      "0s 5, 1h3m10s 0",
    );
    expect(tell(spec, breach("1h", ", { at: 61m, value: null }, { at: 61m10s, value: 6% }")).ramp).toBe(
      "0s 5, 1h3m10s 0",
    );
    expect(tell(spec, breach("1h", ", { at: 61m, error: timeout }, { at: 61m10s, value: 6% }")).ramp).toBe(
      "0s 5, 1h3m10s 0",
    );
  });

  it("goes on counting over samplings that were never taken", () => {
    const crashed = `${breach("1h")}events: [{ at: 60m5s, crash: 60m }]\nuntil: 5h`;
    expect(tell(errors(", for: 2m, action: rollback"), crashed).ramp).toBe("0s 5, 2h5s 0");
  });

  it("fires while the rollout is paused", () => {
    const { ramp, lines } = tell(
      errors(", action: rollback"),
      `${breach("2h")}events: [{ at: 1h, pause: true }]\nuntil: 5h`,
    );
    expect(ramp).toBe("0s 5, 2h 0");
    expect(lines("paused", "triggerFired")).toEqual(["1h paused canary 5", "2h triggerFired canary 0"]);
  });

  it("fires while the rollout awaits approval", () => {
    const { ramp } = tell(errors(", action: rollback"), breach("30h"));
    expect(ramp).toBe("0s 5, 30h 0");
  });

  it("is not armed before exposure, while an approval for the first stage is missing", () => {
    const spec =
      "triggers: [{ name: incident, signal: incident, action: rollback }]\nstages: [{ name: canary, percentage: 5, duration: 1h, approvals: [lead] }]";
    const { ramp, outcome } = tell(spec, "events: [{ at: 10m, signal: incident }, { at: 1h, approve: lead }]");
    expect(ramp).toBe("1h 5");
    expect(outcome).toBe("completed");
  });

  it("that only tells, tells once for each time its condition becomes true", () => {
    const spec = errors(", action: notify");
    const twice = breach("1h", ", { at: 2h, value: 1% }, { at: 3h, value: 7% }");
    const { lines, outcome } = tell(spec, `${twice}until: 5h`);
    expect(lines("triggerFired")).toEqual(["1h triggerFired canary 5", "3h triggerFired canary 5"]);
    expect(outcome).toBe("running");
  });

  it("that pauses leaves a person's resume alone while its condition stays true, and keeps the percentage down", () => {
    const spec =
      "triggers: [{ name: errors, when: error_rate >= 1%, action: pause }]\nstages: [{ name: a, percentage: 5, duration: 2h }, { name: b, percentage: 10, duration: 1m }]";
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 1h, value: 2% }, { at: 6h, value: 0.2% }] }\nevents: [{ at: 70m, resume: true }]";
    const { ramp, lines } = tell(spec, scenario);
    expect(lines("paused", "resumed")).toEqual(["1h paused a 5", "1h10m resumed a 5"]);
    expect(ramp).toBe("0s 5, 6h 10");
  });

  it("that pauses, pauses again when its condition becomes true again", () => {
    const spec =
      "triggers: [{ name: errors, when: error_rate >= 1%, action: pause }]\nstages: [{ name: a, percentage: 5, duration: 24h }]";
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 2% }, { at: 1s, value: 0.2% }, { at: 1h, value: 2% }, { at: 2h, value: 0.2% }, { at: 3h, value: 2% }] }\nevents: [{ at: 2h30m, resume: true }]\nuntil: 5h";
    expect(tell(spec, scenario).lines("paused")).toEqual(["1h paused a 5", "3h paused a 5"]);
  });

  it("that rolls back beats one that pauses on the same sample, and the most severe one is the cause", () => {
    const spec = `
triggers:
  - { name: soft, when: error_rate >= 1%, action: pause, severity: P0 }
  - { name: slow, when: p95 >= 1s, action: rollback, severity: P1 }
  - { name: hard, when: error_rate >= 5%, action: rollback, severity: P0 }
${stages}`;
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 1h, value: 6% }], p95: [{ at: 0s, value: 200ms }, { at: 1h, value: 2s }] }";
    const { first, lines } = tell(spec, scenario);
    expect(first("rollbackStarted")?.cause?.subject).toBe("hard");
    expect(lines("paused")).toEqual([]);
    expect(lines("triggerFired")).toHaveLength(3);
  });

  it("is replaced for a stage by one of the same name", () => {
    const spec = `
triggers: [{ name: errors, when: error_rate >= 5%, for: 2m, action: rollback }]
stages:
  - { name: a, percentage: 5, duration: 1h }
  - { name: b, percentage: 25, duration: 24h, triggers: [{ name: errors, when: error_rate >= 3%, for: 5m, action: rollback }] }
`;
    const { ramp, first } = tell(spec, "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 2h, value: 6% }] }");
    expect(ramp).toBe("0s 5, 1h 25, 2h5m 0");
    expect(first("rollbackStarted")?.cause?.condition).toBe("error_rate >= 3%");
  });

  it("that was told of in one stage still rolls back in the next, where it is one that rolls back", () => {
    const spec = `
triggers: [{ name: errors, when: error_rate != 0%, action: notify }]
stages:
  - { name: a, percentage: 5, duration: 1h }
  - { name: b, percentage: 25, duration: 1h, triggers: [{ name: errors, when: error_rate != 0%, for: 2h, action: rollback }] }
`;
    const scenario = "metrics: { error_rate: [{ at: 0s, value: 0% }, { at: 90m, value: 1% }] }\nuntil: 10h";
    expect(tell(spec, scenario).ramp).toBe("0s 5, 1h 25, 3h30m 0");
  });

  it("compares with 12 digits: 7% is 0.07, however it was computed", () => {
    const spec = `triggers: [{ name: errors, when: error_rate >= baseline + 10%, action: rollback }]\n${stages}`;
    const scenario = "metrics: { error_rate: [{ at: 0s, value: 0.2 }, { at: 1h, value: 0.22 }] }";
    expect(tell(spec, scenario).ramp).toBe("0s 5, 1h 0");
  });
});

describe("a signal", () => {
  it("acts at once, between two samplings", () => {
    const spec = `triggers: [{ name: security, signal: security_incident, action: rollback, severity: P0 }]\n${stages}`;
    expect(tell(spec, "events: [{ at: 1h3s, signal: security_incident }]").ramp).toBe("0s 5, 1h3s 0");
  });

  it("stands for a metric's value until the next one", () => {
    const spec = `triggers: [{ name: tickets, when: tickets >= baseline + 25%, for: 5m, action: rollback }]\n${stages}`;
    const scenario = (second: string) =>
      `events: [{ at: 1h, signal: { name: support_tickets, value: 125 } }${second}]\nbaselines: { tickets: 100 }\nuntil: 5h`;
    expect(tell(spec, scenario("")).ramp).toBe("0s 5, 1h5m 0");
    expect(tell(spec, scenario(", { at: 64m, signal: { name: support_tickets, value: 120 } }")).ramp).toBe("0s 5");
  });

  it("that was never pushed makes a trigger false and a criterion inconclusive", () => {
    const spec = `
triggers: [{ name: few, when: tickets < 10, action: rollback }]
stages: [{ name: a, percentage: 5, duration: 1h, criteria: [tickets <= 5] }, { name: b, percentage: 10, duration: 1m }]
`;
    const { ramp, summary } = tell(spec, "until: 5h");
    expect(ramp).toBe("0s 5");
    expect(summary).toContain("tickets <= 5 (never pushed)");
  });

  it("gets too old after the metric's `maxAge`: a criterion on it doesn't pass any more, a trigger is false again", () => {
    const metrics = "metrics: { tickets: { signal: support_tickets, maxAge: 1h } }\n";
    const push = "events: [{ at: 30m, signal: { name: support_tickets, value: 50 } }]\n";
    const criterion = `${metrics}stages: [{ name: a, percentage: 5, duration: 2h, criteria: [tickets <= 100] }, { name: b, percentage: 10, duration: 1m }]`;
    expect(tell(criterion, `metrics: {}\n${push}until: 5h`).ramp).toBe("0s 5");
    const trigger = `${metrics}triggers: [{ name: many, when: tickets >= 10, for: 5h, action: pause }]\nstages: [{ name: a, percentage: 5, duration: 45m }, { name: b, percentage: 10, duration: 1m }]`;
    // Blocked while true; the first sample at which 1 h is over lies 10 s after it.
    expect(tell(trigger, `metrics: {}\n${push}until: 5h`).ramp).toBe("0s 5, 1h30m10s 10");
  });

  it("that is not named by the plan changes nothing", () => {
    expect(tell(stages, "events: [{ at: 1h, signal: { name: other, value: 1 } }]\nuntil: 2h").ramp).toBe("0s 5");
  });
});
