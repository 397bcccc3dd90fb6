/**
 * `npm run bench -- NAME…` runs the benches of those names; without a name it lists them and runs the quick ones.
 * Each leaves `bench/results/NAME.json`, from which `node bench/report.mjs` writes `docs/benchmarks.md`.
 */
import { parseArgs } from "node:util";
import { installPeers } from "./lib/install.mjs";
import { describeMachine } from "./lib/machine.mjs";
import { writeResult } from "./lib/results.mjs";
import { goalLines, tableText } from "./lib/show.mjs";
import { writeReport } from "./report.mjs";

const NAMES = [
  "evaluate",
  "coldstart",
  "run",
  "commit",
  "http",
  "flip",
  "fanout",
  "storm",
  "rollouts",
  "gates",
  "receipts",
  "replicas",
  "failover",
  "relay",
  "browser-streams",
  "browser",
  "console",
];
/** Under half a minute each. */
const QUICK = ["coldstart", "run", "commit", "http", "flip"];

const USAGE = `npm run bench -- [NAME…] [options]
  --all                 every bench
  --rounds N            measured rounds (each bench has its own default)
  --streams N[,N]       fanout, storm, receipts and replicas: how many streams (replicas: at each of two servers)
  --contenders A[,B]    only these (file names in bench/contenders, or floor, node, nchan, rampart for fanout)
  --no-save             leave bench/results and docs/benchmarks.md as they are
`;

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      "no-save": { type: "boolean", default: false },
      rounds: { type: "string" },
      streams: { type: "string" },
      contenders: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(", ")}; there are ${NAMES.join(", ")}.`);
  const options = {
    ...(values.rounds === undefined ? {} : { rounds: count(values.rounds, "--rounds") }),
    ...(values.streams === undefined
      ? {}
      : { streams: values.streams.split(",").map((text) => count(text, "--streams")) }),
    ...(values.contenders === undefined ? {} : { contenders: values.contenders.split(",") }),
  };
  return { help: values.help, save: !values["no-save"], names: values.all ? NAMES : positionals, options };
}

function count(text, option) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} takes whole numbers above 0, not ${JSON.stringify(text)}.`);
  return value;
}

const say = (text) => process.stderr.write(`${text}\n`);

async function runBench(name, { options, save }) {
  const bench = await import(`./benches/${name}.mjs`);
  say(`\n${name}: ${bench.about}`);
  const machine = describeMachine();
  const started = Date.now();
  const outcome = await bench.run(options);
  const result = { name, title: bench.title, at: new Date(started).toISOString(), machine, options, ...outcome };
  for (const table of outcome.tables) process.stdout.write(`\n${tableText(table)}`);
  process.stdout.write(`\n${goalLines(outcome.goals).join("\n")}\n`);
  for (const note of outcome.notes) say(`  ${note}`);
  say(`  ${((Date.now() - started) / 1000).toFixed(0)} s, load average at the start ${machine.load}`);
  if (save) writeResult(result);
}

async function main() {
  const { help, names, ...rest } = readCommandLine();
  if (help) return say(USAGE);
  if (names.length === 0) {
    say(USAGE);
    for (const name of NAMES) say(`  ${name.padEnd(10)} ${(await import(`./benches/${name}.mjs`)).about}`);
    say(`\nRunning the quick ones: ${QUICK.join(", ")}.`);
  }
  const problem = installPeers();
  if (problem !== undefined) say(`The peers could not be installed, and will be missing: ${problem}`);
  for (const name of names.length === 0 ? QUICK : names) {
    try {
      await runBench(name, rest);
    } catch (error) {
      process.exitCode = 1;
      say(`  ${name} failed: ${error.stack ?? error}`);
    }
  }
  if (rest.save) writeReport();
}

try {
  await main();
} catch (error) {
  say(error.message);
  process.exitCode = 2;
}
