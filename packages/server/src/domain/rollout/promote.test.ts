import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (next = "") => `
triggers: [{ name: errors, when: error_rate >= 2%, for: 5h, action: pause }]
stages: [{ name: a, percentage: 5, duration: 24h, criteria: [p95 < 500ms], checklist: ["Logs clean"] }, { name: b, percentage: 10, duration: 1h${next} }]
`;

describe("promote", () => {
  it("ends the stage now, in place of its duration, criteria and checklist", () => {
    const { ramp, lines } = tell(
      spec(),
      "metrics: { error_rate: 0.1%, p95: 2s }\nevents: [{ at: 1h, promote: CEO is waiting }]\nuntil: 90m",
    );
    expect(ramp).toBe("0s 5, 1h 10");
    expect(lines("promoted", "stageDone", "stageStarted")).toEqual([
      "0s stageStarted a 5",
      "1h promoted a 5",
      "1h stageDone a 5",
      "1h stageStarted b 10",
    ]);
  });

  it("does not stand in for the next stage's approvals", () => {
    const { ramp, lines } = tell(
      spec(", approvals: [lead]"),
      "events: [{ at: 1h, promote: true }, { at: 3h, approve: lead }]\nuntil: 4h",
    );
    expect(lines("awaiting")).toEqual(["1h awaiting b 5"]);
    expect(ramp).toBe("0s 5, 3h 10");
  });

  it("does not open the window", () => {
    const windowed = `window: { from: "00:00", to: "02:00", timezone: UTC }\n${spec()}`;
    expect(tell(windowed, "start: 2026-01-05T00:00:00Z\nevents: [{ at: 5h, promote: true }]\nuntil: 25h").ramp).toBe(
      "0s 5, 24h 10",
    );
  });

  it("is refused while a rollback or pause trigger is true", () => {
    const { first, ramp } = tell(
      spec(),
      "metrics: { p95: 200ms, error_rate: [{ at: 0s, value: 0.1% }, { at: 30m, value: 3% }] }\nevents: [{ at: 1h, promote: true }]\nuntil: 2h",
    );
    expect(first("refused")?.cause?.reason).toMatch(
      /promote: the condition of errors \(error_rate >= 2%, now 0.03\) is true/,
    );
    expect(ramp).toBe("0s 5");
  });

  it("lets a rollout that is paused go on", () => {
    const { ramp } = tell(spec(), "events: [{ at: 1h, pause: true }, { at: 2h, promote: true }]\nuntil: 150m");
    expect(ramp).toBe("0s 5, 2h 10");
  });

  it("after the last stage completes the rollout", () => {
    expect(
      tell("stages: [{ name: a, percentage: 100, duration: 24h }]", "events: [{ at: 1h, promote: true }]").lines(
        "completed",
      ),
    ).toEqual(["1h completed a 100"]);
  });

  it("answers for criteria that are lost while the next stage waits for approval", () => {
    const scenario =
      "metrics: { error_rate: 0.1%, p95: 2s }\nevents: [{ at: 1h, promote: true }, { at: 3h, approve: lead }]\nuntil: 4h";
    expect(tell(spec(", approvals: [lead]"), scenario).ramp).toBe("0s 5, 3h 10");
  });

  it("before exposure is refused: there is no stage to end", () => {
    const waiting = `preconditions: [{ check: "Team is ready" }]\n${spec()}`;
    expect(
      tell(waiting, "assume: nothing\nevents: [{ at: 1h, promote: true }]\nuntil: 2h").first("refused")?.cause?.reason,
    ).toMatch(/there is no stage to end yet, the rollout is still at its preconditions/);
  });
});
