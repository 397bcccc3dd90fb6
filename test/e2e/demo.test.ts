import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const DEMO = fileURLToPath(new URL("../../examples/demo/dist/main.js", import.meta.url));

it("the demo ramps, breaks, kills, and ends by itself with a summary in which nobody is on", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, "--once"], {
    encoding: "utf8",
    timeout: 90_000,
  });
  expect(stderr).not.toMatch(/Error/);
  expect(stdout).toContain("The flag is off in all 3 processes.");
  expect(status).toBe(0);
});

it("the demo refuses what it does not know", () => {
  const { status, stderr } = spawnSync(process.execPath, [DEMO, "--twice"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("Usage");
});
