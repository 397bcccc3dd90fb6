import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (preconditions: string) =>
  `preconditions: ${preconditions}\nstages: [{ name: a, percentage: 5, duration: 1h }]`;

describe("preconditions", () => {
  it("all hold at once, and exposure begins", () => {
    const both = spec(`[{ check: "Team is ready" }, { require: error_rate < 1%, for: 5m }]`);
    const { ramp, lines } = tell(both, `events: [{ at: 1h, tick: Team is ready }]`);
    expect(lines("started", "ticked", "preconditionsMet", "stageStarted")).toEqual([
      "0s started 0",
      "1h ticked 0",
      "1h preconditionsMet 0",
      "1h stageStarted a 5",
    ]);
    expect(ramp).toBe("1h 5");
  });

  it("that held one after the other, but never together, begin nothing", () => {
    const both = spec(`[{ require: error_rate < 1%, for: 5m }, { require: p95 < 500ms, for: 5m }]`);
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 1h, value: 2% }], p95: [{ at: 0s, value: 2s }, { at: 1h, value: 100ms }] }\nuntil: 5h";
    expect(tell(both, scenario).outcome).toBe("preconditions");
  });

  it("count their time from the first sample that passes", () => {
    const health = spec("[{ require: error_rate < 1%, for: 5m }]");
    expect(tell(health).ramp).toBe("5m 5");
    expect(tell(health, "metrics: { error_rate: [{ at: 0s, value: 2% }, { at: 10m, value: 0.1% }] }").ramp).toBe(
      "15m 5",
    );
  });

  it("can ask for a drill that was fast enough, and not too long ago", () => {
    const drill = spec("[{ drill: { within: 1h, under: 30s } }]");
    expect(tell(drill, "assume: nothing\nuntil: 2h").outcome).toBe("preconditions");
    expect(tell(drill, "events: [{ at: 10m, drill: 12s }]").ramp).toBe("10m 5");
    const slow = tell(drill, "events: [{ at: 10m, drill: 30s }]\nuntil: 1h");
    expect(slow.summary).toContain("a drill under 30s within 1h (the last one took too long)");
    const old = tell(
      spec(`[{ drill: { within: 1h, under: 30s } }, { check: "Team is ready" }]`),
      `events: [{ at: 10m, drill: 12s }, { at: 2h, tick: Team is ready }]\nuntil: 3h`,
    );
    expect(old.ramp).toBe("");
    expect(old.summary).toContain("the last one is too old");
  });

  it("goes by the newest drill, not by the best", () => {
    const { ramp } = tell(
      spec(`[{ drill: { within: 1h, under: 30s } }, { check: "Team is ready" }]`),
      "events: [{ at: 10m, drill: 12s }, { at: 20m, drill: 45s }, { at: 30m, tick: Team is ready }, { at: 40m, drill: 9s }]",
    );
    expect(ramp).toBe("40m 5");
  });

  it("must hold again when an approval for the first stage took its time", () => {
    const approved = `preconditions: [{ require: error_rate < 1%, for: 5m }]\nstages: [{ name: a, percentage: 5, duration: 1h, approvals: [lead] }]`;
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 1h, value: 2% }, { at: 3h, value: 0.1% }] }\nevents: [{ at: 2h, approve: lead }]";
    expect(tell(approved, scenario).ramp).toBe("3h5m 5");
  });

  it("are ticked by those who hold the role, and by nobody else", () => {
    const roles = spec(`[{ check: "Team is ready", roles: [lead] }]`);
    const { first, ramp } = tell(
      roles,
      "events: [{ at: 1h, tick: { item: Team is ready, role: intern } }, { at: 2h, tick: { item: Team is ready, role: lead } }]",
    );
    expect(first("refused")?.cause?.reason).toMatch(/tick: it takes lead, and operator holds intern/);
    expect(ramp).toBe("2h 5");
  });

  it("don't give a criterion of the first stage a head start: exposure is what it is measured under", () => {
    const both =
      "preconditions: [{ require: error_rate < 1%, for: 1h }]\nstages: [{ name: a, percentage: 5, duration: 10m, criteria: [{ require: error_rate < 1%, for: 1h }] }, { name: b, percentage: 10, duration: 1m }]";
    expect(tell(both).ramp).toBe("1h 5, 2h 10");
  });
});
