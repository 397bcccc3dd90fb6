/** `npm run sim -- --seeds N`: the simulation with so many seeds; `--seed S` plays one and shows all that happens in it. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, fail, run } from "./setup.mjs";

export function simulate(args) {
  const { seeds, seed } = read(args);
  const env = {};
  if (seeds !== undefined) env.RAMPART_SIM_SEEDS = whole("--seeds", seeds);
  if (seed !== undefined) env.RAMPART_SIM_SEED = whole("--seed", seed);
  const only = seed === undefined ? ["test/sim/seeds"] : ["test/sim/simulation", "-t", "that was asked for"];
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  return run(process.execPath, [vitest, "run", "--project", "sim", ...only], { env });
}

function read(args) {
  try {
    return parseArgs({ args, options: { seeds: { type: "string" }, seed: { type: "string" } } }).values;
  } catch (error) {
    return fail(`${error.message}. There is --seeds N and --seed S.`);
  }
}

function whole(name, text) {
  if (/^\d{1,9}$/.test(text)) return text;
  return fail(`${name}: ${JSON.stringify(text)} is not a whole number.`);
}
