import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import {
  BY_ID,
  criterionView,
  FOUND,
  NONE,
  receiptsView,
  ROLLOUT_ID,
  rolloutView,
  run,
  stageView,
  triggerView,
} from "../../testing/rollout.ts";

describe("rollout list", () => {
  it("shows each in a line", async () => {
    const { stdout } = await run(FOUND, ["rollout", "list"]);
    expect(stdout.split("\n")).toEqual([
      "ID            FLAG      ENVIRONMENT  STATUS     AT  STAGE    PLAN             STARTED  BY",
      `${ROLLOUT_ID}  checkout  production   running  25 %  quarter  new-checkout v3  3 h ago  anna`,
      "",
    ]);
  });

  it("asks for those of a flag, an environment, or those that are not over", async () => {
    const { seen, stderr } = await run(NONE, ["rollout", "list", "--flag", "checkout", "-e", "staging", "--active"]);
    expect(seen[0]?.line).toBe("GET /api/v1/rollouts?flag=checkout&environment=staging&active=true&limit=50");
    expect(stderr).toBe("no such rollout\n");
  });
});

describe("rollout status", () => {
  const view = rolloutView({
    triggers: [
      triggerView(),
      triggerView({
        name: "elevated",
        text: "error_rate >= 1%",
        value: 0.014,
        threshold: 0.01,
        isTrue: true,
        trueForMs: 80_000,
      }),
    ],
    criteria: [
      criterionView(),
      criterionView({ text: "health >= 99.9%", verdict: "error", reason: "no answer within 2s", heldMs: 0 }),
      criterionView({
        text: "adoption >= 50%",
        unit: "ratio",
        value: 0.6,
        threshold: 0.5,
        holds: true,
        heldMs: 120_000,
      }),
    ],
    approvals: [
      {
        stage: "full",
        role: "engineering-lead",
        needed: 2,
        given: [{ by: "bert", at: "2026-01-05T11:55:00Z" }],
        isOpen: true,
      },
    ],
    checklist: [
      { id: "quarter.1", text: "Feedback neutral or positive", roles: ["product-owner"] },
      { id: "quarter.2", text: "Smoke test passed", roles: [], ticked: { by: "anna", at: "2026-01-05T11:57:00Z" } },
    ],
  });
  const routes = { ...FOUND, [`GET ${BY_ID}`]: { body: view } };

  it("says where it is and what it waits for, before everything else", async () => {
    const { code, stdout } = await run(routes, ["rollout", "status", "checkout"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^checkout in production {2}● running {2}25 %\n/);
    expect(stdout.indexOf(view.sentence)).toBeLessThan(stdout.indexOf("canary"));
  });

  it("draws the stages, and how far the open one is", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout"]);
    expect(stdout).toContain(
      [
        "  ✔ canary     5 %  done",
        "  ▶ quarter   25 %  ███████████████░░░░░  30m left of 2h",
        "  ○ full     100 %  1h",
      ].join("\n"),
    );
  });

  it("shows value, threshold, streak and age of each criterion and trigger", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout"]);
    expect(stdout).toMatch(/… {2}p95 < 500ms +212ms +500ms +true for 1m20s of 2m +4s/);
    expect(stdout).toMatch(/! {2}health >= 99.9% .*no answer within 2s/);
    expect(stdout).toMatch(/✔ {2}adoption >= 50% +60% +50% +held for 2m/);
    expect(stdout).toMatch(/· {2}errors +error_rate >= 5% +0.2% +5% +quiet +rollback P0 +4s/);
    expect(stdout).toMatch(/! {2}elevated +error_rate >= 1% +1.4% +1% +true for 1m20s of 2m/);
  });

  it("lists metrics that say nothing with what was asked, and a reason that many share once", async () => {
    const metric = { source: "prometheus" as const, unit: "ratio" as const, state: "error" as const };
    const away = { ...metric, reason: "no answer within 2s" };
    const metrics = [
      { ...away, name: "p95", query: "max(p95)" },
      { ...away, name: "error-storm", query: "count(\nerrors > 1\n) or vector(0)" },
      { ...metric, name: "adoption", state: "noData" as const, query: "sum(adoption)" },
    ];
    const { stdout } = await run({ ...FOUND, [`GET ${BY_ID}`]: { body: { ...view, metrics } } }, [
      "rollout",
      "status",
      "checkout",
    ]);
    expect(stdout).toContain(
      [
        "     METRIC WITHOUT A VALUE  WHY                  ASKED",
        "  !  p95                     no answer within 2s  max(p95)",
        "  !  error-storm                                  count( errors > 1 ) or vector(0)",
        "  ?  adoption                no data yet          sum(adoption)",
        "",
      ].join("\n"),
    );
  });

  it("shows users with the flag against users without it, and why where they can't be compared", async () => {
    const compared = {
      metric: "upload_errors",
      line: "upload_errors: 7 users with failures in the 5 % vs 13 in control · odds ×10",
      standing: "compared" as const,
      tests: [],
      series: [],
    };
    const test = { name: "any", evidence: 743, needed: 400, layer: "fast" as const };
    const shown = async (more: object): Promise<string> => {
      const body = { ...view, comparisons: [{ ...compared, ...more }] };
      return (await run({ ...FOUND, [`GET ${BY_ID}`]: { body } }, ["rollout", "status", "checkout"])).stdout;
    };
    expect(await shown({})).toContain(`WITH THE FLAG AGAINST WITHOUT IT\n  … ${compared.line}\n`);
    expect(await shown({ tests: [{ ...test, isAlarm: true }] })).toContain(`  ✘ ${compared.line}\n`);
    expect(await shown({ standing: "stale", reason: "the SDKs report nothing of it" })).toContain(
      `  ? ${compared.line}\n    not compared: the SDKs report nothing of it\n`,
    );
    const cohort = { users: 1, failing: 0, failingLately: 0, failures: 0 };
    const point = { at: view.now, of: "failures", unit: "ratio", high: 1.4, on: cohort, off: cohort };
    expect(await shown({ margin: 2, series: [point] })).toContain(`  ✔ ${compared.line}\n`);
    expect((await run(routes, ["rollout", "status", "checkout"])).stdout).not.toContain("WITH THE FLAG");
  });

  it("shows who approved and ticked, and who still has to", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout"]);
    expect(stdout).toContain("◌ full by engineering-lead  1 of 2 · bert 5 min ago · waits for it now");
    expect(stdout).toContain("☐ Feedback neutral or positive  by product-owner");
    expect(stdout).toContain("✔ Smoke test passed  anna 3 min ago");
  });

  it("ends with the commands that would do something now, ready to be pasted, rollback first", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout"]);
    const commands = stdout.slice(stdout.indexOf("NOW POSSIBLE")).match(/(?<=rampart rollout )[a-z]+/g);
    expect(commands).toEqual(["rollback", "pause", "approve", "tick", "promote"]);
    expect(stdout).toContain('rampart rollout tick checkout "Feedback neutral or positive"');
  });

  it("fits a narrow terminal, line for line", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout"], {
      terminal: 60,
      env: { NO_COLOR: "1", XDG_CONFIG_HOME: "/nonexistent" },
    });
    for (const text of stdout.split("\n")) expect(text.length).toBeLessThanOrEqual(60);
  });

  it("prints the API's answer with --json", async () => {
    const { stdout } = await run(routes, ["rollout", "status", "checkout", "--json"]);
    expect(JSON.parse(stdout)).toEqual(view);
  });

  it("says where a rollback's time went, leg by leg, against what was promised", async () => {
    const apply = { p50Ms: 200, p99Ms: 1900, maxMs: 1900 };
    const shown = async (legs: ReceiptsView["legs"]) => {
      const over = { body: rolloutView({ status: "rolledBack", percentage: 0, rollback: receiptsView({ legs }) }) };
      return (await run({ ...FOUND, [`GET ${BY_ID}`]: over }, ["rollout", "status", "checkout"])).stdout;
    };
    expect(await shown({ dataAgeMs: 4200, decideMs: 61, commitMs: 3, writeMs: 2, apply })).toContain(
      [
        "  WHERE THE TIME WENT",
        "    age of the data at the sample        4.2s",
        "    sample to decision                   61ms",
        "    decision to commit                   3ms",
        "    commit to written to sockets         2ms",
        "    written to applied, the last client  1.9s",
        "    total                                6.166s of 30s",
        "",
      ].join("\n"),
    );
    expect(await shown({ dataAgeMs: 29_000, decideMs: 0, commitMs: 0, writeMs: 0, apply })).toContain(
      "30.9s of 30s, too long\n",
    );
    expect(await shown({ decideMs: 1, commitMs: 3, writeMs: 2 })).toMatch(
      /at the sample +-\n[^]*last client +-\n +total, without the clients +6ms of 30s\n/,
    );
  });

  it("says who applied a rollback, and how to learn who is missing", async () => {
    const texts = [
      receiptsView(),
      receiptsView({ verdict: "proven", expected: 2, stragglers: [] }),
      receiptsView({ verdict: "proven", expected: 0, acknowledged: 0 }),
    ].map(async (rollback) => {
      const over = { body: rolloutView({ status: "rolledBack", percentage: 0, rollback }) };
      return (await run({ ...routes, [`GET ${BY_ID}`]: over }, ["rollout", "status", "checkout"])).stdout;
    });
    const [missing, all, none] = await Promise.all(texts);
    expect(missing).toContain(
      "unproven: 2 of 3 clients applied the rollback, p99 1.9s, 1 missing: rampart receipts 4711\n",
    );
    expect(all).toContain("proven: 2 of 2 clients applied the rollback, p99 1.9s\n");
    expect(none).toContain("proven: no client could have been on\n");
  });

  it("marks the stage that was open when it was rolled back", async () => {
    const over = rolloutView({
      status: "rolledBack",
      percentage: 0,
      allowed: ["rollback", "tick", "acknowledge"],
      stages: [stageView({ state: "done" }), stageView({ name: "quarter", percentage: 25, state: "stopped" })],
    });
    const { stdout } = await run({ ...routes, [`GET ${BY_ID}`]: { body: over } }, ["rollout", "status", "checkout"]);
    expect(stdout).toContain("✘ quarter  25 %  rolled back");
    expect(stdout).not.toContain("NOW POSSIBLE");
  });
});
