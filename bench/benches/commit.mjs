import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runJson } from "../lib/child.mjs";
import { BENCH } from "../lib/paths.mjs";
import { median, number, quantile, times } from "../lib/stats.mjs";

export const name = "commit";
export const title = "A flip's commit";
export const about = "through the SQLite store, beside a bare transaction that writes the same rows";

const LIMIT = 1.3;

/** @param {{ rounds?: number }} options commits of each */
export async function run({ rounds = 1500 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-commit-"));
  try {
    const samples = await runJson({
      program: join(BENCH, "benches", "commit.child.mjs"),
      args: [folder, String(rounds)],
      timeoutMs: 60_000,
    });
    return outcomeOf(samples, rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeOf({ store, bare }, rounds) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const overBare = median(store) / median(bare);
  const rowOf = (label, values) => [
    label,
    number(median(values)),
    number(quantile(values, 0.99)),
    number(mean(values)),
    times(median(values) / median(bare)),
    number(median(values) - median(bare)),
  ];
  return {
    tables: [
      {
        title: `Microseconds a commit, ${number(rounds)} of each in turn`,
        columns: ["", "median", "99 %", "mean", "times the bare median", "over it"],
        rows: [rowOf("bare better-sqlite3 transaction", bare), rowOf("through the store", store)],
      },
    ],
    goals: [
      {
        text: "a flip's commit over the bare transaction's, medians",
        measured: overBare,
        unit: "×",
        bound: "atMost",
        limit: LIMIT,
      },
    ],
    notes: [
      "Both in WAL with synchronous FULL, on the same disk, on the same schema with its indexes: one row updated in environments and configs, one inserted in changes and audit. The store also reads and parses the record, decides, writes JSON, and links the audit entry into its SHA-256 chain.",
    ],
    data: { store, bare },
  };
}
