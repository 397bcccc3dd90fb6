import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parsePlan } from "../plan/parse.ts";
import { simulate } from "./simulate.ts";
import type { Scenario } from "./scenario.ts";

const START_AT = Date.UTC(2026, 0, 5);
const INTERVAL_S = 10;
const SAMPLES = 60;
const CASES = 60;
const isInstalled = spawnSync("promtool", ["--version"]).status === 0;

/** Seconds for which the condition has to be true, and the metric at each sampling. The first says nothing: exposure begins with it. */
const randomCase = fc.record({
  forS: fc.constantFrom(0, 10, 15, 20, 60, 120),
  values: fc
    .array(fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 1, max: 16 })), { minLength: 12, maxLength: 12 })
    .map((runs) => [0, ...runs.flatMap(([value, length]) => Array.from({ length }, () => value))].slice(0, SAMPLES)),
});
type Case = typeof randomCase extends fc.Arbitrary<infer T> ? T : never;

/** The instants, in seconds from the start, at which the engine says that the trigger fires. */
function firedAt({ forS, values }: Case): readonly number[] {
  const parsed = parsePlan(
    `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: oracle }
spec:
  flag: f
  environment: production
  interval: ${INTERVAL_S}s
  metrics: { m: { prometheus: m, unit: none } }
  triggers: [ { name: high, when: "m > 0", ${forS > 0 ? `for: ${forS}s, ` : ""}action: notify } ]
  stages: [ { name: only, percentage: 1, duration: 24h } ]
`,
    {},
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const scenario: Scenario = {
    startAt: START_AT,
    metrics: {
      m: values.map((value, index) => ({
        atMs: index * INTERVAL_S * 1000,
        sample: { kind: "value", value, ageMs: 0 },
      })),
    },
    events: [],
    untilMs: (values.length - 1) * INTERVAL_S * 1000,
    baselines: {},
    assume: "preconditions",
  };
  return simulate(parsed.plan, scenario)
    .timeline.filter((record) => record.event === "triggerFired")
    .map((record) => (record.at - START_AT) / 1000);
}

/** From its firing an alert goes on until the first sampling at which its condition is false. */
function firingAt({ values }: Case, fired: readonly number[], atS: number): boolean {
  const since = fired.findLast((at) => at <= atS);
  return since !== undefined && values.slice(since / INTERVAL_S, atS / INTERVAL_S + 1).every((value) => value === 1);
}

function promtoolCase(one: Case, index: number): object {
  const fired = firedAt(one);
  return {
    name: `case ${index}`,
    interval: `${INTERVAL_S}s`,
    input_series: [{ series: "m", values: one.values.join(" ") }],
    alert_rule_test: one.values.map((_, sample) => ({
      eval_time: `${sample * INTERVAL_S}s`,
      alertname: `high_${one.forS}`,
      exp_alerts: firingAt(one, fired, sample * INTERVAL_S) ? [{}] : [],
    })),
  };
}

it.skipIf(!isInstalled)("means by `for` what Prometheus means by it, on random series", () => {
  const cases = fc.sample(randomCase, CASES);
  const folder = mkdtempSync(join(tmpdir(), "rampart-promtool-"));
  try {
    const durations = [...new Set(cases.map((one) => one.forS))];
    const rules = durations.map((forS) => ({ alert: `high_${forS}`, expr: "m > 0", for: `${forS}s` }));
    // JSON is YAML.
    writeFileSync(join(folder, "rules.yml"), JSON.stringify({ groups: [{ name: "oracle", rules }] }));
    writeFileSync(
      join(folder, "test.yml"),
      JSON.stringify({
        rule_files: ["rules.yml"],
        evaluation_interval: `${INTERVAL_S}s`,
        tests: cases.map(promtoolCase),
      }),
    );
    expect(cases.some((one) => firedAt(one).length > 0)).toBe(true);
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "test.yml"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(`${stdout}${stderr}`).not.toMatch(/FAILED/);
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
