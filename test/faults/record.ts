import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What `scripts/faults-table.mjs` makes its column of times of. */
const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));

interface Results {
  [row: string]: { [what: string]: number };
}

/** Says how long it took until all was well again; with `RAMPART_RECORD_FAULTS=1` for the table in the documentation, too. `row`: 1…36. */
export function recovered(row: number, what: string, ms: number): void {
  const seconds = Math.round(ms / 100) / 10;
  console.log(`fault ${row}: ${what}: ${seconds} s`);
  if (process.env["RAMPART_RECORD_FAULTS"] !== "1") return;
  const results: Results = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Results) : {};
  results[row] = { ...results[row], [what]: seconds };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
}
