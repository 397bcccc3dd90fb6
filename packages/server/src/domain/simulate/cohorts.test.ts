import { describe, expect, it } from "vitest";
import { planOf, tell } from "../rollout/testing/story.ts";
import { parseScenario } from "./parse-scenario.ts";
import { simulate } from "./simulate.ts";

const spec = `
metrics:
  error_rate: { prometheus: { query: errors }, unit: ratio }
  p95: { prometheus: { query: latency }, unit: seconds }
  upload_errors: { sdk: { measure: error_rate } }
  upload_time: { sdk: { measure: p95 } }
triggers:
  - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }
  - { name: regression, compare: upload_errors, action: rollback }
stages: [{ name: canary, percentage: 5, duration: 20m }, { name: half, percentage: 50, duration: 10m }]
`;
const traffic = "users: 10000, requestsPerSecond: 200, clustering: 2, seed: 1";
const harmed = `metrics: { error_rate: 0.7%, p95: 200ms }
cohorts: { upload_errors: { ${traffic}, off: { failureRate: 0.5% }, on: [ { at: 0s, failureRate: 0.5% }, { at: 10m, failureRate: 10% } ] } }`;

describe("a scenario with users", () => {
  it("rolls back for what users with the flag suffer, long before any threshold of the plan, and says why", () => {
    const story = tell(spec, harmed);
    const fired = story.first("triggerFired");
    expect(fired?.cause?.subject).toBe("regression");
    const seconds = ((fired?.at ?? 0) - story.startAt) / 1000 - 600;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(30);
    expect(story.outcome).toBe("rolledBack");
    expect(JSON.stringify(fired?.cause)).toMatch(/in the 5 % vs \d+ in control/);
  });

  it("completes when both cohorts fare alike, also badly", () => {
    const alike = `metrics: { error_rate: 0.7%, p95: 200ms }
cohorts: { upload_errors: { ${traffic}, off: [ { at: 0s, failureRate: 0.5% }, { at: 5m, failureRate: 20% }, { at: 15m, failureRate: 0.5% } ] } }`;
    const story = tell(spec, alike);
    expect([story.outcome, story.lines("triggerFired")]).toEqual(["completed", []]);
  });

  it("is the same every time, and another one with another seed", () => {
    const at = (scenario: string) => tell(spec, scenario).lines("triggerFired");
    expect(at(harmed)).toEqual(at(harmed));
    const seeds = [2, 3, 4, 5].map((seed) => at(harmed.replace("seed: 1", `seed: ${seed}`)).join());
    expect(new Set(seeds).size).toBeGreaterThan(1);
  });

  it("is told the same by a simulation that takes every sampling", () => {
    const plan = planOf(spec);
    const parsed = parseScenario(harmed, plan);
    if (!parsed.ok) throw new Error("the scenario is fine");
    const every = simulate(plan, parsed.scenario, { everySampling: true });
    expect(every.timeline).toEqual(simulate(plan, parsed.scenario).timeline);
  });

  it("loses nothing in a crash", () => {
    const story = tell(spec, `${harmed}\nevents: [{ at: 10m3s, crash: true }]`);
    expect(story.first("triggerFired")?.at).toBe(tell(spec, harmed).first("triggerFired")?.at);
  });

  it("waits where it is when the scenario has no users to compare and takes nothing for granted, and says so", () => {
    const story = tell(spec, "metrics: { error_rate: 0.7%, p95: 200ms }\nassume: nothing");
    expect(story.outcome).toBe("running");
    expect(story.state.percentage).toBe(5);
    expect(story.notes.join()).toContain("no cohorts for upload_errors");
  });

  it("counts every second as a step, so that it ends", () => {
    const plan = planOf(spec.replace("20m", "20h"));
    const parsed = parseScenario(
      "metrics: { error_rate: 0.7%, p95: 200ms }\ncohorts: { upload_errors: { requestsPerSecond: 10000, users: 100 } }",
      plan,
    );
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join());
    const simulation = simulate(plan, parsed.scenario, { stepsMax: 50 });
    expect(simulation.notes.join()).toContain("stopped after 50 steps");
  });
});

describe("the users of a scenario", () => {
  const problems = (cohorts: string) => {
    const parsed = parseScenario(`cohorts: ${cohorts}`, planOf(spec));
    return parsed.ok ? [] : parsed.problems.map((one) => `${one.line}:${one.column} ${one.message} (${one.hint})`);
  };

  it.each([
    ["{ upload_errors: {} }", undefined],
    ["{ upload_errors: { on: { latency: 2 }, off: [{ at: 1h, failureRate: 3% }] } }", undefined],
    ["5", /1:10 "cohorts" must be a mapping/],
    ["{ upload_error: {} }", /1:12 the plan compares no metric "upload_error" \(did you mean "upload_errors"\?\)/],
    ["{ error_rate: {} }", /the plan compares: upload_errors/],
    ["{ upload_errors: 5 }", /5 says nothing of users/],
    ["{ upload_errors: { user: 5 } }", /unknown field "user" \(did you mean "users"\?\)/],
    ["{ upload_errors: { users: 0.5 } }", /0.5 can't be used here \(a whole number from 1 to 100000\)/],
    [
      `{ upload_errors: { on: [${"{ at: 1h }, ".repeat(101)}] } }`,
      /101 changes are too many \(at most 100 of one cohort\)/,
    ],
    ["{ upload_errors: { requestsPerSecond: 1e9 } }", /a number from 0 to 10000/],
    ["{ upload_errors: { on: 5% } }", /doesn't say how users fare/],
    ["{ upload_errors: { on: { failureRate: 120% } } }", /is not a share of requests/],
    ["{ upload_errors: { on: { failureRate: often } } }", /often/],
    ["{ upload_errors: { on: [{ failureRate: 1% }] } }", /"at" is missing/],
    ["{ upload_errors: { on: [{ at: 1h }, { at: 1h, latency: 2 }] } }", /two changes of one cohort at the same time/],
  ])("%s", (cohorts, wanted) => {
    const found = problems(cohorts);
    if (wanted === undefined) expect(found).toEqual([]);
    else expect(found.join("\n")).toMatch(wanted);
  });

  it("are no more in all than a simulation can hold", () => {
    const two = spec
      .replace("upload_time: { sdk: { measure: p95 } }", "more_errors: { sdk: { measure: error_rate, metric: more } }")
      .replace(
        "compare: upload_errors,",
        "compare: upload_errors, action: rollback }\n  - { name: more, compare: more_errors,",
      );
    const parsed = parseScenario(
      "cohorts: { upload_errors: { users: 60000 }, more_errors: { users: 60000 } }",
      planOf(two),
    );
    expect(parsed.ok ? "" : parsed.problems[0]?.message).toBe("120000 users are too many");
  });

  it("are the same for metrics that are made of the same calls", () => {
    const both = spec.replace(
      "compare: upload_errors,",
      "compare: upload_errors, action: rollback }\n  - { name: slower, compare: upload_time,",
    );
    const parsed = parseScenario("cohorts: { upload_errors: {}, upload_time: {} }", planOf(both));
    expect(parsed.ok ? "" : parsed.problems[0]?.message).toBe(
      'upload_time and upload_errors are made of the same calls ("run")',
    );
  });
});
