import { describe, expect, it } from "vitest";
import { ROLLOUT_ID, run } from "../testing/rollout.ts";

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
