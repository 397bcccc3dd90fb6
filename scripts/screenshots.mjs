/**
 * Pictures of each page and state of the console into docs/screenshots, with the server, the SDK clients and the metric source that
 * test/console sets up: what is pictured is what was checked.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, build } from "./setup.mjs";

export function takeScreenshots() {
  build();
  const folder = join(ROOT, "docs", "screenshots");
  rmSync(folder, { recursive: true, force: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", "--project", "browser", "test/console/states.test.ts"],
    {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, RAMPART_SCREENSHOTS: folder },
    },
  );
  process.exitCode = status ?? 1;
}
