import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SCENARIOS } from "../flags/spec.mjs";
import { PEERS, RAMPART, load } from "../contenders/all.mjs";
import { runJson } from "../lib/child.mjs";
import { versionOf } from "../lib/install.mjs";
import { BENCH } from "../lib/paths.mjs";
import { median, number, times } from "../lib/stats.mjs";

export const name = "coldstart";
export const title = "Cold start with 1,000 flags";
export const about = "import, ready, first evaluation, heap held; each contender in fresh processes";

const CHILD = join(BENCH, "benches", "coldstart.child.mjs");
const LIMIT_MS = 6;
const LIMIT_KB = 300;
const ALL = ["floor", ...RAMPART, ...PEERS];

/** @param {{ rounds?: number, contenders?: readonly string[] }} options */
export async function run({ rounds = 9, contenders = ALL } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-"));
  try {
    const entries = [];
    for (const file of contenders) entries.push(await prepare(file, folder));
    for (let round = 0; round < rounds; round++) {
      for (const entry of entries) await measure(entry);
    }
    return outcomeOf(entries);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the flags in the contender's own form. */
async function prepare(file, folder) {
  const { payload, name, pkg } = await load(file);
  const all = SCENARIOS[2].spec();
  const one = { ...all, flags: all.flags.slice(0, 1) };
  const paths = [all, one].map((_spec, i) => join(folder, `${file}-${i}.json`));
  writeFileSync(paths[0], await payload(all));
  writeFileSync(paths[1], await payload(one));
  const args = [file, ...paths, one.flags[0].key];
  return { file, name, version: pkg && versionOf(pkg), args, times: [], heaps: [], failed: undefined };
}

async function measure(entry) {
  if (entry.failed !== undefined) return;
  const child = (mode) =>
    runJson({ program: CHILD, args: [mode, ...entry.args], nodeArgs: ["--expose-gc"], timeoutMs: 20_000 });
  try {
    entry.times.push(await child("time"));
    entry.heaps.push(await child("heap"));
  } catch (error) {
    entry.failed = String(error.message).split("\n").slice(0, 2).join(" ");
  }
}

function outcomeOf(entries) {
  const summed = entries.map(({ args: _args, ...entry }) => {
    const middle = (samples, field) => median(samples.map((sample) => sample[field]));
    return {
      ...entry,
      importMs: middle(entry.times, "importMs"),
      totalMs: middle(entry.times, "totalMs"),
      heapKb: middle(entry.heaps, "heapBytes") / 1000,
      codeKb: middle(entry.heaps, "codeBytes") / 1000,
    };
  });
  const floor = summed.find(({ file }) => file === "floor");
  const rows = summed.map(({ name, version, importMs, totalMs, heapKb, codeKb, failed }) => [
    version === undefined ? name : `${name} ${version}`,
    ...(failed === undefined
      ? [
          number(totalMs),
          times(totalMs / floor.totalMs),
          number(importMs),
          number(heapKb),
          times(heapKb / floor.heapKb),
          number(codeKb),
        ]
      : ["failed", "", "", "", "", ""]),
  ]);
  const goals = summed
    .filter(({ file, failed }) => RAMPART.includes(file) && failed === undefined)
    .flatMap(({ name, totalMs, heapKb }) => [
      { text: `${name}: import to first evaluation`, measured: totalMs, unit: "ms", bound: "atMost", limit: LIMIT_MS },
      { text: `${name}: heap held by 1,000 flags`, measured: heapKb, unit: "kB", bound: "atMost", limit: LIMIT_KB },
    ]);
  return {
    tables: [
      {
        title: "Median of fresh processes",
        columns: [
          "",
          "import to first evaluation, ms",
          "times the floor",
          "of it the import, ms",
          "heap of client and flags, kB",
          "times the floor",
          "heap of the code, kB",
        ],
        rows,
      },
    ],
    goals,
    notes: [
      "The flags are in memory as text when the clock starts; nothing is fetched. The heap is what a second client in the same process adds, after a full collection, its text included if the SDK keeps it; what the first one, of one flag, has left counts as code, whether it was imported at the start or when it was needed. The floor parses the JSON and fills a Map with a seed and a limit for each flag.",
      ...summed
        .filter(({ failed }) => failed !== undefined)
        .map(({ name, failed }) => `${name} could not take part: ${failed}`),
    ],
    data: summed,
  };
}
