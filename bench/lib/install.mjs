import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./paths.mjs";

const STAMP = join(BENCH, "node_modules", ".rampart-bench-installed");

/**
 * Installs what the benches compare with, on first use and when the lockfile changes. A failure (no network) is told and is not
 * the end: the peers then count as not available.
 *
 * @returns {string | undefined} what went wrong
 */
export function installPeers() {
  const lock = createHash("sha256")
    .update(readFileSync(join(BENCH, "package-lock.json")))
    .update(process.versions.modules)
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return undefined;
  process.stderr.write("Installing what the benches compare with (once) …\n");
  const result = spawnSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: BENCH,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (result.status === 0) {
    writeFileSync(STAMP, lock);
    return undefined;
  }
  return (
    result.error?.message ??
    (result.stderr.trim().split("\n").slice(-3).join(" ") || `npm ci ended with ${result.status ?? result.signal}`)
  );
}

/** The version that is installed, for the table. */
export function versionOf(pkg) {
  try {
    return JSON.parse(readFileSync(join(BENCH, "node_modules", pkg, "package.json"), "utf8")).version;
  } catch {
    return "not installed";
  }
}
