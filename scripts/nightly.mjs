/** `npm run nightly`: what takes too long for each change. More kills, more seeds; fails when one of them finds something. */
import { join } from "node:path";
import { ROOT, run, say, seconds } from "./setup.mjs";

const KILLS = "500";
const SEEDS = "20000";

const JOBS = [
  { name: "properties, drawn anew", project: "unit", path: "packages", env: { RAMPART_PROPERTY_SEED: "random" } },
  { name: `${KILLS} kills of a server`, project: "e2e", path: "test/e2e/kills.test.ts", env: { RAMPART_KILLS: KILLS } },
  { name: `${SEEDS} simulated seeds`, project: "sim", path: "test/sim/seeds", env: { RAMPART_SIM_SEEDS: SEEDS } },
];

/** The number of jobs that failed. */
export function runNightly() {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const failed = JOBS.filter(({ name, project, path, env }) => {
    say(`\n── ${name} ──`);
    const started = Date.now();
    const status = run(process.execPath, [vitest, "run", "--project", project, path], { env });
    say(`${name}: ${status === 0 ? "nothing found" : "FAILED"}, ${seconds(started)}.`);
    return status !== 0;
  });
  return failed.length;
}
