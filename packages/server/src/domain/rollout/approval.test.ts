import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (approvals: string) =>
  `stages: [{ name: a, percentage: 5, duration: 24h, criteria: [error_rate < 1%] }, { name: b, percentage: 25, duration: 1h, approvals: ${approvals} }]`;

describe("approvals", () => {
  it("open a stage: until they are there the percentage is the one before", () => {
    const { ramp, lines } = tell(spec("[{ role: lead }]"), "events: [{ at: 24h5m, approve: lead }]");
    expect(ramp).toBe("0s 5, 24h5m 25");
    expect(lines("awaiting", "approved", "stageStarted")).toEqual([
      "0s stageStarted a 5",
      "24h awaiting b 5",
      "24h5m approved b 5",
      "24h5m stageStarted b 25",
    ]);
  });

  it("open the first stage as well, at 0 %", () => {
    const { ramp, lines } = tell(
      "stages: [{ name: a, percentage: 5, duration: 1h, approvals: [lead] }]",
      "events: [{ at: 2h, approve: lead }]",
    );
    expect(lines("awaiting")).toEqual(["0s awaiting a 0"]);
    expect(ramp).toBe("2h 5");
  });

  it("can be given before the stage before is done", () => {
    expect(tell(spec("[lead]"), "events: [{ at: 1h, approve: lead }]").ramp).toBe("0s 5, 24h 25");
  });

  it("take as many distinct people as the plan asks for", () => {
    const two = spec("[{ role: lead, count: 2 }]");
    const by = (first: string, second: string) =>
      `events: [{ at: 25h, approve: { role: lead, by: ${first} } }, { at: 26h, approve: { role: lead, by: ${second} } }]\nuntil: 40h`;
    expect(tell(two, by("ann", "ann")).outcome).toBe("awaiting");
    expect(tell(two, by("ann", "ben")).ramp).toBe("0s 5, 26h 25");
  });

  it("of several roles are all needed, and one person can hold several", () => {
    const both = spec("[lead, cto]");
    expect(tell(both, "events: [{ at: 25h, approve: lead }]\nuntil: 30h").outcome).toBe("awaiting");
    expect(
      tell(
        both,
        "events: [{ at: 25h, approve: { role: lead, by: ann } }, { at: 26h, approve: { role: cto, by: ann } }]",
      ).ramp,
    ).toBe("0s 5, 26h 25");
  });

  it("by somebody whose role the stage does not ask for are refused, with who is asked", () => {
    const { lines, first } = tell(spec("[lead]"), "events: [{ at: 25h, approve: intern }]\nuntil: 26h");
    expect(lines("approved")).toEqual([]);
    expect(first("refused")?.cause?.reason).toMatch(/it takes lead, and intern holds intern/);
  });

  it("that are rejected hold the rollout, and are needed again after a resume", () => {
    const two = spec("[{ role: lead, count: 2 }]");
    const { lines, ramp } = tell(
      two,
      `events:
  - { at: 25h, approve: { role: lead, by: ann } }
  - { at: 26h, reject: { role: lead, by: ben, reason: too slow } }
  - { at: 27h, resume: true }
  - { at: 28h, approve: { role: lead, by: ben } }
  - { at: 29h, approve: { role: lead, by: ann } }`,
    );
    expect(lines("paused", "resumed")).toEqual(["26h paused b 5", "27h resumed b 5"]);
    expect(ramp).toBe("0s 5, 29h 25");
  });

  it("do not raise the percentage while a trigger is true; it rises when it is false", () => {
    const watched = `triggers: [{ name: errors, when: error_rate >= 2%, for: 5h, action: rollback }]\n${spec("[lead]")}`;
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 24h30m, value: 2% }, { at: 26h, value: 0.1% }] }\nevents: [{ at: 25h, approve: lead }]";
    expect(tell(watched, scenario).ramp).toBe("0s 5, 26h2m 25");
  });

  it("do not raise the percentage when the criteria of the stage before have been lost meanwhile", () => {
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 30h, value: 1.5% }, { at: 40h, value: 0.1% }] }\nevents: [{ at: 35h, approve: lead }]";
    const { ramp } = tell(spec("[lead]"), scenario);
    expect(ramp).toBe("0s 5, 40h2m 25");
  });
});
