import { describe, expect, it } from "vitest";
import { BY_ID, FOUND, rolloutView, run } from "../../testing/rollout.ts";

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
