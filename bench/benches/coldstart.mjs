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
export async function run({ rounds = 7, contenders = ALL } = {}) {
  const spec = SCENARIOS[2].spec();
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-"));
  const entries = [];
  for (const file of contenders) {
    const module = await load(file);
    const path = join(folder, `${file}.json`);
    const payload = await module.payload(spec);
    writeFileSync(path, payload);
    entries.push({
      file,
      path,
      name: module.name,
      version: module.pkg && versionOf(module.pkg),
      payloadBytes: payload.length,
      samples: [],
      failed: undefined,
    });
  }
  const key = spec.flags[0].key;
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries.filter(({ failed }) => failed === undefined)) {
      try {
        entry.samples.push(
          await runJson({
            program: CHILD,
            args: [entry.file, entry.path, key],
            nodeArgs: ["--expose-gc"],
            timeoutMs: 20_000,
          }),
        );
      } catch (error) {
        entry.failed = String(error.message).split("\n").slice(0, 2).join(" ");
      }
    }
  }
  rmSync(folder, { recursive: true });
  return outcomeOf(entries);
}

function outcomeOf(entries) {
  const summed = entries.map((entry) => {
    const middle = (field) => median(entry.samples.map((sample) => sample[field]));
    return {
      ...entry,
      importMs: middle("importMs"),
      totalMs: middle("totalMs"),
      heapKb: middle("heapBytes") / 1000,
      codeKb: middle("codeBytes") / 1000,
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
      "The flags are in memory as text when the clock starts; nothing is fetched. The heap is what is left after a full collection, the text included if the SDK keeps it. The floor parses the JSON and fills a Map with a seed and a limit for each flag.",
      ...summed
        .filter(({ failed }) => failed !== undefined)
        .map(({ name, failed }) => `${name} could not take part: ${failed}`),
    ],
    data: summed.map(({ path: _path, ...rest }) => rest),
  };
}
