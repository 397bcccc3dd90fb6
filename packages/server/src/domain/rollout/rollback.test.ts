import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (rollback = "") => `
triggers: [{ name: errors, when: error_rate >= 5%, for: 2m, action: rollback, severity: P0 }]
stages: [{ name: a, percentage: 5, duration: 24h, criteria: [p95 < 500ms] }, { name: b, percentage: 10, duration: 1h }]
${rollback}
`;
const breach = (healedAt?: string) =>
  `metrics: { p95: 200ms, error_rate: [{ at: 0s, value: 0.2% }, { at: 2h, value: 6% }${healedAt ? `, { at: ${healedAt}, value: 0.2% }` : ""}] }\n`;
const verify = "rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }";

describe("a rollback", () => {
  it("is verified: recovered when the plan's criteria hold again", () => {
    const { outcome, lines, state } = tell(spec(verify), breach("2h3m"));
    expect(lines("rollbackStarted", "verifying", "recovered", "notRecovered", "rolledBack")).toEqual([
      "2h2m rollbackStarted a 0",
      "2h2m verifying a 0",
      "2h5m recovered a 0",
      "2h5m rolledBack a 0",
    ]);
    expect(outcome).toBe("rolledBack");
    expect(state.phase).toMatchObject({ recovery: "recovered" });
  });

  it("that did not help is told as such when the time is up", () => {
    const { lines, state } = tell(spec(verify), breach());
    expect(lines("recovered", "notRecovered", "rolledBack")).toEqual(["2h7m notRecovered a 0", "2h7m rolledBack a 0"]);
    expect(state.phase).toMatchObject({ recovery: "notRecovered" });
  });

  it("counts recovery from the rollback, not from before", () => {
    const { lines } = tell(spec(verify), "events: [{ at: 3h, rollback: support is overrun }]");
    expect(lines("recovered")).toEqual(["3h2m recovered a 0"]);
  });

  it("still recovers on the very last sample", () => {
    expect(tell(spec(verify), breach("2h5m")).lines("recovered", "notRecovered")).toEqual(["2h7m recovered a 0"]);
    expect(tell(spec(verify), breach("2h5m10s")).lines("recovered", "notRecovered")).toEqual(["2h7m notRecovered a 0"]);
  });

  it("is verified by the stage's own criteria where the plan names none", () => {
    const slow =
      "metrics: { error_rate: 6%, p95: [{ at: 0s, value: 200ms }, { at: 1h, value: 2s }, { at: 4h, value: 200ms }] }";
    const borrowed = spec("rollback: { verify: { within: 3h } }").replace("error_rate >= 5%", "p95 >= 1s");
    expect(tell(borrowed, slow).lines("rollbackStarted", "recovered")).toEqual([
      "1h2m rollbackStarted a 0",
      "4h2m recovered a 0",
    ]);
  });

  it("gives borrowed criteria two minutes at most: a stage's own 24 h would tell nobody in time", () => {
    const long = spec("rollback: { verify: { within: 10m } }").replace(
      "p95 < 500ms",
      "{ require: p95 < 500ms, for: 24h }",
    );
    expect(tell(long, "events: [{ at: 1h, rollback: true }]").lines("recovered")).toEqual(["1h2m recovered a 0"]);
  });

  it("silences the triggers: there is nothing left for them to stop", () => {
    const both = spec(verify).replace(
      "triggers: [",
      "triggers: [{ name: elevated, when: error_rate >= 1%, for: 4m, action: pause }, ",
    );
    expect(tell(both, breach()).lines("triggerFired", "paused")).toEqual(["2h2m triggerFired a 0"]);
  });

  it("is over at once where the plan doesn't ask for verification", () => {
    const { lines, state } = tell(spec(), breach());
    expect(lines("rollbackStarted", "verifying", "rolledBack")).toEqual([
      "2h2m rollbackStarted a 0",
      "2h2m rolledBack a 0",
    ]);
    expect(state.phase).toMatchObject({ recovery: "unchecked" });
  });

  it("can be ordered from every status, and ends at 0 %", () => {
    const ordered = (more: string) => tell(spec(verify), `events: [${more}{ at: 5h, rollback: enough }]\nuntil: 6h`);
    expect(ordered("").ramp).toBe("0s 5, 5h 0");
    expect(ordered("{ at: 1h, pause: true }, ").ramp).toBe("0s 5, 5h 0");
    const awaiting = spec(verify)
      .replace("duration: 24h", "duration: 1h")
      .replace("duration: 1h }", "duration: 1h, approvals: [lead] }");
    expect(tell(awaiting, "events: [{ at: 5h, rollback: enough }]\nuntil: 6h").ramp).toBe("0s 5, 5h 0");
    expect(tell(spec(verify), "events: [{ at: 40h, rollback: too late? never }]").ramp).toBe("0s 5, 24h 10, 40h 0");
  });

  it("before exposure ends the rollout at once, and there is nothing to kill", () => {
    const waiting = `preconditions: [{ check: "Team is ready" }]\n${spec(verify)}`;
    const { lines, state } = tell(waiting, "assume: nothing\nevents: [{ at: 1h, rollback: not today }]");
    expect(lines("rollbackStarted", "rolledBack")).toEqual(["1h rolledBack 0"]);
    expect(state.phase).toMatchObject({ recovery: "unchecked" });
  });

  it("at the very instant at which a stage would open wins: nothing rises", () => {
    expect(tell(spec(verify), "events: [{ at: 24h, rollback: true }]").ramp).toBe("0s 5, 24h 0");
  });

  it("is harmless twice", () => {
    const { lines } = tell(
      spec(verify),
      "events: [{ at: 1h, rollback: true }, { at: 1h1m, rollback: true }, { at: 3h, rollback: true }]",
    );
    expect(lines("rollbackStarted", "rolledBack", "refused")).toEqual([
      "1h rollbackStarted a 0",
      "1h2m rolledBack a 0",
    ]);
  });

  it("is what a flag that was killed by hand comes to, with nobody asked to verify", () => {
    const { lines, first, outcome } = tell(spec(verify), "events: [{ at: 1h, kill: { by: ann } }]");
    expect(lines("rolledBack")).toEqual(["1h rolledBack a 0"]);
    expect(first("rolledBack")?.cause).toMatchObject({ kind: "kill", subject: "checkout", by: "ann" });
    expect(outcome).toBe("rolledBack");
  });

  it("calls people in step by step until somebody acknowledges, and begins anew when it did not help", () => {
    const steps = `${verify}\nescalation: [{ after: 0m, to: [oncall] }, { after: 15m, to: [lead] }, { after: 30m, to: [everyone] }]`;
    const escalated = (scenario: string) => tell(spec(steps), scenario).lines("escalated");
    expect(escalated(breach())).toEqual([
      "2h2m escalated a 0",
      "2h7m escalated a 0",
      "2h22m escalated a 0",
      "2h37m escalated a 0",
    ]);
    expect(escalated(`${breach()}events: [{ at: 2h10m, acknowledge: true }]`)).toEqual([
      "2h2m escalated a 0",
      "2h7m escalated a 0",
    ]);
    expect(escalated(breach("2h3m"))).toEqual(["2h2m escalated a 0"]);
  });

  it("by a person calls nobody in", () => {
    const steps = `${verify}\nescalation: [{ after: 0m, to: [oncall] }]`;
    expect(tell(spec(steps), "events: [{ at: 1h, rollback: true }]").lines("escalated")).toEqual([]);
  });
});

describe("cancelling", () => {
  it("ends a rollout that exposed nobody, and is refused afterwards", () => {
    const waiting = `preconditions: [{ check: "Team is ready" }]\n${spec()}`;
    expect(tell(waiting, "assume: nothing\nevents: [{ at: 1h, cancel: true }]").outcome).toBe("cancelled");
    expect(tell(spec(), "events: [{ at: 1h, cancel: true }]\nuntil: 2h").first("refused")?.cause?.reason).toMatch(
      /users have been on .* roll it back instead/,
    );
  });
});
