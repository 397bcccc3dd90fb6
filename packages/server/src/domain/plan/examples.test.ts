import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseScenario } from "../simulate/parse-scenario.ts";
import { reportOf } from "../simulate/report.ts";
import { simulate } from "../simulate/simulate.ts";
import { parsePlan } from "./parse.ts";
import { variablesOfPlan } from "./secrets.ts";
import { planOf } from "./testing/plan.ts";
import { rollbackBounds } from "./warnings/bound.ts";

const EXAMPLES = new URL("../../../../../examples/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, EXAMPLES), "utf8");

/** What moves users or ends something; ticks, approvals and notices are left out. */
const MOVES = ["stageStarted", "paused", "rollbackStarted", "recovered", "notRecovered", "completed", "reviewed"];

function play(name: string): { readonly outcome: string; readonly moves: readonly string[] } {
  const plan = planOf(read(`plans/${name.split(".")[0]}.yaml`));
  const scenario = parseScenario(read(`scenarios/${name}.yaml`), plan);
  if (!scenario.ok) throw new Error(JSON.stringify(scenario.problems));
  const { outcome, timeline } = reportOf(simulate(plan, scenario.scenario));
  const moves = timeline
    .filter(({ event }) => MOVES.includes(event))
    .map(({ at, event, stage, percentage, cause }) => {
      const by = event === "stageStarted" ? stage : (cause["trigger"] ?? cause["review"] ?? "");
      return `${at} ${event} ${by} ${percentage} %`.replaceAll("  ", " ");
    });
  return { outcome, moves };
}

/** Reckoned from the documents: when each stage begins, what stops it, and when it is over. */
const TIMELINES: { readonly [scenario: string]: { readonly outcome: string; readonly moves: readonly string[] } } = {
  "flexoraa-backend.breach": {
    outcome: "rolledBack",
    moves: [
      "PT2M stageStarted canary 10 %",
      "PT24H10M stageStarted beta 50 %",
      "PT30H10M rollbackStarted whatsapp_failures 0 %",
      "PT30H14M recovered 0 %",
    ],
  },
  "flexoraa-backend.happy": {
    outcome: "completed",
    moves: [
      "PT2M stageStarted canary 10 %",
      "PT24H10M stageStarted beta 50 %",
      "PT49H stageStarted full 100 %",
      "PT53H completed 100 %",
    ],
  },
  "phase-9-slice-b.breach": {
    outcome: "rolledBack",
    moves: [
      "PT1H stageStarted canary 5 %",
      "PT25H stageStarted quarter 25 %",
      "PT40H5M rollbackStarted errors-quarter 0 %",
      "PT40H8M recovered 0 %",
    ],
  },
  "phase-9-slice-b.happy": {
    outcome: "completed",
    moves: [
      "PT1H stageStarted canary 5 %",
      "PT25H stageStarted quarter 25 %",
      "PT73H stageStarted half 50 %",
      "PT121H stageStarted full 100 %",
      "PT289H completed 100 %",
      "PT457H reviewed week-2 100 %",
      "PT625H reviewed week-3 100 %",
      "PT793H reviewed week-4 100 %",
      "PT841H reviewed 30-days 100 %",
    ],
  },
  "portal-api-rc1.breach": {
    outcome: "rolledBack",
    moves: [
      "PT0S stageStarted canary 5 %",
      "PT15M stageStarted expanded 25 %",
      "PT25M paused latency-much-up 25 %",
      "PT28M rollbackStarted latency-spike 0 %",
      "PT31M recovered 0 %",
    ],
  },
  "portal-api-rc1.happy": {
    outcome: "completed",
    moves: [
      "PT0S stageStarted canary 5 %",
      "PT15M stageStarted expanded 25 %",
      "PT45M stageStarted majority 50 %",
      "PT1H30M stageStarted full 100 %",
      "PT25H30M completed 100 %",
      "PT25H30M reviewed success 100 %",
    ],
  },
  "portal-api-v1.breach": {
    outcome: "rolledBack",
    moves: [
      "PT5M stageStarted canary 5 %",
      "PT20M stageStarted expanded 25 %",
      "PT50M stageStarted majority 50 %",
      "PT1H5M rollbackStarted server-errors 0 %",
      "PT1H8M recovered 0 %",
    ],
  },
  "portal-api-v1.happy": {
    outcome: "completed",
    moves: [
      "PT5M stageStarted canary 5 %",
      "PT20M stageStarted expanded 25 %",
      "PT50M stageStarted majority 50 %",
      "PT1H35M stageStarted full 100 %",
      "PT25H35M completed 100 %",
    ],
  },
  "spark-trading.breach": {
    outcome: "rolledBack",
    moves: [
      "PT0S stageStarted pilot 1 %",
      "PT15M stageStarted confidence 5 %",
      "PT30M stageStarted quarter 25 %",
      "PT39M rollbackStarted bist-staleness 0 %",
      "PT43M recovered 0 %",
    ],
  },
  "spark-trading.happy": {
    outcome: "completed",
    moves: [
      "PT0S stageStarted pilot 1 %",
      "PT15M stageStarted confidence 5 %",
      "PT30M stageStarted quarter 25 %",
      "PT45M stageStarted half 50 %",
      "PT1H stageStarted full 100 %",
      "PT1H30M completed 100 %",
    ],
  },
};

const PLANS = readdirSync(new URL("plans/", EXAMPLES)).filter((name) => name.endsWith(".yaml"));

describe("the plans of five teams", () => {
  it("are five", () => {
    expect(PLANS).toEqual([
      "flexoraa-backend.yaml",
      "phase-9-slice-b.yaml",
      "portal-api-rc1.yaml",
      "portal-api-v1.yaml",
      "spark-trading.yaml",
    ]);
  });

  it.each(PLANS)("%s has no mistake, and gives no reason for a warning", (name) => {
    const result = parsePlan(read(`plans/${name}`));
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it.each(PLANS)("%s reacts within 30 seconds wherever it doesn't wait on purpose", (name) => {
    const bounds = rollbackBounds(planOf(read(`plans/${name}`)));
    expect(bounds.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...bounds.map(({ reactMs }) => reactMs))).toBe(12_600);
  });

  it.each(PLANS)("%s holds no secret", (name) => {
    const plan = planOf(read(`plans/${name}`));
    expect(variablesOfPlan(plan)).toContain("PROMETHEUS_URL");
    expect(JSON.stringify(plan.metrics)).not.toMatch(/Bearer [^$]/);
  });
});

describe("played against their scenarios", () => {
  it.each(Object.entries(TIMELINES))("%s", (name, { outcome, moves }) => {
    expect(play(name)).toEqual({ outcome, moves });
  });

  it("every plan has one in which all is well, and one in which it isn't", () => {
    const names = PLANS.flatMap((plan) => ["breach", "happy"].map((kind) => plan.replace(".yaml", `.${kind}.yaml`)));
    expect(readdirSync(new URL("scenarios/", EXAMPLES)).toSorted()).toEqual(names.toSorted());
    expect(Object.keys(TIMELINES).toSorted()).toEqual(names.map((name) => name.replace(".yaml", "")).toSorted());
  });
});
