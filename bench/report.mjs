/** Writes `docs/benchmarks.md` from `bench/results/*.json`. With `--check` it writes nothing, and fails when the page is not what it would write. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MISSES } from "./misses.mjs";
import { ROOT } from "./lib/paths.mjs";
import { readResults, verdictOf } from "./lib/results.mjs";
import { goalCells } from "./lib/show.mjs";

const PAGE = join(ROOT, "docs", "benchmarks.md");
const ORDER = [
  "evaluate",
  "coldstart",
  "run",
  "fanout",
  "storm",
  "http",
  "commit",
  "flip",
  "rollouts",
  "gates",
  "receipts",
  "replicas",
  "failover",
  "relay",
  "nightly",
  "browser-streams",
  "browser",
  "console",
];

const row = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;

const table = (columns, rows) =>
  row(columns) + row(columns.map((_, i) => (i === 0 ? "---" : "---:"))) + rows.map(row).join("");

const machineText = ({ cpu, cores, memoryGiB, os, node, v8 }) =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB; ${os}; Node ${node} (V8 ${v8})`;

function head(results) {
  const machines = [...new Set(results.map(({ machine }) => machineText(machine)))];
  return `# Benchmarks

<!-- Written by \`node bench/report.mjs\` from \`bench/results/\`; don't edit. -->

Contenders run interleaved on one machine, in one process or one run, each beside a bare floor or a peer; figures are medians of
rounds, and ratios are medians of the rounds' ratios. The ratios are the point: absolute figures move from machine to machine.
\`npm run bench -- NAME\` repeats one.

${machines.map((machine) => `Machine: ${machine}.`).join("\n")}
`;
}

const goalTable = (goals) =>
  table(
    ["goal", "measured", "wanted", ""],
    goals.map((goal) => [goal.text, ...goalCells(goal)]),
  );

function section({ name, title, at, machine, tables, goals, notes, command = `npm run bench -- ${name}` }) {
  const shown = tables.map(({ title: caption, columns, rows }) => `${caption}:\n\n${table(columns, rows)}`);
  const missed = goals.some((goal) => verdictOf(goal).kind === "miss");
  return [
    `## ${title}`,
    `\`${command}\`, ${at.slice(0, 10)}, load average ${machine.load} before the run.`,
    ...shown.map((text) => text.trimEnd()),
    goalTable(goals).trimEnd(),
    ...(missed && MISSES[name] !== undefined ? [`Why it was missed: ${MISSES[name]}`] : []),
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

function summary(results) {
  const rows = results.flatMap(({ title, goals }) =>
    goals.map((goal) => [`${title}: ${goal.text}`, ...goalCells(goal)]).filter((cells) => cells[3] !== "hit"),
  );
  const count = results.flatMap(({ goals }) => goals).length;
  return `## Goals\n\n${count - rows.length} of ${count} hit.${rows.length === 0 ? "" : ` The others:\n\n${table(["goal", "measured", "wanted", ""], rows)}`}`.trimEnd();
}

function page() {
  const byName = readResults();
  const results = ORDER.map((name) => byName.get(name)).filter((result) => result !== undefined);
  return `${[head(results).trimEnd(), summary(results), ...results.map(section)].join("\n\n")}\n`;
}

export function writeReport() {
  writeFileSync(PAGE, page());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--check")) {
    if (readFileSync(PAGE, "utf8") !== page()) {
      process.stderr.write("docs/benchmarks.md is not what bench/results say; run `node bench/report.mjs`.\n");
      process.exitCode = 1;
    }
  } else writeReport();
}
