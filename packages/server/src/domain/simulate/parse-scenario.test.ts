import { describe, expect, it } from "vitest";
import { planOf } from "../rollout/testing/story.ts";
import { parseScenario } from "./parse-scenario.ts";
import type { Scenario } from "./scenario.ts";

const plan = planOf(`
metrics:
  error_rate: { prometheus: { query: errors }, unit: ratio }
  p95: { prometheus: { query: latency }, unit: seconds }
  tickets: { signal: support_tickets }
preconditions: [{ check: "Team is ready", roles: [lead] }]
stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 2h, timeout: 3h, approvals: [lead] }]
`);

function read(text: string): Scenario {
  const parsed = parseScenario(text, plan);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.scenario;
}

/** `line:column message (hint)` of everything that is wrong. */
function problems(text: string): readonly string[] {
  const parsed = parseScenario(text, plan);
  return parsed.ok ? [] : parsed.problems.map((one) => `${one.line}:${one.column} ${one.message} (${one.hint})`);
}

describe("a scenario", () => {
  it("has values in the units that people write", () => {
    const { metrics, baselines } = read(`
metrics:
  error_rate: [{ at: 26h, value: 6% }, { at: 0s, value: 0.2% }, { at: 1h30m, value: null }, { at: 2h, value: 0.05 }, { at: 3h, error: timeout }]
  p95: 300ms
baselines: { p95: 0.2s, error_rate: 1% }
`);
    expect(metrics["error_rate"]).toEqual([
      { atMs: 0, sample: { kind: "value", value: 0.002, ageMs: 0 } },
      { atMs: 5_400_000, sample: { kind: "noData", reason: "no data" } },
      { atMs: 7_200_000, sample: { kind: "value", value: 0.05, ageMs: 0 } },
      { atMs: 10_800_000, sample: { kind: "error", reason: "timeout" } },
      { atMs: 93_600_000, sample: { kind: "value", value: 0.06, ageMs: 0 } },
    ]);
    expect(metrics["p95"]).toEqual([{ atMs: 0, sample: { kind: "value", value: 0.3, ageMs: 0 } }]);
    expect({ ...baselines }).toEqual({ p95: 0.2, error_rate: 0.01 });
  });

  it("has events in the order of their times, each in its short or its long form", () => {
    const { events } = read(`
events:
  - { at: 24h5m, approve: lead }
  - { at: 3h, signal: { name: support_tickets, value: 120 } }
  - { at: 4h, approve: { role: lead, by: ann } }
  - { at: 5h, reject: { role: lead, reason: too slow } }
  - { at: 1h, tick: Team is ready }
  - { at: 6h, pause: true }
  - { at: 7h, resume: }
  - { at: 8h, rollback: enough }
  - { at: 9h, promote: { by: ann, reason: go } }
  - { at: 10h, crash: 45s }
  - { at: 11h, crash: true }
  - { at: 12h, drill: { took: 12s } }
  - { at: 13h, kill: { by: ben } }
  - { at: 14h, signal: incident }
`);
    expect(events.map(({ atMs, ...act }) => [atMs / 3_600_000, act])).toEqual([
      [
        1,
        {
          kind: "command",
          person: { by: "operator", roles: ["lead"] },
          command: { kind: "tick", item: "Team is ready" },
        },
      ],
      [3, { kind: "signal", signal: "support_tickets", value: 120 }],
      [4, { kind: "command", person: { by: "ann", roles: ["lead"] }, command: { kind: "approve", role: "lead" } }],
      [
        5,
        {
          kind: "command",
          person: { by: "lead", roles: ["lead"] },
          command: { kind: "reject", role: "lead", reason: "too slow" },
        },
      ],
      [6, { kind: "command", person: { by: "operator", roles: ["lead"] }, command: { kind: "pause" } }],
      [7, { kind: "command", person: { by: "operator", roles: ["lead"] }, command: { kind: "resume" } }],
      [
        8,
        {
          kind: "command",
          person: { by: "operator", roles: ["lead"] },
          command: { kind: "rollback", reason: "enough" },
        },
      ],
      [9, { kind: "command", person: { by: "ann", roles: ["lead"] }, command: { kind: "promote", reason: "go" } }],
      [10, { kind: "crash", outageMs: 45_000 }],
      [11, { kind: "crash", outageMs: 0 }],
      [12, { kind: "drill", tookMs: 12_000 }],
      [13, { kind: "kill", by: "ben" }],
      [14, { kind: "signal", signal: "incident" }],
      [
        24 + 5 / 60,
        { kind: "command", person: { by: "lead", roles: ["lead"] }, command: { kind: "approve", role: "lead" } },
      ],
    ]);
  });

  it("lasts, unless it says how long, until the plan can be through after the last thing that happens", () => {
    expect(read("until: 10d").untilMs).toBe(10 * 86_400_000);
    expect(read("events: [{ at: 5h, pause: true }]").untilMs).toBe((5 + 1 + 3 + 24) * 3_600_000);
  });

  it("can name a signal's metric by the signal", () => {
    expect(Object.keys(read("metrics: { support_tickets: 5 }").metrics)).toEqual(["tickets"]);
  });

  it("that is wrong is told everything at once, with its place and what was meant", () => {
    expect(
      problems(`start: yesterday
metrics:
  eror_rate: 1%
  p95: [{ at: 1, value: 5% }, { at: 2h }, { at: 2h, value: fast }]
events:
  - { at: 1h, aprove: lead }
  - { approve: lead }
  - { at: 2h, approve: lead, pause: true }
  - { at: 3 hours, pause: 7 }
  - { at: 4h, signal: {} }
untill: 10d
assume: everything
`),
    ).toEqual([
      '1:8 "yesterday" is not an instant (a date and time with its zone, for example 2026-01-05T02:00:00Z)',
      '3:3 the plan has no metric "eror_rate" (did you mean "error_rate"?)',
      "4:15 1 is not a time (the time from the start with its unit, for example 90s, 24h5m or 2d)",
      "4:25 p95 is in seconds, and 5% is a percentage (write a time, for example 500ms or 2s; for a relative change write baseline + 25%)",
      '4:31 "value" is missing (a value, or null where there is no data)',
      "4:43 p95 has two values at the same time (keep one of them)",
      '4:60 "fast" is not a number (for example 0.05, 5%, 500ms or 2s)',
      '6:15 "aprove" is nothing that can happen (did you mean "approve"?)',
      '7:5 "at" is missing (the time from the start, for example at: 26h)',
      '8:30 "approve" and "pause" in one event (one event is one act: make two of them)',
      '9:11 "3 hours" is not a duration (write 3h)',
      '9:27 "pause" can\'t be 7 (write pause: true, a reason, or { by, reason })',
      '10:23 "signal" needs a name (for example signal: { name: support_tickets, value: 120 })',
      '11:1 unknown field "untill" (did you mean "until"?)',
      '12:9 assume can\'t be "everything" (one of preconditions, nothing)',
    ]);
  });

  it("that is no YAML, empty, or of the wrong shape is told so", () => {
    expect(problems("metrics: [")[0]).toMatch(/^\d+:\d+ this is not YAML/);
    expect(problems("")).toEqual(["1:1 the scenario is empty (docs/simulate.md shows a scenario)"]);
    expect(problems("- a list")[0]).toMatch(/a scenario is a mapping/);
    expect(problems("metrics: 5\nbaselines: 5\nevents: 5\nuntil: 5")).toEqual([
      '1:10 "metrics" must be a mapping (metrics by name, for example metrics: { error_rate: 0.2% })',
      '2:12 "baselines" must be a mapping (metrics by name, for example baselines: { error_rate: 0.2% })',
      '3:9 "events" must be a list (for example events: [{ at: 24h5m, approve: engineering-lead }])',
      "4:8 5 is not a duration (a time with its unit, for example until: 10d)",
    ]);
  });
});
