import { describe, expect, it } from "vitest";
import type { RolloutEvent } from "./event.ts";
import { baselineOf } from "./baseline.ts";
import type { RolloutState } from "./state.ts";
import { schedule, step } from "./step.ts";
import { planOf, tell } from "./testing/story.ts";

const MINUTE_MS = 60_000;

describe("a baseline", () => {
  const spec = (metric = "") => `
metrics: { load: { prometheus: { query: load }${metric} } }
triggers: [{ name: load, when: load >= baseline + 25%, action: rollback }]
stages: [{ name: a, percentage: 5, duration: 24h }]
`;
  const rises = (to: number) => `metrics: { load: [{ at: 0s, value: 100 }, { at: 1h, value: ${to} }] }\n`;

  it("plus a percentage is relative", () => {
    expect(tell(spec(), `${rises(124)}until: 2h`).ramp).toBe("0s 5");
    expect(tell(spec(), `${rises(125)}until: 2h`).ramp).toBe("0s 5, 1h 0");
  });

  it("plus a number is absolute, in the metric's unit", () => {
    const absolute = spec().replace("baseline + 25%", "baseline + 5");
    expect(tell(absolute, `${rises(104)}until: 2h`).ramp).toBe("0s 5");
    expect(tell(absolute, `${rises(105)}until: 2h`).ramp).toBe("0s 5, 1h 0");
  });

  it("is the one that the plan fixes, whatever was seen", () => {
    expect(tell(spec(", baseline: 200"), `${rises(249)}until: 2h`).ramp).toBe("0s 5");
    expect(tell(spec(", baseline: 200"), `${rises(250)}baselines: { load: 10 }\nuntil: 2h`).ramp).toBe("0s 5, 1h 0");
  });

  it("is the scenario's, else the metric's value at the start", () => {
    expect(tell(spec(), `${rises(124)}baselines: { load: 95 }\nuntil: 2h`).ramp).toBe("0s 5, 1h 0");
    expect(tell(spec(), `${rises(124)}until: 2h`).ramp).toBe("0s 5");
  });

  it("of a signal is what was pushed at the start, or before exposure", () => {
    const signal = `
preconditions: [{ require: error_rate < 1%, for: 10m }]
triggers: [{ name: tickets, when: tickets >= baseline + 25%, action: rollback }]
stages: [{ name: a, percentage: 5, duration: 24h }]
`;
    const pushed = (first: string, then: number) =>
      `events: [{ at: ${first}, signal: { name: support_tickets, value: 100 } }, { at: 3h, signal: { name: support_tickets, value: ${then} } }]\nuntil: 5h`;
    expect(tell(signal, pushed("0s", 124)).ramp).toBe("10m 5");
    expect(tell(signal, pushed("0s", 125)).ramp).toBe("10m 5, 3h 0");
    expect(tell(signal, pushed("5m", 124)).ramp).toBe("10m 5");
    expect(tell(signal, pushed("5m", 125)).ramp).toBe("10m 5, 3h 0");
    // Pushed after exposure it can't be what was seen before.
    expect(tell(signal, pushed("1h", 1000)).ramp).toBe("10m 5");
  });

  it("that nobody knows makes conditions inconclusive: no trigger fires, no criterion passes", () => {
    const silent = "metrics: { load: [{ at: 0s, value: null }, { at: 10s, value: 1000 }] }\nuntil: 26h";
    expect(tell(spec(), silent).ramp).toBe("0s 5");
    const criterion =
      "metrics: { load: { prometheus: { query: load } } }\nstages: [{ name: a, percentage: 5, duration: 1h, criteria: [load <= baseline] }]";
    const { outcome, summary } = tell(criterion, silent);
    expect(outcome).toBe("running");
    expect(summary).toContain("no baseline of load is known");
  });
});

describe("before exposure", () => {
  const plan = planOf(`
interval: 1m
baselineWindow: 1h
metrics: { load: { prometheus: { query: load } }, fixed: { prometheus: { query: fixed }, baseline: 7 } }
preconditions: [{ check: "Team is ready" }]
triggers:
  - { name: load, when: load >= baseline + 25%, action: pause }
  - { name: fixed, when: fixed >= baseline + 25%, action: pause }
stages: [{ name: a, percentage: 5, duration: 24h }]
`);
  const play = (events: readonly RolloutEvent[]): RolloutState =>
    events.reduce(
      (state, event) => step(plan, state, event).state,
      schedule(plan, { at: 0, startAt: 0, by: "ann" }).state,
    );
  const sample = (minute: number, load: number): RolloutEvent => ({
    kind: "samples",
    at: minute * MINUTE_MS,
    sampledAt: minute * MINUTE_MS,
    values: { load: { kind: "value", value: load, ageMs: 0 }, fixed: { kind: "value", value: 1, ageMs: 0 } },
  });
  const samples = (from: number, to: number, load: number) =>
    Array.from({ length: to - from }, (_, index) => sample(from + index, load));
  const start: RolloutEvent = { kind: "tick", at: 0 };
  const begin = (minute: number): RolloutEvent => ({
    kind: "command",
    at: minute * MINUTE_MS,
    person: { by: "ann", roles: [] },
    command: { kind: "tick", item: "all" },
  });

  it("the samples of the baseline window make the baseline, older ones don't", () => {
    const state = play([start, ...samples(0, 180, 1000), ...samples(180, 245, 100)]);
    expect(baselineOf(plan, state, "load")).toBeCloseTo(100, 5);
  });

  it("a captured value beats samples, and a fixed one beats both", () => {
    const state = play([
      start,
      sample(0, 50),
      { kind: "baselineCaptured", at: 1, values: { load: 80, fixed: 3 } },
      sample(1, 50),
    ]);
    expect(baselineOf(plan, state, "load")).toBe(80);
    expect(baselineOf(plan, state, "fixed")).toBe(7);
  });

  it("ends with the baseline standing still, and what is captured later comes too late", () => {
    const state = play([
      start,
      ...samples(0, 10, 100),
      begin(10),
      ...samples(10, 20, 110),
      { kind: "baselineCaptured", at: 21 * MINUTE_MS, values: { load: 5 } },
    ]);
    expect(state.percentage).toBe(5);
    expect(baselineOf(plan, state, "load")).toBe(100);
    expect(state.baselines.slices).toEqual({});
  });

  it("the state stays small, however long the preconditions take", () => {
    const state = play([start, ...samples(0, 2_000, 100)]);
    expect(state.baselines.slices["load"]?.length).toBeLessThanOrEqual(13);
  });
});
