import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const DEMO = fileURLToPath(new URL("../../examples/demo/dist/main.js", import.meta.url));

it("the demo ramps, breaks, kills, and ends by itself with a summary in which nobody is on; once by a threshold, once by a comparison that no threshold anticipates", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, "--once"], {
    encoding: "utf8",
    timeout: 90_000,
  });
  expect(stderr).not.toMatch(/Error/);
  expect(stdout.match(/The flag is off in all 3 processes\./g)).toHaveLength(2);
  expect(stdout).toContain("trigger fired: errors (error_rate >= 5%");
  expect(stdout).toContain("trigger fired: regression (search_errors worse than without the flag)");
  expect(stdout).toMatch(/Only users with new-search were hurt\. search_errors: \d+ users with failures in the 5 %/);
  expect(Number(/never saw more than ([\d.]+) %/.exec(stdout)?.[1])).toBeLessThan(5);
  expect(status).toBe(0);
});

it("the demo refuses what it does not know", () => {
  const { status, stderr } = spawnSync(process.execPath, [DEMO, "--twice"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("Usage");
});
