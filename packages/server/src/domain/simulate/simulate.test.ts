import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planOf, tell } from "../rollout/testing/story.ts";
import { isoDuration } from "./iso-duration.ts";
import { parseScenario } from "./parse-scenario.ts";
import { renderSimulation, reportOf } from "./report.ts";
import { simulate } from "./simulate.ts";

const spec = `
preconditions: [{ check: "Team is ready" }, { drill: { within: 7d, under: 30s } }, { require: error_rate < 1%, for: 5m }]
triggers: [{ name: errors, when: error_rate >= 5%, for: 2m, action: rollback, severity: P0 }]
stages: [{ name: canary, percentage: 5, duration: 24h, criteria: [{ require: p95 < 500ms, for: 24h }] }, { name: full, percentage: 100, duration: 1h, approvals: [lead] }]
rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }
`;

describe("a simulation", () => {
  it("is one object for programs: the outcome, and what happened when, where and why", () => {
    const story = tell(
      spec,
      "metrics: { p95: 200ms, error_rate: [{ at: 0s, value: 0.2% }, { at: 26h, value: 6% }, { at: 26h3m, value: 0.1% }] }\nevents: [{ at: 24h10m, approve: { role: lead, by: ann } }]",
    );
    const report = reportOf(story);
    expect(Object.keys(report)).toEqual(["outcome", "timeline"]);
    expect(report.outcome).toBe("completed");
    const first = report.timeline[0];
    expect(first).toEqual({
      at: "PT0S",
      event: "started",
      state: "preconditions",
      stage: null,
      percentage: 0,
      cause: { start: "checkout" },
    });
    expect(report.timeline.find((entry) => entry.event === "awaiting")).toEqual({
      at: "PT24H5M",
      event: "awaiting",
      state: "awaiting",
      stage: "full",
      percentage: 5,
      cause: { approval: "lead" },
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("names a rollback's trigger with its condition, value and since when", () => {
    const story = tell(spec, "metrics: { p95: 200ms, error_rate: [{ at: 0s, value: 0.2% }, { at: 20h, value: 6% }] }");
    const entry = reportOf(story).timeline.find((one) => one.event === "rollbackStarted");
    expect(entry).toEqual({
      at: "PT20H2M",
      event: "rollbackStarted",
      state: "rollingBack",
      stage: "canary",
      percentage: 0,
      cause: { trigger: "errors", condition: "error_rate >= 5%", value: 0.06, threshold: 0.05, since: "PT20H" },
    });
  });

  it("is a line for each thing that happened for people", () => {
    const story = tell(
      spec,
      "metrics: { p95: 200ms, error_rate: [{ at: 0s, value: 0.2% }, { at: 20h, value: 6% }, { at: 20h3m, value: 0% }] }",
    );
    expect(renderSimulation(story.plan, story).split("\n")).toEqual([
      "   0s  0 %  preconditions          started",
      "   5m  0 %  preconditions          preconditions met",
      "   5m  5 %  running        canary  stage opened: preconditions all hold",
      "20h2m  0 %  rollingBack    canary  trigger fired: errors (error_rate >= 5%) at 6% since 20h",
      "20h2m  0 %  rollingBack    canary  rolled back to 0 %: trigger errors",
      "20h2m  0 %  verifying      canary  watching for recovery: trigger errors",
      "20h5m  0 %  verifying      canary  recovered: error_rate < 1%",
      "20h5m  0 %  rolledBack     canary  rollback complete: trigger errors",
      "",
      "Rolled back by trigger errors; recovered.",
      "Note: taken for granted: Team is ready; a recent drill.",
      "",
    ]);
  });

  it("takes for granted what nobody plays of the preconditions, and says so; a check that is ticked is waited for", () => {
    expect(tell(spec, "until: 1h").ramp).toBe("5m 5");
    expect(tell(spec, "metrics: { p95: 100ms }\nuntil: 1h").ramp).toBe("0s 5");
    const ticked = tell(spec, "events: [{ at: 30m, tick: team is ready }]\nuntil: 1h");
    expect(ticked.ramp).toBe("30m 5");
    expect(ticked.notes).toEqual(["taken for granted: a recent drill"]);
    expect(tell(spec, "assume: nothing\nuntil: 1h").outcome).toBe("preconditions");
  });

  it("says which metrics of the ramp it has no data for: they hold it", () => {
    const story = tell(spec, "metrics: { error_rate: 0.1% }\nuntil: 30h");
    expect(story.notes).toContain("the scenario has no data for p95");
    expect(story.ramp).toBe("5m 5");
  });

  it("lets promql triggers be quiet unless the scenario says otherwise, as Prometheus does", () => {
    const promql =
      "triggers: [{ name: csp, promql: 'rate(csp_violations_total[1m]) > 50', action: rollback }]\nstages: [{ name: a, percentage: 5, duration: 1h }]";
    expect(tell(promql, "metrics: {}").outcome).toBe("completed");
    expect(tell(promql, "metrics: { csp: [{ at: 0s, value: 0 }, { at: 30m, value: 1 }] }").ramp).toBe("0s 5, 30m 0");
  });

  it("ends a stage that opened just before a crash with the first sampling after it", () => {
    const short = "stages: [{ name: one, percentage: 5, duration: 1h }, { name: two, percentage: 100, duration: 0s }]";
    const story = tell(short, "events: [{ at: 10m, promote: true }, { at: 10m, crash: 4s }]\nuntil: 2h");
    expect(story.outcome).toBe("completed");
  });

  it("survives crashes: what comes while the server is down is lost, what was stored is not", () => {
    const { ramp, lines } = tell(
      spec,
      "events: [{ at: 10h, crash: 1m }, { at: 10h30s, rollback: true }, { at: 24h30m, approve: lead }]\nuntil: 60h",
    );
    expect(lines("crashed", "refused")).toEqual(["10h crashed canary 5", "10h30s refused canary 5"]);
    // The 24 h of the criterion begin anew: for a minute nobody looked.
    expect(ramp).toBe("5m 5, 34h1m 100");
  });

  it("plays six days at a sampling every ten seconds in milliseconds", () => {
    const six = planOf(`
triggers:
  - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }
  - { name: elevated, when: error_rate >= 1%, for: 15m, action: pause }
stages:
  - { name: canary, percentage: 5, duration: 24h, criteria: [{ require: p95 < 500ms, for: 24h }] }
  - { name: quarter, percentage: 25, duration: 48h }
  - { name: half, percentage: 50, duration: 48h }
  - { name: full, percentage: 100, duration: 24h }
`);
    const parsed = parseScenario(
      "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 100h, value: 0.3% }], p95: 200ms }\nuntil: 10d",
      six,
    );
    if (!parsed.ok) throw new Error("the scenario is wrong");
    let steps = 0;
    const { outcome } = simulate(six, parsed.scenario, { onStep: () => (steps += 1) });
    expect(outcome).toBe("completed");
    // 51,840 samplings; a step takes some ten microseconds.
    expect(steps).toBeLessThan(100);
  });
});

describe("the times of a timeline", () => {
  it.each([
    [0, "PT0S"],
    [500, "PT0.5S"],
    [65_000, "PT1M5S"],
    [93_720_000, "PT26H2M"],
    [864_000_000, "PT240H"],
  ])("%d ms is %s", (ms, text) => {
    expect(isoDuration(ms)).toBe(text);
  });
});

describe("the documentation", () => {
  it("names every event of a timeline", async () => {
    const { RECORD_EVENTS } = await import("../rollout/effect.ts");
    const page = readFileSync(new URL("../../../../../docs/simulate.md", import.meta.url), "utf8");
    expect(RECORD_EVENTS.filter((event) => !page.includes(`\`${event}\``))).toEqual([]);
  });
});
