import { describe, expect, it } from "vitest";
import { parsePlan } from "./parse.ts";
import { SAMPLE } from "./testing/sample.ts";
import { planOf } from "./testing/plan.ts";
import type { Condition, Plan } from "./types.ts";

const conditionOf = (plan: Plan, stage: number, trigger: string): Condition => {
  const test = plan.stages[stage]?.triggers.find(({ name }) => name === trigger)?.test;
  if (test?.kind !== "condition") throw new Error(`there is no condition behind ${trigger}`);
  return test.condition;
};

/** The sample with one more trigger on a metric that is given. */
const withTrigger = (metric: string, when: string) =>
  planOf(
    SAMPLE.replace("    tickets: {", `    extra: ${metric}\n    tickets: {`).replace(
      "  triggers:\n",
      `  triggers:\n    - { name: extra, when: "${when}", action: notify }\n`,
    ),
  );

describe("a plan", () => {
  const plan = planOf(SAMPLE);

  it("has what its document says, and the defaults for the rest", () => {
    expect(plan).toMatchObject({
      name: "phase-9-slice-b",
      title: "Phase 9: production canary",
      change: { id: "CHG-2025100601", risk: "medium" },
      flag: "sliceB_documents",
      environment: "production",
      intervalMs: 10_000,
      window: { fromMinute: 120, toMinute: 240, timezone: "UTC", days: [] },
      leaseMs: 25_000,
      holdbackPercentage: 0,
      noData: "hold",
      noDataAfterMs: 300_000,
      baselineWindowMs: 3_600_000,
      remindEveryMs: 14_400_000,
    });
    expect(plan.stages.map(({ name, percentage, durationMs }) => ({ name, percentage, durationMs }))).toEqual([
      { name: "canary", percentage: 5, durationMs: 86_400_000 },
      { name: "quarter", percentage: 25, durationMs: 172_800_000 },
      { name: "full", percentage: 100, durationMs: 1_800_000 },
    ]);
    expect(plan.preconditions.map(({ kind }) => kind)).toEqual(["check", "drill", "criterion"]);
    expect(plan.escalation.map(({ afterMs }) => afterMs)).toEqual([0, 900_000, 1_800_000]);
  });

  it("is taken without a word where it is as it should be, but for what deserves a second thought", () => {
    const result = parsePlan(SAMPLE);
    expect(result.ok && result.warnings.map(({ message }) => message)).toEqual([
      "trigger 6: in stage full everybody has the flag, and there is nobody to compare with",
      'stage 2, trigger 1: it replaces "error_rate >= 5%" for 2m: here a breach of that takes 5m to roll back',
    ]);
  });

  it("goes without a lease when it says so", () => {
    expect(planOf(SAMPLE.replace("interval: 10s", "lease: off"))).not.toHaveProperty("leaseMs");
    expect(planOf(SAMPLE.replace("interval: 10s", "lease: 40s")).leaseMs).toBe(40_000);
  });

  it("takes its place in the stages in the order of the document", () => {
    expect(
      planOf(
        SAMPLE.replace("percentage: 5,", 'percentage: "5%",').replace("percentage: 25", "percentage: 12.125"),
      ).stages.map(({ percentage }) => percentage),
    ).toEqual([5, 12.125, 100]);
  });
});

describe("a condition", () => {
  it.each([
    ["{ signal: x, unit: ratio }", "extra >= 5%", 0.05],
    ["{ signal: x, unit: percent }", "extra >= 5%", 5],
    ["{ signal: x, unit: ratio }", "extra >= 0.07", 0.07],
    ["{ signal: x, unit: seconds }", "extra > 1000ms", 1],
    ["{ signal: x, unit: seconds }", "extra > 2m", 120],
    ["{ signal: x, unit: milliseconds }", "extra > 1.5s", 1500],
    ["{ signal: x, unit: milliseconds }", "extra > 250", 250],
    ["{ signal: x, unit: count }", "extra > 3", 3],
    ["{ signal: x, unit: none }", "extra < -1.5e2", -150],
    ["{ signal: x }", "extra >= 7%", 0.07],
    ["{ signal: x }", "extra >= 7ms", 0.007],
    ["{ http: { url: http://h } }", "extra < 99.9%", 0.999],
    ["{ http: { url: http://h, measure: latency } }", "extra > 300ms", 0.3],
    ["{ sdk: { measure: error_rate } }", "extra > 1%", 0.01],
    ["{ sdk: { measure: p95 } }", "extra > 1s", 1],
    ["{ sdk: { measure: count } }", "extra > 1000", 1000],
  ])("on %s, %s is true from %d on", (metric, when, value) => {
    expect(conditionOf(withTrigger(metric, when), 0, "extra").threshold).toEqual({ kind: "absolute", value });
  });

  it.each([
    ["extra > baseline", { kind: "relative", by: 0 }],
    ["extra > baseline + 25%", { kind: "relative", by: 0.25 }],
    ["extra < baseline - 10%", { kind: "relative", by: -0.1 }],
    ["extra > baseline + 50ms", { kind: "offset", by: 0.05 }],
    ["extra > baseline - 0.2", { kind: "offset", by: -0.2 }],
    ["extra>baseline+25%", { kind: "relative", by: 0.25 }],
  ])("on seconds, %s is relative to the baseline", (when, threshold) => {
    expect(conditionOf(withTrigger("{ signal: x, unit: seconds }", when), 0, "extra").threshold).toEqual(threshold);
  });

  it("is kept as it was written, for people", () => {
    expect(conditionOf(withTrigger("{ signal: x }", "extra   >=  7%"), 0, "extra").text).toBe("extra >= 7%");
  });

  it("takes a metric's fixed baseline in the metric's unit", () => {
    expect(
      withTrigger("{ signal: x, unit: seconds, baseline: 200ms }", "extra > baseline").metrics["extra"]?.baseline,
    ).toBe(0.2);
    expect(withTrigger("{ signal: x, baseline: 40 }", "extra > baseline").metrics["extra"]?.baseline).toBe(40);
  });
});

describe("a stage", () => {
  const ids = (plan: Plan) => plan.stages.map((stage) => stage.criteria.map(({ id }) => id));

  it("inherits the criteria of the stages before it", () => {
    expect(ids(planOf(SAMPLE))).toEqual([
      ["p95 < 0.5 for 24h"],
      ["p95 < 0.5 for 24h", "adoption >= 0.5 for 2m"],
      ["p95 < 0.5 for 24h", "adoption >= 0.5 for 2m"],
    ]);
  });

  it("begins anew with `inherit: false`, for itself and for the stages after it", () => {
    expect(ids(planOf(SAMPLE.replace("percentage: 25\n", "percentage: 25\n      inherit: false\n")))).toEqual([
      ["p95 < 0.5 for 24h"],
      ["adoption >= 0.5 for 2m"],
      ["adoption >= 0.5 for 2m"],
    ]);
  });

  it("has a criterion once that it inherits and repeats in other words", () => {
    expect(
      ids(
        planOf(
          SAMPLE.replace(
            '{ require: "adoption >= 50%" }',
            '{ require: "adoption >= 50%" }, { require: "p95 < 0.5s", for: 24h }',
          ),
        ),
      )[1],
    ).toHaveLength(2);
  });

  it("takes a criterion as bare text, held for two minutes", () => {
    expect(ids(planOf(SAMPLE.replace('[{ require: "adoption >= 50%" }]', "[adoption >= 50%]")))[1]).toContain(
      "adoption >= 0.5 for 2m",
    );
  });

  it("replaces the plan's trigger of the same name, and no other stage's", () => {
    const plan = planOf(SAMPLE);
    expect([0, 1, 2].map((stage) => conditionOf(plan, stage, "errors").threshold)).toEqual([
      { kind: "absolute", value: 0.05 },
      { kind: "absolute", value: 0.03 },
      { kind: "absolute", value: 0.05 },
    ]);
  });

  it("has triggers of its own beside the plan's", () => {
    const plan = planOf(SAMPLE.replace("triggers: [{ name: errors,", "triggers: [{ name: errors-quarter,"));
    expect(plan.stages.map(({ triggers }) => triggers.length)).toEqual([6, 7, 6]);
  });

  it("lists what is attached as evidence behind what is ticked, with the command for it", () => {
    const plan = planOf(
      SAMPLE.replace("      checklist: [", "      evidence: [{ item: CI runs, run: gh run list }]\n      checklist: ["),
    );
    expect(plan.stages[1]?.checklist.map(({ text, run }) => ({ text, run }))).toEqual([
      { text: "User feedback neutral or positive", run: undefined },
      { text: "CI runs", run: "gh run list" },
    ]);
  });

  it("asks for approvals in the short and in the long form", () => {
    expect(
      planOf(SAMPLE.replace("[{ role: engineering-lead }]", "[cto, { role: executive, count: 8 }]")).stages[1]
        ?.approvals,
    ).toEqual([
      { role: "cto", count: 1 },
      { role: "executive", count: 8 },
    ]);
  });
});

describe("checklist items", () => {
  it("have ids that nothing else in the plan has", () => {
    const text = SAMPLE.replace(
      "duration: 30m }",
      'duration: 30m, checklist: ["User feedback neutral or positive"] }',
    ).replace('item: "Preserve logs and metrics"', 'item: "User feedback neutral or positive"');
    const plan = planOf(text);
    const items = [...plan.stages.flatMap(({ checklist }) => checklist), ...plan.rollback.checklist];
    expect(items.map(({ id }) => id)).toEqual([
      "user-feedback-neutral-or-positive",
      "full-user-feedback-neutral-or-positive",
      "rollback-user-feedback-neutral-or-positive",
    ]);
  });
});

describe("a promql trigger", () => {
  const plan = planOf(
    SAMPLE.replace(
      "  triggers:\n",
      "  triggers:\n    - { name: storm, promql: 'rate(csp_violations_total[1m]) > 50 # a comment', action: rollback }\n",
    ).replace("  metrics:\n", '  prometheus: { url: "${PROMETHEUS_URL}", headers: { x-scope: team } }\n  metrics:\n'),
  );

  it("is true when the expression gives any series, as an alert rule is", () => {
    expect(conditionOf(plan, 0, "storm")).toEqual({
      metric: "storm",
      operator: ">",
      threshold: { kind: "absolute", value: 0 },
      text: "rate(csp_violations_total[1m]) > 50 # a comment",
    });
    expect(plan.metrics["storm"]?.source).toEqual({
      kind: "prometheus",
      query: "count(\nrate(csp_violations_total[1m]) > 50 # a comment\n) or vector(0)",
      url: "${PROMETHEUS_URL}",
      headers: { "x-scope": "team" },
    });
  });

  it("of a stage is read under a name of its own", () => {
    const staged = planOf(
      SAMPLE.replace("triggers: [{", "triggers: [{ name: storm, promql: up < 1, action: pause }, {"),
    );
    expect(Object.keys(staged.metrics)).toContain("storm@quarter");
    expect(conditionOf(staged, 1, "storm").metric).toBe("storm@quarter");
  });
});

describe("queries", () => {
  it("go to the plan's Prometheus unless they name one, which never gets the plan's headers", () => {
    const plan = planOf(
      SAMPLE.replace(
        "  metrics:\n",
        '  prometheus: { url: "http://p:9090", headers: { authorization: "Bearer ${TOKEN}" } }\n  metrics:\n',
      ),
    );
    expect(plan.metrics["p95"]?.source).toMatchObject({
      url: "http://p:9090",
      headers: { authorization: "Bearer ${TOKEN}" },
    });
    expect(plan.metrics["error_rate"]?.source).toMatchObject({ url: "${PROMETHEUS_URL}", headers: {} });
  });
});

describe("comparisons of the cohorts", () => {
  const short = (trigger: string) =>
    planOf(
      SAMPLE.replace("compare: { metric: upload_errors, worseBy: 25%, alpha: 0.005 }", `compare: ${trigger}`),
    ).stages[0]?.triggers.at(-1)?.test;

  it("can be written in one line", () => {
    expect(short("upload_errors worse by 25%")).toEqual({
      kind: "compare",
      compare: { metric: "upload_errors", worseBy: 1.25 },
    });
    expect(short("upload_errors")).toEqual({ kind: "compare", compare: { metric: "upload_errors", worseBy: 1 } });
  });

  it("can close a stage", () => {
    const criteria = planOf(
      SAMPLE.replace(
        '[{ require: "adoption >= 50%" }]',
        '[{ require: "adoption >= 50%" }, { compare: upload_errors within 20% }]',
      ),
    ).stages[1]?.criteria;
    expect(criteria?.at(-1)).toEqual({
      id: "upload_errors within 1.2",
      test: { kind: "compare", within: { metric: "upload_errors", within: 1.2 } },
      forMs: 0,
    });
  });
});

describe("notifications", () => {
  const rule = (text: string) =>
    planOf(
      SAMPLE.replace("{ on: [rollback, escalation], severity: [P0, P1], to: [oncall-pagerduty, eng-slack] }", text),
    ).notify[0];

  it("go out on events, at moments, and again and again", () => {
    expect(rule("{ on: stageDone, stages: full, to: a }")).toMatchObject({
      on: ["stageDone"],
      stages: ["full"],
      to: ["a"],
      atMs: [],
      from: "start",
    });
    expect(rule("{ at: [-2h, 0s, +24h], to: [a, b], message: Soon }")).toMatchObject({
      on: [],
      atMs: [-7_200_000, 0, 86_400_000],
      to: ["a", "b"],
      message: "Soon",
    });
    expect(rule("{ at: +7d, from: completed, to: a }")).toMatchObject({ atMs: [604_800_000], from: "completed" });
    expect(rule("{ every: 24h, to: a }")).toMatchObject({ everyMs: 86_400_000 });
  });
});

describe("what comes after the last stage", () => {
  it("is a checklist, and reviews in order of time, whose criteria are judged at their moment", () => {
    const plan = planOf(`${SAMPLE}  completion:
    checklist: [{ item: Tag the release, within: 24h, run: git tag v1 }]
    reviews:
      - { name: 30-days, after: 30d, criteria: [error_rate < 0.5%], checklist: [Look back] }
      - { name: week, after: 7d }
`);
    expect(plan.completion.checklist).toEqual([
      { id: "tag-the-release", text: "Tag the release", roles: [], withinMs: 86_400_000, run: "git tag v1" },
    ]);
    expect(
      plan.completion.reviews.map(({ name, afterMs, criteria }) => ({
        name,
        afterMs,
        forMs: criteria.map(({ forMs }) => forMs),
      })),
    ).toEqual([
      { name: "week", afterMs: 604_800_000, forMs: [] },
      { name: "30-days", afterMs: 2_592_000_000, forMs: [0] },
    ]);
  });
});

describe("names that are special to JavaScript", () => {
  it("are names like others", () => {
    const plan = planOf(SAMPLE.replaceAll("tickets", "constructor").replaceAll("adoption", "__proto__"));
    expect(Object.keys(plan.metrics)).toEqual(expect.arrayContaining(["constructor", "__proto__"]));
    expect(plan.metrics["__proto__"]?.unit).toBe("ratio");
  });
});
