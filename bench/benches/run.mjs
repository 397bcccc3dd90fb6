import { join } from "node:path";
import { runJson } from "../lib/child.mjs";
import { BENCH } from "../lib/paths.mjs";
import { median, number } from "../lib/stats.mjs";

export const name = "run";
export const title = "What run costs";
export const about = "sdk.run over calling the function itself, with its recording of latency and failure";

const LIMIT_NS = 1000;

/** @param {{ rounds?: number }} options */
export async function run({ rounds = 40 } = {}) {
  const { nsPerCall } = await runJson({
    program: join(BENCH, "benches", "run.child.mjs"),
    args: [String(rounds)],
    timeoutMs: 60_000,
  });
  const over = (name, bare) => median(nsPerCall[name].map((ns, i) => ns - nsPerCall[bare][i]));
  const rows = [
    ["the function itself", number(median(nsPerCall.bare)), ""],
    ["isEnabled, then the function", number(median(nsPerCall.branch)), number(over("branch", "bare"))],
    ["run", number(median(nsPerCall.run)), number(over("run", "bare"))],
    ["run, of a flag under a rollout", number(median(nsPerCall.runMeasured)), number(over("runMeasured", "bare"))],
    ["an async function itself, awaited", number(median(nsPerCall.bareAsync)), ""],
    ["run with async functions, awaited", number(median(nsPerCall.runAsync)), number(over("runAsync", "bareAsync"))],
  ];
  return {
    tables: [{ title: "Nanoseconds a call", columns: ["", "a call", "over the bare call"], rows }],
    goals: [
      {
        text: "run over the function itself",
        measured: over("run", "bare"),
        unit: "ns",
        bound: "atMost",
        limit: LIMIT_NS,
      },
      {
        text: "run of a flag under a rollout over the function itself",
        measured: over("runMeasured", "bare"),
        unit: "ns",
        bound: "atMost",
        limit: LIMIT_NS,
      },
      {
        text: "run with an async function over awaiting it",
        measured: over("runAsync", "bareAsync"),
        unit: "ns",
        bound: "atMost",
        limit: LIMIT_NS,
      },
    ],
    notes: [
      "The functions do next to nothing, so that the cost shows. run evaluates the flag, calls, and records; under a rollout it also counts by unit.",
    ],
    data: { nsPerCall },
  };
}
