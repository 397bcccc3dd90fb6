import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi, problem, type Routes } from "../../testing/fake-api.ts";
import { rampart, temporaryFolder, type FakeOptions } from "../../testing/fake-io.ts";
import {
  criterionView,
  ROLLOUT_ID,
  rolloutEvent,
  rolloutSummary,
  rolloutView,
  stageView,
  triggerView,
} from "../../testing/rollout.ts";

const BY_ID = `/api/v1/rollouts/${ROLLOUT_ID}`;
const FOUND = { "GET /api/v1/rollouts": { body: { items: [rolloutSummary()] } } };
const NONE = { "GET /api/v1/rollouts": { body: { items: [] } } };

async function run(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart([...argv, "--url", api.url], options)), seen: api.seen };
}

describe("a rollout is meant", () => {
  const pause = { [`POST ${BY_ID}/pause`]: { body: rolloutView({ status: "paused" }) } };

  it("by the key of a flag: the newest on it in the environment", async () => {
    const { code, seen } = await run({ ...FOUND, ...pause }, ["rollout", "pause", "checkout"]);
    expect(code).toBe(0);
    expect(seen.map((request) => request.line)).toEqual([
      "GET /api/v1/rollouts?flag=checkout&environment=production&limit=1",
      `POST ${BY_ID}/pause`,
    ]);
  });

  it("by its id", async () => {
    const routes = { ...NONE, [`GET ${BY_ID}`]: { body: rolloutView() }, ...pause };
    expect((await run(routes, ["rollout", "pause", ROLLOUT_ID])).code).toBe(0);
  });

  it("by the beginning of its id, when no other has it", async () => {
    const lists = [{ body: { items: [] } }, { body: { items: [rolloutSummary(), rolloutSummary({ id: "8a" })] } }];
    const routes = {
      "GET /api/v1/rollouts": lists,
      "GET /api/v1/rollouts/7f3c": problem(404, "ROLLOUT_NOT_FOUND"),
      ...pause,
    };
    expect((await run(routes, ["rollout", "pause", "7f3c"])).code).toBe(0);
  });

  it("by nothing that two of them have", async () => {
    const two = [rolloutSummary(), rolloutSummary({ id: "7f99", environment: "staging" })];
    const { code, stderr } = await run(
      {
        "GET /api/v1/rollouts": [{ body: { items: [] } }, { body: { items: two } }],
        "GET /api/v1/rollouts/7f": problem(404, "ROLLOUT_NOT_FOUND"),
      },
      ["rollout", "pause", "7f"],
    );
    expect(code).toBe(2);
    expect(stderr).toContain('2 rollouts have an id that begins with "7f"');
    expect(stderr).toContain("7f99  checkout in staging, running");
  });

  it("in the environment where it is: the error says so", async () => {
    const lists = [NONE, NONE, { body: { items: [rolloutSummary({ environment: "staging" })] } }].map((one) =>
      "body" in one ? one : one["GET /api/v1/rollouts"],
    );
    const { code, stderr } = await run(
      { "GET /api/v1/rollouts": lists, "GET /api/v1/rollouts/checkout": problem(404, "ROLLOUT_NOT_FOUND") },
      ["rollout", "status", "checkout"],
    );
    expect(code).toBe(3);
    expect(stderr).toContain("there is one in staging: add -e staging");
    expect(stderr).toContain("rampart flags kill FLAG");
  });
});

describe("rollout start", () => {
  const YAML = "kind: RolloutPlan\nspec:\n  stages:\n    - percentage: 120\n";

  function planFile(): string {
    const path = join(temporaryFolder(), "plan.yaml");
    writeFileSync(path, YAML);
    return path;
  }

  it("sends the document as it is, and says which rollout it became and what that waits for", async () => {
    const routes = { "POST /api/v1/rollouts": { status: 201, body: rolloutView() } };
    const { code, stdout, stderr, seen } = await run(routes, ["rollout", "start", planFile()]);
    expect(code).toBe(0);
    expect(seen[0]?.body).toEqual({ plan: YAML });
    expect(stdout).toBe("checkout in production: running at 25 %\nRunning quarter (25 %): waits for 30m more of 2h.\n");
    expect(stderr).toContain(`started ${ROLLOUT_ID}\n`);
    expect(stderr).toContain("rampart rollout status checkout --watch");
  });

  it("starts later: at an instant, or a time from now on", async () => {
    const routes = { "POST /api/v1/rollouts": { body: rolloutView({ status: "scheduled" }) } };
    const { seen } = await run(routes, ["rollout", "start", "-", "--at", "+2h"], { stdin: YAML });
    expect(seen[0]?.body).toEqual({ plan: YAML, startAt: "2026-01-05T14:00:00.000Z" });
    expect((await run(routes, ["rollout", "start", "-", "--at", "tonight"], { stdin: YAML })).code).toBe(2);
  });

  it("shows what is wrong with a plan in its own lines, and ends with exit code 2", async () => {
    const path = planFile();
    const errors = [
      {
        pointer: "/spec/stages/0/percentage",
        detail: "percentage 120 is above 100",
        hint: "0 to 100",
        line: 4,
        column: 19,
      },
      { pointer: "/spec", detail: "flag is missing", hint: "add flag: KEY", line: 2, column: 1 },
    ];
    const routes = { "POST /api/v1/rollouts": problem(400, "PLAN_INVALID", { errors }) };
    const { code, stdout, stderr } = await run(routes, ["rollout", "start", path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${path}:4:19: percentage 120 is above 100\n4 |     - percentage: 120\n`);
    expect(stderr).toContain(`2 problems in ${path}; nothing was started`);
  });

  it("ends with exit code 4 when another rollout ramps the flag, and says what to do about that", async () => {
    const detail = 'The rollout 41b ramps the flag "checkout" in production, and there can be one at a time.';
    const routes = { "POST /api/v1/rollouts": problem(409, "ROLLOUT_BUSY", { detail }) };
    const { code, stderr } = await run(routes, ["rollout", "start", planFile()]);
    expect(code).toBe(4);
    expect(stderr).toContain(detail);
    expect(stderr).toContain("rampart rollout rollback ID");
  });

  it("waits for the end with --wait: exit code 5 when it was rolled back", async () => {
    const routes = {
      "POST /api/v1/rollouts": { body: rolloutView() },
      [`GET ${BY_ID}`]: { body: rolloutView({ status: "verifying", percentage: 0 }) },
    };
    const { code, stdout } = await run(routes, ["rollout", "start", planFile(), "--wait"]);
    expect(code).toBe(5);
    expect(stdout).toContain("checkout in production: rolled back, verifying at 0 %");
  });
});

describe("rollout list", () => {
  it("shows each in a line", async () => {
    const { stdout } = await run(FOUND, ["rollout", "list"]);
    expect(stdout.split("\n")).toEqual([
      "ID                                    FLAG      ENVIRONMENT  STATUS     AT  STAGE    PLAN             STARTED  BY",
      `${ROLLOUT_ID}  checkout  production   running  25 %  quarter  new-checkout v3  3 h ago  anna`,
      "",
    ]);
  });

  it("asks for those of a flag, an environment, or those that are not over", async () => {
    const { seen, stderr } = await run(NONE, ["rollout", "list", "--flag", "checkout", "-e", "staging", "--active"]);
    expect(seen[0]?.line).toBe("GET /api/v1/rollouts?flag=checkout&environment=staging&active=true");
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

describe("a command", () => {
  it.each([
    [["pause", "checkout", "--reason", "lunch"], "pause", { reason: "lunch" }],
    [["resume", "checkout"], "resume", {}],
    [["promote", "checkout"], "promote", {}],
    [["cancel", "checkout"], "cancel", {}],
    [["begin", "checkout"], "start", {}],
    [["ack", "checkout"], "acknowledge", {}],
    [["approve", "checkout", "--role", "engineering-lead"], "approve", { role: "engineering-lead" }],
    [["reject", "checkout", "--reason", "not yet"], "reject", { reason: "not yet" }],
    [["tick", "checkout", "--all"], "tick", { item: "all" }],
  ])("%j is sent as %s, and says where the rollout is afterwards", async (argv, command, body) => {
    const routes = { ...FOUND, [`POST ${BY_ID}/${command}`]: { body: rolloutView() } };
    const { code, stdout, seen } = await run(routes, ["rollout", ...argv]);
    expect(code).toBe(0);
    expect(seen.at(-1)?.body).toEqual(body);
    expect(stdout).toContain("checkout in production: running at 25 %");
  });

  it("that is not possible now says why, where the rollout is and what is possible, with exit code 4", async () => {
    const detail = "resume: not possible while the rollout is running.";
    const routes = {
      ...FOUND,
      [`POST ${BY_ID}/resume`]: problem(409, "NOT_ALLOWED_NOW", { detail }),
      [`GET ${BY_ID}`]: { body: rolloutView() },
    };
    const { code, stderr } = await run(routes, ["rollout", "resume", "checkout"]);
    expect(code).toBe(4);
    expect(stderr).toContain(detail);
    expect(stderr).toContain("waits for 30m more of 2h");
    expect(stderr).toContain("rampart rollout rollback checkout");
  });
});

describe("rollout tick", () => {
  const checklist = [
    { id: "a", text: "Logs are kept", roles: [] },
    { id: "b", text: "Feedback is neutral", roles: [] },
    { id: "c", text: "Feedback was read", roles: [] },
  ];
  const routes = {
    ...FOUND,
    [`GET ${BY_ID}`]: { body: rolloutView({ checklist }) },
    [`POST ${BY_ID}/tick`]: { body: rolloutView() },
  };

  it.each([
    ["Logs are kept", "a"],
    ["b", "b"],
    ["logs", "a"],
    ["NEUTRAL", "b"],
    ["no such thing", "no such thing"],
  ])('takes "%s" for the item %s', async (text, item) => {
    expect((await run(routes, ["rollout", "tick", "checkout", text])).seen.at(-1)?.body).toEqual({ item });
  });

  it("ticks nothing when several items could be meant, or none was named", async () => {
    const two = await run(routes, ["rollout", "tick", "checkout", "feedback"]);
    expect(two.code).toBe(2);
    expect(two.stderr).toContain('"Feedback was read"');
    expect((await run(routes, ["rollout", "tick", "checkout"])).code).toBe(2);
    expect((await run(routes, ["rollout", "tick", "checkout", "logs", "--all"])).code).toBe(2);
  });
});

describe("rollout rollback", () => {
  const rolledBack = rolloutView({ status: "rollingBack", percentage: 0, sentence: "Rolling back: waits for …" });

  it("asks nothing, and tries again when the connection breaks or the server is away", async () => {
    const routes = {
      "GET /api/v1/rollouts": [{ status: 503 }, FOUND["GET /api/v1/rollouts"]],
      [`POST ${BY_ID}/rollback`]: [(response: { destroy(): unknown }) => void response.destroy(), { body: rolledBack }],
    };
    const { code, stdout, stderr, asked } = await run(
      routes,
      ["rollout", "rollback", "checkout", "--reason", "errors"],
      {
        terminal: 100,
      },
    );
    expect({ code, asked }).toEqual({ code: 0, asked: [] });
    expect(stdout).toContain("at 0 %");
    expect(stderr).toContain("trying again (2 of 4)");
    expect(stderr).toContain("rampart rollout status checkout --watch");
  });

  it("names the way that needs no rollout when it fails", async () => {
    const { code, stderr } = await run({ "GET /api/v1/rollouts": { status: 503 } }, [
      "rollout",
      "rollback",
      "checkout",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("rampart flags kill FLAG");
  });
});

describe("rollout wait", () => {
  const route = `GET ${BY_ID}`;
  const at = (percentage: number) => ({ body: rolloutView({ percentage }) });
  const completed = { body: rolloutView({ status: "completed", percentage: 100 }) };

  it("ends with 0 when the rollout is completed", async () => {
    const { code, stdout } = await run({ ...FOUND, [route]: [at(25), at(50), completed] }, [
      "rollout",
      "wait",
      "checkout",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("completed at 100 %");
  });

  it("ends with 5 as soon as it is rolled back, whatever it waited for", async () => {
    const views = [at(25), { body: rolloutView({ status: "rollingBack", percentage: 0 }) }];
    for (const goal of ["completed", "percentage:5", "stage:full"]) {
      const { code } = await run({ ...FOUND, [route]: goal === "percentage:5" ? views.slice(1) : views }, [
        "rollout",
        "wait",
        "checkout",
        "--for",
        goal,
      ]);
      expect(code).toBe(5);
    }
  });

  it("ends with 1 when it was cancelled", async () => {
    const { code, stderr } = await run({ ...FOUND, [route]: { body: rolloutView({ status: "cancelled" }) } }, [
      "rollout",
      "wait",
      "checkout",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("checkout in production ended without being completed");
  });

  it("ends with 6 when the time is up, and says what it still waits for", async () => {
    const { code, stderr, slept } = await run({ ...FOUND, [route]: at(25) }, [
      "rollout",
      "wait",
      "checkout",
      "--timeout",
      "2500ms",
    ]);
    expect(code).toBe(6);
    expect(slept).toEqual([1000, 1000, 500]);
    expect(stderr).toContain("is not completed after 2s");
    expect(stderr).toContain("waits for 30m more of 2h");
  });

  it.each([
    ["stage:quarter", 0],
    ["stage:canary", 0],
    ["percentage:25", 0],
    ["stage:half", 2],
    ["percentage:250", 2],
    ["lunch", 2],
  ])("for %s at 25 %% ends with %d", async (goal, code) => {
    expect((await run({ ...FOUND, [route]: at(25) }, ["rollout", "wait", "checkout", "--for", goal])).code).toBe(code);
  });

  it("waits for a server that is away, and says so once", async () => {
    const away = { status: 503 };
    const { code, stderr } = await run({ ...FOUND, [route]: [at(25), away, away, completed] }, [
      "rollout",
      "wait",
      "checkout",
    ]);
    expect(code).toBe(0);
    expect(stderr.match(/trying again/g)).toHaveLength(1);
    expect(stderr).toContain("connected again");
  });
});

describe("rollout evidence", () => {
  const evidence: EvidenceView = {
    rollout: rolloutSummary({ status: "completed", percentage: 100, sentence: "Completed at 100 %." }),
    plan: { ...rolloutSummary().plan, text: "kind: RolloutPlan\n# ```\n" },
    approvals: [
      {
        stage: "full",
        by: "bert",
        roles: ["engineering-lead"],
        at: "2026-01-05T11:55:00Z",
        planDigest: "ab".repeat(32),
      },
    ],
    ticks: [{ item: "Logs | metrics kept", by: "anna", at: "2026-01-05T11:56:00Z" }],
    decisions: [
      {
        at: "2026-01-05T11:50:00Z",
        what: "stageDone",
        stage: "canary",
        planDigest: "ab".repeat(32),
        criteria: [{ criterion: "p95 < 500ms", verdict: "pass", value: 0.212, threshold: 0.5, heldMs: 120_000 }],
      },
    ],
    events: [rolloutEvent(1, "stageStarted")],
  };
  const routes = { ...FOUND, [`GET ${BY_ID}/evidence`]: { body: evidence } };

  it("is a document for people: plan, digest, verdicts, approvals, timeline", async () => {
    const { code, stdout } = await run(routes, ["rollout", "evidence", "checkout"]);
    expect(code).toBe(0);
    expect(stdout).toContain("# New checkout\n");
    expect(stdout).toContain(`| digest (SHA-256) | \`${"ab".repeat(32)}\` |`);
    expect(stdout).toContain("## Stage done: canary\n");
    expect(stdout).toContain("| p95 < 500ms | pass | 0.212 | 0.5 | 2m |");
    expect(stdout).toContain("| full | bert | engineering-lead | 2026-01-05 11:55:00 |");
    expect(stdout).toContain("| Logs \\| metrics kept | anna |");
    expect(stdout).toContain("| 2026-01-05 11:59:00 | running | quarter | 25 % | quarter opened at 25 % |");
    expect(stdout).toContain("````yaml\nkind: RolloutPlan\n# ```\n````\n");
  });

  it("is the API's answer as JSON: by option, or by the name of the file that it is written to", async () => {
    expect(JSON.parse((await run(routes, ["rollout", "evidence", "checkout", "--format", "json"])).stdout)).toEqual(
      evidence,
    );
    const file = join(temporaryFolder(), "evidence.json");
    const { stdout, stderr } = await run(routes, ["rollout", "evidence", "checkout", "--output", file]);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: `wrote ${file}\n` });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(evidence);
  });

  it("says when it can't write the file", async () => {
    const { code, stderr } = await run(routes, ["rollout", "evidence", "checkout", "-o", "/nonexistent/x.md"]);
    expect(code).toBe(1);
    expect(stderr).toContain("can't write /nonexistent/x.md: ENOENT");
  });
});

describe("signal", () => {
  const heard = [{ id: ROLLOUT_ID, flag: "checkout", environment: "production", status: "running", percentage: 25 }];
  const routes = { "POST /api/v1/signals": { body: { name: "tickets", at: "2026-01-05T12:00:00Z", heard } } };

  it("tells a number, and who heard it", async () => {
    const { code, stdout, stderr, seen } = await run(routes, ["signal", "tickets", "120"]);
    expect(code).toBe(0);
    expect(seen[0]?.body).toEqual({ name: "tickets", value: 120 });
    expect(stdout).toContain("checkout  production   running  25 %");
    expect(stderr).toBe("heard by 1 rollout\n");
  });

  it("tells an event, for one environment and one flag", async () => {
    const { seen } = await run(routes, ["signal", "incident", "-e", "staging", "--flag", "checkout"]);
    expect(seen[0]?.body).toEqual({ name: "incident", environment: "staging", flag: "checkout" });
  });

  it("says when nobody listens", async () => {
    const none = { "POST /api/v1/signals": { body: { name: "x", at: "2026-01-05T12:00:00Z", heard: [] } } };
    expect((await run(none, ["signal", "x"])).stderr).toContain('no rollout that is under way has a signal "x"');
  });

  it.each(["5%", "many", "NaN", "1,5"])("refuses %s as a value", async (value) => {
    const { code, seen } = await run(routes, ["signal", "tickets", value]);
    expect({ code, seen }).toEqual({ code: 2, seen: [] });
  });
});
