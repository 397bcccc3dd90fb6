import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { DEFAULT_DRILL_PLAN, DRILL_FLAG, drillPlanOf, drillValuesIn, judgeDrill, waitMsOf } from "./drill.ts";
import { parsePlan } from "./plan/parse.ts";
import type { Plan } from "./plan/types.ts";

const receipts = (more: Partial<ReceiptsView> = {}): ReceiptsView => ({
  environment: "staging",
  epoch: "e",
  revision: 7,
  flags: [DRILL_FLAG],
  rollout: "r1",
  committedAt: "2026-01-05T02:00:00.000Z",
  verdict: "proven",
  expected: 3,
  acknowledged: 3,
  alreadyOff: 0,
  stragglers: [],
  legs: { dataAgeMs: 100, decideMs: 10, commitMs: 1.5, writeMs: 2, apply: { p50Ms: 5, p99Ms: 9, maxMs: 10.2 } },
  ...more,
});

describe("a drill", () => {
  it("took all its legs, to the last client", () => {
    expect(judgeDrill(receipts())).toEqual({ kind: "good", tookMs: 124 });
  });

  it.each([
    ["on another flag", { flags: ["checkout"] }],
    ["by hand", { rollout: undefined }],
    ["that nobody could notice", { expected: 0, acknowledged: 0 }],
    ["that is not over", { verdict: "open" as const }],
  ])("%s is none", (_, more) => {
    const { rollout, ...rest } = { ...receipts(), ...more };
    expect(judgeDrill({ ...rest, ...(rollout !== undefined && { rollout }) })).toMatchObject({ kind: "none" });
  });

  it.each([
    ["with clients missing", { verdict: "unproven" as const, acknowledged: 2 }],
    ["that only leases bound", { verdict: "bounded" as const, acknowledged: 2 }],
  ])("%s failed", (_, more) => {
    expect(judgeDrill(receipts(more))).toMatchObject({
      kind: "failed",
      detail: expect.stringContaining("1 of 3 clients"),
    });
  });
});

const planOf = (over: object): Plan => {
  const spec = {
    flag: "checkout",
    environment: "production",
    interval: "10s",
    metrics: {
      errors: { prometheus: { url: "http://p.example", query: "errors" }, unit: "ratio" },
      p95: { prometheus: { url: "http://p.example", query: "p95" }, unit: "seconds" },
    },
    stages: [{ name: "all", percentage: 100, duration: "1h", timeout: "2h" }],
    ...over,
  };
  const parsed = parsePlan(
    JSON.stringify({ apiVersion: "rampart/v1", kind: "RolloutPlan", metadata: { name: "p" }, spec }),
  );
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.plan;
};

describe("the plan of a drill", () => {
  const triggers = [
    { name: "security", signal: "incident", action: "rollback" },
    { name: "elevated", when: "errors >= 1%", action: "pause" },
    { name: "slow", when: "p95 >= 1000ms", for: "2m", action: "rollback" },
  ];

  it("takes over the first rollback trigger on a metric, and puts it on the drill flag", () => {
    const drill = drillPlanOf(planOf({ triggers }), "staging");
    expect(drill).toMatchObject({ trigger: "slow", condition: "p95 >= 1000ms", intervalMs: 10_000, forMs: 120_000 });
    // 2 minutes of breach, one interval, one query and the way to the clients.
    expect(drill?.withinMs).toBe(120_000 + 10_000 + 2_000 + 600);
    const parsed = parsePlan(drill?.text ?? "");
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    expect(parsed.plan).toMatchObject({ flag: DRILL_FLAG, environment: "staging", intervalMs: 10_000 });
    expect(parsed.plan.stages[0]?.triggers).toMatchObject([
      { name: "slow", forMs: 120_000, action: "rollback", test: { condition: { metric: "p95" } } },
    ]);
    expect(drillPlanOf(parsed.plan, "staging")).toMatchObject({ trigger: "slow", withinMs: drill?.withinMs });
  });

  it("allows 30 s where the plan's own settings need less", () => {
    expect(
      drillPlanOf(planOf({ triggers: [{ name: "t", when: "errors > 5%", action: "rollback" }] }), "staging"),
    ).toMatchObject({
      withinMs: 30_000,
    });
  });

  it("does not exist without a rollback trigger that watches a metric", () => {
    expect(drillPlanOf(planOf({ triggers: triggers.slice(0, 2) }), "staging")).toBeUndefined();
  });

  it("has values on either side of the threshold, whatever the condition", () => {
    for (const when of [
      "errors >= 5%",
      "errors > 0",
      "errors < 5%",
      "errors <= -2",
      "errors == 1",
      "errors != 0",
      "errors > baseline + 25%",
    ]) {
      const drill = drillPlanOf(planOf({ triggers: [{ name: "t", when, action: "rollback" }] }), "staging");
      const parsed = parsePlan(drill?.text ?? "");
      if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
      const source = parsed.plan.metrics["errors"]?.source;
      const { healthy, breach } = drillValuesIn(source?.kind === "prometheus" ? source.query : "") ?? {
        healthy: 0,
        breach: 0,
      };
      const [, operator = "", literal = ""] = /errors (\S+) (.*)$/.exec(when) ?? [];
      const threshold = literal === "5%" ? 0.05 : literal === "baseline + 25%" ? 1.25 : Number(literal);
      expect(isTrue(breach, operator, threshold), when).toBe(true);
      expect(isTrue(healthy, operator, threshold), when).toBe(false);
    }
  });

  it("can be made of the default", () => {
    const parsed = parsePlan(DEFAULT_DRILL_PLAN);
    expect(parsed.ok && drillPlanOf(parsed.plan, "production")).toMatchObject({ trigger: "drill", withinMs: 30_000 });
  });

  it("counts from the breach, with the waiting for the decisive sample", () => {
    const from = Date.parse(receipts().committedAt) - 12_000;
    const whole = judgeDrill(receipts(), from);
    const without = judgeDrill(receipts());
    if (whole.kind !== "good" || without.kind !== "good") throw new Error("no drill");
    expect(whole.tookMs).toBeGreaterThan(11_900);
    expect(whole.tookMs - without.tookMs).toBe(Math.round(waitMsOf(receipts(), from) ?? 0));
  });
});

function isTrue(value: number, operator: string, threshold: number): boolean {
  if (operator === ">=") return value >= threshold;
  if (operator === ">") return value > threshold;
  if (operator === "<=") return value <= threshold;
  if (operator === "<") return value < threshold;
  return operator === "==" ? value === threshold : value !== threshold;
}
