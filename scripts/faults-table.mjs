/**
 * Writes `docs/faults.md` from the matrix of faults and from what the last recorded run measured (`RAMPART_RECORD_FAULTS=1`). With `--check` it writes nothing, and
 * fails when the page is not what it would write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAULTS } from "../test/faults/matrix.mjs";
import { ROOT } from "./setup.mjs";

const PAGE = join(ROOT, "docs", "faults.md");
const RESULTS = join(ROOT, "test", "faults", "results.json");

const HEAD = `# Faults

<!-- Written by \`node scripts/faults-table.mjs\`; don't edit. -->

What Rampart is tested to survive. After each fault one checker (\`test/faults/invariants.ts\`) asks what must hold whatever happened: nothing is torn, revisions have no
gap, no rollback is lost, nothing rose without a fresh pass, the audit's chain verifies, and replaying the logs gives what is stored.

Single faults have tests of their own, below. Their combinations are left to chance: \`npm run sim -- --seeds 100000\` plays one to three servers on a store, their evaluator and three SDKs, made of
the real parts, in a world whose clocks, network, disk, metrics and operators all follow from a seed; two thousand seeds belong to \`npm test\`, and \`npm run sim -- --seed S\` plays one
again, bit for bit. \`npm run nightly\` kills a real server 500 times on each store and plays 20,000 seeds; [what it measured](benchmarks.md).

Where a time has a figure with a text, the last recorded run measured it; the others are bounds that their tests hold.

| # | fault | what happens | until all is well | shown by |
| ---: | --- | --- | --- | --- |
`;

const results = JSON.parse(readFileSync(RESULTS, "utf8"));
const times = (row, within) =>
  [
    ...Object.entries(results[row] ?? {}).map(([what, seconds]) => `${seconds} s (${what})`),
    ...(within ? [within] : []),
  ].join("; ");
const link = ([file, title]) => `[${title === "" ? file.split("/").at(-1) : title}](../${file})`;

const page =
  HEAD +
  FAULTS.map(
    ({ fault, happens, within, tests }, index) =>
      `| ${index + 1} | ${fault} | ${happens} | ${times(index + 1, within)} | ${tests.map(link).join("; ")} |\n`,
  ).join("");

if (process.argv[2] !== "--check") writeFileSync(PAGE, page);
else if (readFileSync(PAGE, "utf8") !== page) {
  console.error("docs/faults.md is not what the matrix and the results say; run node scripts/faults-table.mjs");
  process.exitCode = 1;
}
