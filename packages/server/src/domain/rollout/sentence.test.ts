import { measure } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { waitingFor } from "./explain.ts";
import { sentence } from "./sentence.ts";
import { Drive } from "./testing/drive.ts";
import { planOf, tell } from "./testing/story.ts";

const MINUTE_MS = 60_000;

const summary = (spec: string, scenario: string): string => tell(spec, scenario).summary;

describe("what a rollout waits for, in a sentence", () => {
  const stages =
    "stages: [{ name: canary, percentage: 5, duration: 1h, criteria: [error_rate < 1%], checklist: [Logs clean] }, { name: full, percentage: 100, duration: 1h, approvals: [{ role: lead, count: 2 }] }]";

  it("names the time that is left, and every criterion with its value", () => {
    expect(summary(stages, "metrics: { error_rate: 3% }\nuntil: 20m")).toBe(
      'Running canary (5 %): waits for 40m more of 1h, error_rate < 1% (now 3%) and "Logs clean" to be ticked.',
    );
  });

  it("says for how long a criterion has held", () => {
    expect(
      summary(
        stages,
        "metrics: { error_rate: [{ at: 0s, value: 3% }, { at: 79m, value: 0.1% }] }\nevents: [{ at: 1m, tick: all }]\nuntil: 80m",
      ),
    ).toBe("Running canary (5 %): waits for error_rate < 1% (held for 1m of 2m).");
  });

  it("counts the approvals that are there", () => {
    expect(
      summary(stages, "events: [{ at: 1m, tick: all }, { at: 2h, approve: { role: lead, by: ann } }]\nuntil: 3h"),
    ).toBe("Awaiting full (5 %): waits for approval of full by lead (1 of 2).");
  });

  it("says what is alike together, and counts what would be too many names", () => {
    const ticks = (count: number) =>
      Array.from({ length: count }, (_, index) => `{ check: Item ${index + 1} }`).join(", ");
    const waits = (spec: string) =>
      summary(
        spec,
        "assume: nothing\nmetrics: { error_rate: [{ at: 0s, value: null }], p95: [{ at: 0s, value: null }] }\nuntil: 1m",
      );
    const stage =
      "stages: [{ name: a, percentage: 5, duration: 1h, approvals: [lead, cto, { role: board, count: 8 }] }]";
    expect(
      waits(
        `preconditions: [${ticks(2)}, { check: Signed, roles: [cto] }, { require: error_rate < 1% }, { require: p95 < 1s }]\n${stage}`,
      ),
    ).toBe(
      'Preconditions: waits for "Item 1" and "Item 2" to be ticked, "Signed" to be ticked by cto, error_rate < 1% and p95 < 1s (no data) and approval of a by lead, cto and board (0 of 8).',
    );
    expect(waits(`preconditions: [${ticks(26)}]\n${stage}`)).toContain(
      'waits for "Item 1", "Item 2" and 24 more items to be ticked and approval of a by',
    );
    const silent = "metrics: { error_rate: [{ at: 0s, value: null }], p95: [{ at: 0s, value: null }] }\nuntil: 2h";
    expect(
      summary("stages: [{ name: a, percentage: 5, duration: 1h, criteria: [error_rate < 1%, p95 < 1s] }]", silent),
    ).toBe("Running a (5 %): waits for data of error_rate and p95 (no data).");
  });

  it("names a metric that is silent once, not with each of its criteria", () => {
    expect(
      summary(stages, "metrics: { error_rate: [{ at: 0s, value: null }] }\nevents: [{ at: 1m, tick: all }]\nuntil: 2h"),
    ).toBe("Running canary (5 %): waits for data of error_rate (no data).");
  });

  it("names a true trigger, a shut window, a recovery that is watched", () => {
    const spec = `window: { from: "02:00", to: "04:00", timezone: UTC }\ntriggers: [{ name: slow, when: p95 >= 1s, for: 5h, action: pause }]\nstages: [{ name: a, percentage: 5, duration: 10m }, { name: b, percentage: 6, duration: 1h }]`;
    expect(summary(spec, "start: 2026-01-05T01:00:00Z\nuntil: 10m")).toBe(
      "Awaiting a (0 %): waits for the window of a, which opens in 50m.",
    );
    expect(
      summary(
        spec,
        "start: 2026-01-05T02:00:00Z\nmetrics: { p95: [{ at: 0s, value: 100ms }, { at: 5m, value: 2s }] }\nuntil: 1h",
      ),
    ).toBe("Running a (5 %): waits for trigger slow to be false (p95 >= 1s is true).");
    const verified = `rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }\n${stages}`;
    expect(summary(verified, "metrics: { error_rate: 3% }\nevents: [{ at: 10m, rollback: true }]\nuntil: 11m")).toBe(
      "Verifying canary (0 %): waits for error_rate < 1% (now 3%), for 4m at most.",
    );
  });

  it.each([
    [
      "a trigger",
      `triggers: [{ name: slow, when: p95 >= 1s, action: pause }]\n${stages}`,
      "metrics: { p95: [{ at: 0s, value: 100ms }, { at: 5m, value: 2s }] }",
      "by trigger slow",
    ],
    ["a person", stages, "events: [{ at: 2m, pause: looking at the logs }]", "by operator"],
    [
      "a rejection",
      stages.replace("duration: 1h,", "duration: 1m,"),
      "events: [{ at: 1m, tick: all }, { at: 3m, reject: { role: lead, by: ann, reason: not yet } }]",
      "because ann rejected it",
    ],
    [
      "the time that ran out",
      "stages: [{ name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate < 1%] }]",
      "metrics: { error_rate: 3% }\nuntil: 3h",
      "because canary is out of time",
    ],
    [
      "data that is missing",
      `noData: pause\n${stages}`,
      "metrics: { error_rate: [{ at: 0s, value: 0.1% }, { at: 5m, value: null }] }",
      "because there is no data of error_rate",
    ],
  ])("says that a pause wants a decision, and what brought it about: %s", (_, spec, scenario, cause) => {
    const until = scenario.includes("until") ? "" : "\nuntil: 20m";
    const stage = cause.includes("rejected") ? "full" : "canary";
    expect(summary(spec, scenario + until)).toMatch(
      `Paused ${stage} (5 %) ${cause}: waits for a person to resume, promote or roll it back, and for `,
    );
  });

  it("says how it ended", () => {
    expect(summary("stages: [{ name: a, percentage: 5, duration: 1h }]", "")).toBe("Completed at 5 %.");
    expect(summary(stages, "events: [{ at: 1m, rollback: true }]")).toBe(
      "Rolled back by operator; nothing was there to see recovery by.",
    );
  });
});

describe("what a rollout waits for, as a list", () => {
  it("is empty only when nothing is missing: then it goes on by itself", () => {
    const plan = planOf("stages: [{ name: a, percentage: 5, duration: 1h }]");
    const drive = new Drive(plan, 5 * MINUTE_MS);
    expect(waitingFor(plan, drive.state)).toEqual([{ kind: "start", at: 5 * MINUTE_MS }]);
    expect(sentence(plan, drive.state)).toBe("Scheduled: waits for its start in 5m.");
    drive.command({ kind: "start" });
    expect(waitingFor(plan, drive.state)).toEqual([{ kind: "sample" }]);
  });
});

describe("a metric's value for people", () => {
  it("has the unit that its plan gives it", () => {
    expect(measure(0.0512, "ratio")).toBe("5.12%");
    expect(measure(5.12, "percent")).toBe("5.12%");
    expect(measure(0.25, "seconds")).toBe("250ms");
    expect(measure(2.5, "seconds")).toBe("2.5s");
    expect(measure(250, "milliseconds")).toBe("250ms");
    expect(measure(1234567, "count")).toBe("1234567");
  });
});
