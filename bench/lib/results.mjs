import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENCH } from "./paths.mjs";

/**
 * @typedef {{ title: string, columns: readonly string[], rows: readonly (readonly string[])[] }} Table
 *   Cells as they are shown; the raw figures are in `data`.
 * @typedef {{ text: string, measured: number | undefined, unit: string, bound: "atMost" | "atLeast", limit: number }} Goal
 *   `measured` is undefined when it could not be measured here.
 * @typedef {{ tables: readonly Table[], goals: readonly Goal[], notes: readonly string[], data: unknown }} Outcome
 *   What a bench returns.
 * @typedef {Outcome & { name: string, title: string, at: string, machine: object, options: object }} Result
 */

const RESULTS = join(BENCH, "results");

/** @param {Result} result */
export function writeResult(result) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${result.name}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
}

/** @returns {Map<string, Result>} by name */
export function readResults() {
  const files = readdirSync(RESULTS).filter((file) => file.endsWith(".json"));
  return new Map(
    files.map((file) => JSON.parse(readFileSync(join(RESULTS, file), "utf8"))).map((result) => [result.name, result]),
  );
}

/** @param {Goal} goal */
export function verdictOf({ measured, bound, limit }) {
  if (measured === undefined || !Number.isFinite(measured)) return { kind: "unmeasured" };
  const hit = bound === "atMost" ? measured <= limit : measured >= limit;
  // How far past the limit: 0.1 is a tenth. A limit of 0 has no such share.
  const missedBy = hit || limit === 0 ? undefined : Math.abs(measured / limit - 1);
  return { kind: hit ? "hit" : "miss", missedBy };
}
