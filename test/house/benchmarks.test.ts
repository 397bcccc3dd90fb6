import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

it("docs/benchmarks.md says what the committed results say", () => {
  const check = spawnSync(process.execPath, [join("bench", "report.mjs"), "--check"], { encoding: "utf8" });
  expect(check.stderr).toBe("");
  expect(check.status).toBe(0);
});
