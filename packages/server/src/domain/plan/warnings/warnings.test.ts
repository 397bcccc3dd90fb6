import { describe, expect, it } from "vitest";
import { parsePlan } from "../parse.ts";
import { planOf } from "../testing/plan.ts";
import { rollbackBounds } from "./bound.ts";

interface Parts {
  readonly spec?: string;
  readonly metrics?: string;
  readonly triggers?: string;
  readonly stages?: string;
  readonly rollback?: string;
}

const plan = ({
  spec = "",
  metrics = "",
  triggers = "    - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }",
  stages,
  rollback,
}: Parts): string => `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: small }
spec:
  flag: f
  environment: production
${spec}
  metrics:
    error_rate: { prometheus: 'sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))', unit: ratio }
${metrics}
  triggers:
${triggers}
  stages:
${stages ?? "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate < 1%] }"}
  rollback: ${rollback ?? "{ verify: { within: 5m, criteria: [error_rate < 1%] } }"}
`;

function warnings(parts: Parts): readonly string[] {
  const result = parsePlan(plan(parts));
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line} ${message}`).join("\n"));
  return result.warnings.map(({ message }) => message);
}

describe("nothing is said of a plan", () => {
  it("that gives no reason", () => {
    expect(warnings({})).toEqual([]);
  });
});

describe("a plan without metrics", () => {
  const bare = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: bare }
spec:
  flag: f
  environment: production
  triggers: [{ name: complaints, signal: complaint, action: rollback }]
  stages: [{ name: all, percentage: 100, duration: 1h, timeout: 2h }]
`;

  it("is not told to look at one after a rollback", () => {
    expect(parsePlan(bare)).toMatchObject({ ok: true, warnings: [] });
  });
});

describe("a warning is given of", () => {
  it.each<[string, Parts, RegExp]>([
    [
      "a trigger that can never fire",
      { triggers: "    - { name: errors, when: error_rate > 100%, action: rollback }" },
      /^trigger 1: "error_rate > 100%" can never be true$/,
    ],
    [
      "a ratio that was meant as a percentage",
      { triggers: "    - { name: errors, when: error_rate >= 5, action: rollback }" },
      /can never be true/,
    ],
    [
      "a trigger that always fires",
      { triggers: "    - { name: errors, when: error_rate >= 0, action: rollback }" },
      /is always true: it fires as soon as it can/,
    ],
    [
      "a criterion that can never hold",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate < 0] }" },
      /can never hold: the stage would never end/,
    ],
    [
      "a criterion that demands nothing",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate <= 100%] }" },
      /always holds: it demands nothing/,
    ],
    [
      "a plan without a rollback trigger",
      { triggers: "    - { name: errors, when: error_rate >= 5%, for: 2m, action: pause }" },
      /^stage 1: nothing rolls this stage back by itself$/,
    ],
    [
      "sampling that is too seldom",
      { spec: "  interval: 1m" },
      /it can take 1m2.6s \(and its `for` of 2m before that\), above 30s/,
    ],
    [
      "a check that is too seldom",
      {
        metrics: "    health: { http: { url: http://h, every: 45s } }",
        triggers: "    - { name: health, when: health < 50%, action: rollback }",
      },
      /it can take 47.6s, above 30s/,
    ],
    [
      "a trigger whose patience outlasts the plan",
      { triggers: "    - { name: errors, when: error_rate >= 5%, for: 3h, action: rollback }" },
      /needs 3h of breach and is armed for 2h/,
    ],
    [
      "a criterion that outlasts its stage",
      {
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, timeout: 3h, criteria: [{ require: error_rate < 1%, for: 2h }] }",
      },
      /has to hold for 2h: stage canary will last longer than its duration \(1h\)/,
    ],
    [
      "a criterion that outlasts the timeout",
      {
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [{ require: error_rate < 1%, for: 3h }] }",
      },
      /has to hold for 3h, and stage canary times out before that/,
    ],
    [
      "a gap between criterion and trigger that nothing ends",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, criteria: [error_rate < 1%] }" },
      /between this and trigger errors \(error_rate >= 5%\) the stage neither ends nor stops/,
    ],
    [
      "a criterion that is looser than the trigger",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [error_rate < 10%] }" },
      /trigger errors \(error_rate >= 5%\) fires while this still holds/,
    ],
    [
      "a role that is asked for twice",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, approvals: [lead, lead] }" },
      /role lead is listed twice: the same person satisfies both/,
    ],
    [
      "a replacement that is slower",
      {
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, triggers: [{ name: errors, when: error_rate >= 3%, for: 5m, action: rollback }] }\n    - { name: full, percentage: 100, duration: 1h }",
      },
      /replaces "error_rate >= 5%" for 2m: here a breach of that takes 5m/,
    ],
    [
      "a replacement that only pauses",
      {
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, triggers: [{ name: errors, when: error_rate >= 3%, action: pause }] }\n    - { name: full, percentage: 100, duration: 1h }",
      },
      /by one that only pauses/,
    ],
    [
      "a trigger that every stage replaces",
      {
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, triggers: [{ name: errors, when: error_rate >= 3%, action: rollback }] }",
      },
      /every stage replaces errors: it is armed nowhere/,
    ],
    [
      "a rule that one error can fire",
      { spec: "  traffic: 2/m" },
      /^trigger 1: a single error can fire it: 5m hold about 10 requests$/,
    ],
    [
      "a rule that one error of the canary can fire",
      {
        spec: "  traffic: 1/s",
        metrics: "    mine: { sdk: { measure: error_rate, window: 1m } }",
        triggers: "    - { name: errors, when: mine >= 5%, action: rollback }",
      },
      /1m hold about 3 requests of the 5 % that have the flag/,
    ],
    [
      "a comparison without anybody to compare with",
      {
        metrics: "    mine: { sdk: { measure: error_rate } }",
        triggers:
          "    - { name: errors, when: error_rate >= 5%, action: rollback }\n    - { name: worse, compare: mine, action: rollback }",
        stages: "    - { name: full, percentage: 100, duration: 1h }",
      },
      /in stage full everybody has the flag/,
    ],
    [
      "a comparison that is wrong every other time",
      {
        metrics: "    mine: { sdk: { measure: error_rate } }",
        triggers:
          "    - { name: errors, when: error_rate >= 5%, action: rollback }\n    - { name: worse, compare: { metric: mine, alpha: 0.5 }, action: rollback }",
      },
      /^trigger 2: with alpha 0.5 it takes back up to 50 % of rollouts that are healthy$/,
    ],
    [
      "a proof that is wrong every other time",
      {
        metrics: "    mine: { sdk: { measure: error_rate } }",
        stages:
          "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h, criteria: [{ compare: { metric: mine, alpha: 0.5 } }] }",
      },
      /with alpha 0.5 it holds in up to 50 % of rollouts that are worse than it allows$/,
    ],
    ["an unused metric", { metrics: "    spare: { signal: spare }" }, /^metric spare: no condition is about it$/],
    [
      "milliseconds that are taken for seconds",
      {
        metrics:
          "    p95: { prometheus: 'histogram_quantile(0.95, sum by (le) (rate(duration_ms_bucket[5m])))', unit: seconds }",
        triggers: "    - { name: slow, when: p95 > 500ms, action: rollback }",
      },
      /seems to give milliseconds/,
    ],
    [
      "percentages that are taken for ratios",
      {
        metrics: "    fails: { prometheus: max(failure_percent), unit: ratio }",
        triggers: "    - { name: slow, when: fails > 5%, action: rollback }",
      },
      /seems to give percentages/,
    ],
    [
      "a secret that everybody can read",
      {
        metrics: "    health: { http: { url: http://h, headers: { Authorization: Bearer abc } } }",
        triggers: "    - { name: health, when: health < 50%, action: rollback }",
      },
      /the header authorization holds its secret in the plan/,
    ],
    ["a plan without a lease", { spec: "  lease: off" }, /keeps the flag on until it is back/],
    ["a long lease", { spec: "  lease: 2m" }, /keeps the flag on for up to 2m, above 30s/],
    ["a short lease", { spec: "  lease: 10s" }, /can end while a client that polls is well/],
    ["a rollback that nobody verifies", { rollback: "{}" }, /^nobody looks whether a rollback helped$/],
    [
      "a reaction to a timeout that never comes",
      { stages: "    - { name: canary, percentage: 5, duration: 1h, onTimeout: rollback }" },
      /`onTimeout` means nothing without `timeout`/,
    ],
  ])("%s", (_, parts, message) => {
    expect(warnings(parts)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it.each<[string, Parts, string]>([
    ["the plan's interval", { spec: "  interval: 1m" }, "sample every 27s or more often: set `interval`"],
    [
      "a check that is called seldom",
      {
        metrics: "    health: { http: { url: http://h, every: 45s } }",
        triggers: "    - { name: health, when: health < 50%, action: rollback }",
      },
      "sample every 27s or more often: set the `every` of health",
    ],
    [
      "both",
      {
        spec: "  interval: 1m",
        metrics: "    health: { http: { url: http://h, every: 90s } }",
        triggers: "    - { name: health, when: health < 50%, action: rollback }",
      },
      "sample every 27s or more often: set `interval` and set the `every` of health",
    ],
  ])("sampling that is too seldom, with what to change: %s", (_, parts, hint) => {
    const result = parsePlan(plan(parts));
    expect(result.ok && result.warnings.map((one) => one.hint)).toContain(hint);
  });

  it.each<[string, string | undefined, string]>([
    ["borrows the criteria of a stage", undefined, "{ verify: { within: 5m } }"],
    [
      "names a metric of the plan where no stage has criteria",
      "    - { name: canary, percentage: 5, duration: 1h, timeout: 2h }",
      "with what error_rate has to be again",
    ],
  ])("a rollback that nobody verifies, with a hint that %s", (_, stages, hint) => {
    const result = parsePlan(plan({ rollback: "{}", ...(stages !== undefined && { stages }) }));
    expect(result.ok && result.warnings.map((one) => one.hint)).toEqual([expect.stringContaining(hint)]);
  });

  it("nothing of an alpha that is strict enough", () => {
    const metrics = "    mine: { sdk: { measure: error_rate } }";
    const triggers =
      "    - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }\n    - { name: worse, compare: { metric: mine, alpha: 0.05 }, action: rollback }";
    expect(warnings({ metrics, triggers })).toEqual([]);
  });

  it("nothing where the cohort is too small for a value", () => {
    const metrics = "    mine: { sdk: { measure: error_rate, window: 1m, minEvents: 50 } }";
    const triggers =
      "    - { name: errors, when: mine >= 5%, action: rollback }\n    - { name: rest, when: error_rate >= 90%, action: rollback }";
    expect(warnings({ spec: "  traffic: 1/s", metrics, triggers })).toEqual([]);
  });
});

describe("the time from a visible breach to off everywhere", () => {
  it("is sampling, query, for and the way to the clients, at most", () => {
    const metrics = "    health: { http: { url: http://h, every: 20s } }\n    tickets: { signal: tickets }";
    const triggers = [
      "    - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }",
      "    - { name: health, when: health < 50%, action: rollback }",
      "    - { name: tickets, when: tickets > 5, action: rollback }",
      "    - { name: security, signal: security, action: rollback }",
      "    - { name: told, when: error_rate >= 1%, action: notify }",
    ].join("\n");
    const stages =
      "    - { name: canary, percentage: 5, duration: 1h, triggers: [{ name: mine, signal: mine, action: rollback }] }\n    - { name: full, percentage: 100, duration: 1h }";
    expect(rollbackBounds(planOf(plan({ metrics, triggers, stages })))).toEqual([
      { trigger: "errors", boundMs: 132_600, forMs: 120_000, reactMs: 12_600, lookbackMs: 300_000 },
      { trigger: "health", boundMs: 22_600, forMs: 0, reactMs: 22_600, lookbackMs: 60_000 },
      { trigger: "tickets", boundMs: 600, forMs: 0, reactMs: 600 },
      { trigger: "security", boundMs: 600, forMs: 0, reactMs: 600 },
      { trigger: "mine", stage: "canary", boundMs: 600, forMs: 0, reactMs: 600 },
    ]);
  });
});
