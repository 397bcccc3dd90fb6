import { describe, expect, it } from "vitest";
import { planOf } from "../rollout/testing/story.ts";
import {
  keyText,
  testKey,
  comparedProofs,
  comparedTests,
  compareText,
  PROOF_ALPHA,
  ROLLOUT_ALPHA,
} from "./compared.ts";
import { parsePlan } from "./parse.ts";

const METRICS = `metrics:
  errors: { sdk: { measure: error_rate } }
  uploads: { sdk: { metric: upload, measure: error_rate } }
  slow: { sdk: { measure: p95 } }
`;
const STAGES = "stages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 50, duration: 1h }]\n";

/** What is said of a plan with these metrics, triggers and stages. */
function said({
  metrics,
  triggers = "[]",
  stages = "[{ name: a, percentage: 5, duration: 1h }]",
}: {
  readonly metrics: string;
  readonly triggers?: string;
  readonly stages?: string;
}): readonly string[] {
  const parsed = parsePlan(
    `apiVersion: rampart/v1\nkind: RolloutPlan\nmetadata: { name: c }\nspec:\n  flag: c\n  environment: production\n  metrics: ${metrics}\n  triggers: ${triggers}\n  stages: ${stages}\n`,
  );
  return (parsed.ok ? parsed.warnings : parsed.problems).map(({ message }) => message);
}

const alphas = (triggers: string) =>
  comparedTests(planOf(`${METRICS}triggers:\n${triggers}\n${STAGES}`)).map(({ key, alpha }) => [
    key,
    Number(alpha.toPrecision(6)),
  ]);

describe("the false alarms of a rollout", () => {
  it("are told to people in words", () => {
    expect(keyText(testKey({ metric: "errors", worseBy: 1 }))).toBe("errors worse than without the flag");
    expect(keyText(testKey({ metric: "a worse by 2", worseBy: 1.25, alpha: 0.001 }))).toBe(
      "a worse by 2 worse by 25% than without the flag, alpha 0.001",
    );
  });

  it("are one in a hundred, all for the only comparison", () => {
    expect(alphas("  - { name: a, compare: errors, action: rollback }")).toEqual([
      ["errors worse by 1", ROLLOUT_ALPHA],
    ]);
  });

  it("are split evenly, by weight, or as the plan says, and add up to the budget", () => {
    expect(
      alphas(
        "  - { name: a, compare: errors, action: rollback }\n  - { name: b, compare: { metric: uploads, weight: 3 }, action: rollback }\n  - { name: c, compare: { metric: slow, alpha: 0.002 }, action: pause }",
      ),
    ).toEqual([
      ["errors worse by 1", 0.002],
      ["uploads worse by 1, weight 3", 0.006],
      ["slow worse by 1, alpha 0.002", 0.002],
    ]);
  });

  it("are spent once by a comparison that several triggers or stages have", () => {
    expect(
      alphas(
        "  - { name: a, compare: errors, action: rollback }\n  - { name: b, compare: errors worse by 0%, action: pause }",
      ),
    ).toHaveLength(1);
  });

  it("leave something for every comparison, or the plan is wrong", () => {
    const metrics = "{ errors: { sdk: { measure: error_rate } }, slow: { sdk: { measure: p95 } } }";
    const triggers =
      "[{ name: a, compare: { metric: errors, alpha: 0.01 }, action: rollback }, { name: b, compare: slow, action: rollback }]";
    expect(said({ metrics, triggers })).toEqual([
      expect.stringMatching(/uses up the 0.01 of the whole rollout: none is left for slow/),
    ]);
  });
});

describe("a comparison", () => {
  it("of how many requests there are means nothing, and is refused", () => {
    const metrics = "{ load: { sdk: { measure: rate } } }";
    expect(said({ metrics, triggers: "[{ name: a, compare: load, action: rollback }]" })).toEqual([
      expect.stringMatching(/"load" counts requests, and so says how large the cohorts are/),
    ]);
  });

  it("that closes a stage tolerates twice the failures, or 20 % more time, unless the plan says otherwise", () => {
    const criteria =
      "[{ compare: errors }, { compare: slow }, { compare: { metric: uploads, within: 50%, alpha: 0.01 } }]";
    const plan = planOf(`${METRICS}stages: [{ name: a, percentage: 5, duration: 1h, criteria: ${criteria} }]\n`);
    expect(comparedProofs(plan).map(({ within, alpha }) => [within.metric, within.within, alpha])).toEqual([
      ["errors", 2, PROOF_ALPHA],
      ["slow", 1.2, PROOF_ALPHA],
      ["uploads", 1.5, 0.01],
    ]);
  });

  it("that closes a stage at which everybody has the flag is warned of: it would never end", () => {
    const metrics = "{ errors: { sdk: { measure: error_rate } } }";
    const stages = "[{ name: all, percentage: 100, duration: 1h, timeout: 2h, criteria: [{ compare: errors }] }]";
    expect(said({ metrics, stages })).toContainEqual(
      expect.stringMatching(
        /in stage all everybody has the flag: nobody is there to compare with, and the stage never ends/,
      ),
    );
  });

  it("that closes a stage which times out before the first verdict is warned of", () => {
    const metrics = "{ errors: { sdk: { measure: error_rate } } }";
    const stages = "[{ name: a, percentage: 5, duration: 5m, timeout: 8m, criteria: [{ compare: errors }] }]";
    expect(said({ metrics, stages })).toContainEqual(
      expect.stringMatching(/it times out after 8m, and its comparison has its first verdict after 10m/),
    );
  });

  it("reads as a sentence", () => {
    expect(compareText({ metric: "errors", worseBy: 1 })).toBe("errors worse than without the flag");
    expect(compareText({ metric: "errors", worseBy: 1.25 })).toBe("errors worse by 25% than without the flag");
  });
});
