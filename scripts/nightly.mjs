/**
 * `npm run nightly`: what takes too long for each change. More kills, more seeds; fails when one of them finds something. What was measured goes to
 * `bench/results/nightly.json` and `docs/benchmarks.md`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../bench/lib/machine.mjs";
import { writeResult } from "../bench/lib/results.mjs";
import { number } from "../bench/lib/stats.mjs";
import { writeReport } from "../bench/report.mjs";
import { ROOT, fail, run, say, seconds } from "./setup.mjs";

/** From the start of the process to the first answer of `/ready`. */
const RESUME_LIMIT_MS = 2_000;

const PARTS = {
  properties: () => ({
    title: "properties, drawn anew",
    project: "unit",
    path: "packages",
    env: { RAMPART_PROPERTY_SEED: "random" },
  }),
  kills: ({ kills }) => ({
    title: `${kills} kills of a server`,
    project: "e2e",
    path: "test/e2e/kills",
    env: { RAMPART_KILLS: kills },
  }),
  seeds: ({ seeds }) => ({
    title: `${seeds} simulated seeds`,
    project: "sim",
    path: "test/sim/seeds",
    env: { RAMPART_SIM_SEEDS: seeds },
  }),
};

const USAGE = `npm run nightly -- [options]
  --kills N             kills of a server on each store (500)
  --seeds N             simulated seeds (20000)
  --only PART[,PART]    of ${Object.keys(PARTS).join(", ")}
  --no-save             leave bench/results and docs/benchmarks.md as they are`;

/** The number of parts that failed. */
export function runNightly(args) {
  const options = read(args);
  const folder = mkdtempSync(join(tmpdir(), "rampart-nightly-"));
  const figuresFile = join(folder, "figures");
  const began = Date.now();
  const machine = describeMachine();
  writeFileSync(figuresFile, "");
  const parts = options.only.map((name) => runPart(PARTS[name](options), figuresFile));
  const figures = readFileSync(figuresFile, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  rmSync(folder, { recursive: true });
  const outcome = outcomeOf(figures);
  say("");
  for (const { title, status, took } of parts) say(`${title}: ${status === 0 ? "nothing found" : "FAILED"}, ${took}`);
  for (const row of outcome.tables.flatMap((table) => table.rows.map((cells) => lineOf(table, cells)))) say(`  ${row}`);
  if (options.save && outcome.tables.length > 0) {
    const at = new Date(began).toISOString();
    writeResult({
      name: "nightly",
      title: "Killed and simulated",
      command: "npm run nightly",
      at,
      machine,
      options,
      ...outcome,
    });
    writeReport();
  }
  return parts.filter(({ status }) => status !== 0).length;
}

/** What happens seldom is what a night looks for: nothing gets a second try. */
function runPart({ title, project, path, env }, figuresFile) {
  say(`\n── ${title} ──`);
  const started = Date.now();
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const status = run(process.execPath, [vitest, "run", "--retry=0", "--project", project, path], {
    env: { ...env, RAMPART_FIGURES: figuresFile },
  });
  return { title, status, took: seconds(started) };
}

const lineOf = ({ columns }, cells) =>
  cells.map((cell, index) => (index === 0 ? cell : `${columns[index]} ${cell}`)).join(", ");

/** What became of the figures that the tests told. A test that failed tells none of its own: a broken invariant is never a figure. */
function outcomeOf(figures) {
  const kills = figures.filter(({ of }) => of === "kills");
  const seeds = figures.filter(({ of }) => of === "seeds");
  const sum = (name) => seeds.reduce((total, one) => total + one[name], 0);
  return {
    tables: [...(kills.length > 0 ? [killsTable(kills)] : []), ...(seeds.length > 0 ? [seedsTable(sum)] : [])],
    goals: [
      ...kills.map(({ store, p99Ms }) => ({
        text: `killed on ${store}: the start of the process to ready, 99 %`,
        measured: p99Ms,
        unit: "ms",
        bound: "atMost",
        limit: RESUME_LIMIT_MS,
      })),
      ...(seeds.length > 0
        ? [
            {
              text: "simulated seeds that broke an invariant",
              measured: sum("broken"),
              unit: "seeds",
              bound: "atMost",
              limit: 0,
            },
          ]
        : []),
    ],
    notes: [
      "A real server is killed with SIGKILL at any moment of its first quarter of a second under two writers. After each kill the store is checked whole: its logs replay to what is stored, every acknowledged write is there, every acknowledged rollback is at 0 %. One that is torn or lost ends the run, and nothing is written here.",
    ],
    data: figures,
  };
}

function killsTable(kills) {
  return {
    title: "kill -9, and start again",
    columns: [
      "store",
      "kills",
      "acknowledged writes",
      "rollbacks among them",
      "torn",
      "lost",
      "ready again, ms: median",
      "99 %",
    ],
    rows: kills.map((one) => [
      one.store,
      number(one.kills),
      number(one.writes),
      number(one.rollbacks),
      "0",
      "0",
      number(one.medianMs),
      number(one.p99Ms),
    ]),
  };
}

function seedsTable(sum) {
  return {
    title: "Simulated servers, evaluators and SDKs",
    columns: [
      "",
      "seeds",
      "broken",
      "crashes of the server",
      "kills by operators",
      "changes of the flag",
      "steps of the world",
    ],
    rows: [["seeds", ...["seeds", "broken", "crashes", "kills", "changes", "steps"].map((name) => number(sum(name)))]],
  };
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kills: { type: "string", default: "500" },
        seeds: { type: "string", default: "20000" },
        only: { type: "string", default: Object.keys(PARTS).join(",") },
        "no-save": { type: "boolean", default: false },
      },
    });
    const only = values.only.split(",");
    const unknown = only.find((name) => !(name in PARTS));
    if (unknown !== undefined) throw new Error(`There is no part ${JSON.stringify(unknown)}`);
    for (const name of ["kills", "seeds"])
      if (!/^[1-9]\d{0,8}$/.test(values[name]))
        throw new Error(`--${name}: ${JSON.stringify(values[name])} is not a whole number above 0`);
    return { kills: values.kills, seeds: values.seeds, only, save: !values["no-save"] };
  } catch (error) {
    return fail(`${error.message}.\n${USAGE}`);
  }
}
