/** `npm run mutation`: changes the code of authentication and egress in some eight hundred ways, and asks the tests which of them they notice. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, fail, run, say } from "./setup.mjs";

const FOLDER = join(ROOT, "tools", "mutation");
const PAGE = join(ROOT, "docs", "mutation.md");

/** Installs Stryker on first use, runs it, and writes `docs/mutation.md`. Returns the exit code: 1 below the threshold. */
export function mutate(args) {
  const stryker = join(FOLDER, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
  if (
    !existsSync(stryker) &&
    spawnSync("npm", ["ci", "--loglevel=error"], { cwd: FOLDER, stdio: ["ignore", 2, 2] }).status !== 0
  )
    fail("Stryker could not be installed; the lines above say why.");
  const status = run(process.execPath, [stryker, "run", "tools/mutation/stryker.config.json", ...args]);
  const report = join(FOLDER, "report.json");
  if (existsSync(report)) {
    writeFileSync(PAGE, pageOf(JSON.parse(readFileSync(report, "utf8"))));
    say(`Written: ${PAGE}`);
  }
  return status;
}

/** The summary of a report as a page of the documentation. */
export function pageOf({ files }) {
  const rows = Object.entries(files)
    .map(([path, { mutants }]) => ({ path: path.replace("packages/server/src/", ""), ...scoreOf(mutants) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const all = scoreOf(Object.values(files).flatMap(({ mutants }) => mutants));
  const line = ({ path, score, noticed, total }) => `| ${path} | ${score} % | ${noticed} of ${total} |`;
  return `# Mutation testing

\`npm run mutation\` changes the code that lets callers in and calls out, one small change at a time, and runs the tests that stand beside it. A
change that no test notices is a test that is missing. Below 90 % the run fails. This page is written by it.

| file | noticed | changes |
| --- | --- | --- |
${rows.map(line).join("\n")}
${line({ path: "**all**", ...all })}
`;
}

function scoreOf(mutants) {
  const counted = mutants.filter(({ status }) => ["Killed", "Timeout", "Survived", "NoCoverage"].includes(status));
  const noticed = counted.filter(({ status }) => status === "Killed" || status === "Timeout").length;
  return { score: ((100 * noticed) / Math.max(1, counted.length)).toFixed(1), noticed, total: counted.length };
}
