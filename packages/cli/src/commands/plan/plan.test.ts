import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rampart, temporaryFolder } from "../../testing/fake-io.ts";

const EXAMPLES = fileURLToPath(new URL("../../../../../examples/", import.meta.url));
const PLAN = join(EXAMPLES, "plans", "spark-trading.yaml");
const BREACH = join(EXAMPLES, "scenarios", "spark-trading.breach.yaml");

const SMALL = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: small }
spec:
  flag: checkout
  environment: production
  metrics:
    error_rate: { prometheus: { query: "sum(rate(errors[5m])) / sum(rate(requests[5m]))", url: "\${PROMETHEUS_URL}" }, unit: ratio }
  triggers:
    - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }
  stages:
    - { name: canary, percentage: 5, duration: 30m, timeout: 2h, criteria: [error_rate < 1%] }
    - { name: full, percentage: 100, duration: 24h }
  rollback: { verify: { within: 5m, criteria: [error_rate < 1%] } }
`;

describe("plan validate", () => {
  it("shows the ramp, the digest, the variables, and how long each rollback trigger takes", async () => {
    const { code, stdout } = await rampart(["plan", "validate", "-"], { stdin: SMALL });
    expect(code).toBe(0);
    expect(stdout.replace(/[0-9a-f]{64}/, "<digest>")).toBe(
      [
        "plan       small",
        "flag       checkout in production",
        "stages     5 % 30m → 100 % 24h",
        "digest     <digest>",
        "variables  PROMETHEUS_URL",
        "",
        "From a breach in its source to off in every connected client, at most, of a sharp breach and of one that is just over the limit:",
        "rollback trigger  sharp    slight   of it for  of it sampling to off  query looks back",
        "errors            2m12.6s  7m12.6s  2m         12.6s                  5m",
        "A client without contact goes off by itself within 25s.",
        "",
        "<stdin> is valid",
        "",
      ].join("\n"),
    );
  });

  it("says what comparing may cost, and how that is split", async () => {
    const stdin = SMALL.replace(
      "  triggers:\n",
      "    failing: { sdk: { measure: error_rate } }\n    slow: { sdk: { measure: p95 } }\n  holdback: 1%\n  triggers:\n    - { name: a, compare: failing, action: rollback }\n    - { name: b, compare: { metric: slow, worseBy: 20%, alpha: 0.004 }, action: pause }\n",
    );
    const { code, stdout } = await rampart(["plan", "validate", "-"], { stdin });
    expect(code).toBe(0);
    expect(stdout).toContain(
      "Comparing with users without the flag takes back at most 1 % of rollouts that are healthy: failing worse than without the flag 0.6 %, slow worse by 20% than without the flag 0.4 %.\n",
    );
    expect(stdout).toMatch(/^a +2\.6s /m);
    const { stdout: json } = await rampart(["plan", "validate", "-", "--json"], { stdin });
    expect(JSON.parse(json)).toMatchObject({
      falseAlarms: [{ comparison: "failing worse by 1", alpha: 0.006 }, { alpha: 0.004 }],
    });
  });

  it("points at every mistake with its line, a caret and what was meant", async () => {
    const broken = SMALL.replace("5%, for", "5s, for").replace("duration: 30m", "duration: 30 minutes");
    const { code, stdout } = await rampart(["plan", "validate", "-"], { stdin: broken });
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        "<stdin>:10:29: trigger 1: error_rate is a ratio, and 5s is a time",
        "10 |     - { name: errors, when: error_rate >= 5s, for: 2m, action: rollback }",
        "   |                             ^^^^^^^^^^^^^^^^",
        "   | write a percentage (5%) or a ratio (0.05), or set the metric's `unit: seconds`",
        "",
        '<stdin>:12:48: stage 1: "30 minutes" is not a duration',
        "12 |     - { name: canary, percentage: 5, duration: 30 minutes, timeout: 2h, criteria: [error_rate < 1%] }",
        "   |                                                ^^^^^^^^^^",
        "   | write 30m",
        "",
        "2 problems in <stdin>",
        "",
      ].join("\n"),
    );
  });

  it("cuts long lines around what is wrong", async () => {
    const broken = SMALL.replace("unit: ratio", "unit: ratios");
    const { stdout } = await rampart(["plan", "validate", "-"], { stdin: broken });
    const [, line = "", carets = ""] = stdout.split("\n");
    expect(line).toMatch(/^8 \| ….*unit: ratios \}$/);
    expect(carets.indexOf("^")).toBe(line.indexOf("ratios"));
    expect(carets.trim()).toMatch(/^\| +\^{6}$/);
  });

  it("warns, which fails with --strict only", async () => {
    const warned = SMALL.replace("for: 2m", "for: 3d").replace("timeout: 2h", "timeout: 3h");
    const { code, stdout } = await rampart(["plan", "validate", "-"], { stdin: warned });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<stdin>:10:7: warning: trigger 1: it needs 3d of breach/);
    expect(stdout).toContain("<stdin> is valid, with 1 warning\n");
    expect((await rampart(["plan", "validate", "-", "--strict"], { stdin: warned })).code).toBe(1);
  });

  it("is JSON with --json, whether the plan is valid or not", async () => {
    const good = await rampart(["plan", "validate", PLAN, "--json"]);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      valid: true,
      name: "spark-trading",
      warnings: [],
      variables: ["PROMETHEUS_URL"],
    });
    const bad = await rampart(["plan", "validate", "-", "--json"], { stdin: SMALL.replace("flag:", "flags:") });
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toEqual({
      valid: false,
      problems: [
        {
          line: 5,
          column: 3,
          endColumn: 8,
          path: "/spec/flags",
          message: 'unknown field "flags"',
          hint: 'did you mean "flag"?',
        },
      ],
    });
  });

  it("needs a file that can be read", async () => {
    const { code, stderr } = await rampart(["plan", "validate", "/nonexistent/plan.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain("there is no such file");
  });

  it("lets nothing of a file steer the terminal", async () => {
    const { stdout } = await rampart(["plan", "validate", "-"], { stdin: 'kind: "\\e[31mred\u001b[0m"' });
    expect(stdout).not.toContain("\u001b");
  });
});

describe("plan simulate", () => {
  it("tells what would happen, and when", async () => {
    const { code, stdout } = await rampart(["plan", "simulate", PLAN, "--scenario", BREACH]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ *39m +0 % +rollingBack +quarter +rolled back to 0 %: trigger bist-staleness$/m);
    expect(stdout).toContain("Rolled back by trigger bist-staleness; recovered.");
  });

  it("gives the timeline as JSON", async () => {
    const { stdout } = await rampart(["plan", "simulate", PLAN, "--scenario", BREACH, "--json"]);
    const report = JSON.parse(stdout) as {
      readonly outcome: string;
      readonly timeline: readonly { readonly at: string; readonly event: string }[];
    };
    expect(report.outcome).toBe("rolledBack");
    expect(report.timeline).toContainEqual(
      expect.objectContaining({ at: "PT39M", event: "rollbackStarted", percentage: 0 }),
    );
  });

  it("fails when it ends otherwise than expected", async () => {
    const run = (outcome: string) => rampart(["plan", "simulate", PLAN, "--scenario", BREACH, "--expect", outcome]);
    expect((await run("rolledBack")).code).toBe(0);
    const other = await run("completed");
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("it ended rolledBack, not completed");
    expect((await run("done")).code).toBe(2);
  });

  it("points at mistakes of the scenario", async () => {
    const path = join(temporaryFolder(), "scenario.yaml");
    writeFileSync(path, readFileSync(BREACH, "utf8").replace("p95: 120ms", "p59: 120ms"));
    const { code, stdout } = await rampart(["plan", "simulate", PLAN, "--scenario", path]);
    expect(code).toBe(1);
    expect(stdout).toContain('did you mean "p95"?');
    expect(stdout).toMatch(/1 problem in .*scenario\.yaml/);
  });

  it("needs a scenario", async () => {
    const { code, stderr } = await rampart(["plan", "simulate", PLAN]);
    expect(code).toBe(2);
    expect(stderr).toContain("--scenario");
  });
});

describe("plan schema", () => {
  it("prints JSON Schema", async () => {
    const { code, stdout } = await rampart(["plan", "schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      required: ["apiVersion", "kind", "metadata", "spec"],
    });
  });
});
