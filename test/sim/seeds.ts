import { expect } from "vitest";
import { figures } from "../faults/figures.ts";
import { simulate } from "./simulate.ts";

/** `npm run sim -- --seeds N` asks for more, and `--seed S` for one. */
export const SEEDS = Number(process.env["RAMPART_SIM_SEEDS"] ?? 2_000);
export const ONE_SEED = process.env["RAMPART_SIM_SEED"];

/** Files that share the seeds, so that two cores are both used. */
const SHARES = 2;

/** Broken seeds that are named; the first of them says what there is to know. */
const NAMED_MAX = 5;

/** Time for a seed on a machine that is busy with much else. */
const SEED_MS_MAX = 300;

/** Vitest's limit for a share. */
export const TIMEOUT_MS = 60_000 + (SEEDS / SHARES) * SEED_MS_MAX;

/** Plays every second seed, from `share` on; fails with the seeds that broke something, and how to play them again. */
export async function playShare(share: 0 | 1): Promise<void> {
  const told: string[] = [];
  let broken = 0;
  const sums = { crashes: 0, kills: 0, changes: 0, steps: 0 };
  const beganMs = performance.now();
  for (let seed = share; seed < SEEDS; seed += SHARES) {
    const outcome = await simulate(seed);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += outcome.counts[name];
    if (outcome.broken.length === 0) continue;
    broken += 1;
    if (told.length < NAMED_MAX)
      told.push(`seed ${seed} (npm run sim -- --seed ${seed}): ${outcome.broken.join("; ")}`);
  }
  const { crashes, kills, changes, steps } = sums;
  console.log(
    `${Math.ceil((SEEDS - share) / SHARES)} seeds in ${((performance.now() - beganMs) / 1000).toFixed(1)} s: ${crashes} crashes of the server, ` +
      `${kills} kills by operators, ${changes} changes of the flag, ${steps} steps of the world`,
  );
  figures("seeds", { share, seeds: Math.ceil((SEEDS - share) / SHARES), broken, ...sums });
  expect(told, `${broken} seeds broke an invariant`).toEqual([]);
}

/** Plays one seed, and shows all that happens in it where somebody asked for it. */
export async function playOne(asked: string | undefined): Promise<void> {
  const seed = Number(asked ?? 0);
  const { trace, broken, hash, counts } = await simulate(seed, { keepsTrace: true });
  if (asked !== undefined) console.log(`${trace.join("\n")}\nseed ${seed}: ${JSON.stringify(counts)}, trace ${hash}`);
  expect(broken).toEqual([]);
}
