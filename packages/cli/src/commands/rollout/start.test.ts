import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problem } from "../../testing/fake-api.ts";
import { temporaryFolder } from "../../testing/fake-io.ts";
import { BY_ID, ROLLOUT_ID, rolloutView, run } from "../../testing/rollout.ts";

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

  it("says how to make the flag that the plan names, when there is none", async () => {
    const detail = 'spec.flag of the plan: There is no flag "new_checkout".';
    const routes = { "POST /api/v1/rollouts": problem(404, "FLAG_NOT_FOUND", { detail }) };
    const { code, stderr } = await run(routes, ["rollout", "start", planFile()]);
    expect(code).toBe(3);
    expect(stderr).toContain("make this one: rampart flags create new_checkout\n");
  });

  it("says how to take the flag to 0 % first, in the environment that the plan names", async () => {
    const refusal = {
      detail: 'The flag "new_checkout" is at 5 % already in staging; a rollout begins at 0 %.',
      hint: 'Ramp it down first: POST /api/v1/environments/staging/flags/new_checkout/rollout with {"percentage": 0}.',
    };
    const routes = { "POST /api/v1/rollouts": problem(409, "FLAG_EXPOSED", refusal) };
    const { stderr } = await run(routes, ["rollout", "start", planFile()]);
    expect(stderr).toContain("take the flag to 0 % first: rampart flags set new_checkout 0 -e staging\n");
  });

  it("ends with exit code 4 when another rollout ramps the flag, and says what to do about that", async () => {
    const detail = 'The rollout 41b ramps the flag "checkout" in production, and there can be one at a time.';
    const routes = { "POST /api/v1/rollouts": problem(409, "ROLLOUT_BUSY", { detail }) };
    const { code, stderr } = await run(routes, ["rollout", "start", planFile()]);
    expect(code).toBe(4);
    expect(stderr).toContain(detail);
    expect(stderr).toContain("rampart rollout status 41b\n");
    expect(stderr).toContain("rampart rollout rollback 41b,");
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
