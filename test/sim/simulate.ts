import { trouble } from "./faults.ts";
import { type Outcome, TROUBLE_MS, World, type WorldOptions } from "./world.ts";

/** Healthy for a while, so that there is something to lose. */
const CALM_MS_MAX = 12_000;

/** Plays one seed to its end. */
export async function simulate(seed: number, options: WorldOptions = {}): Promise<Outcome> {
  const world = new World(seed, options);
  const { clockwork, chance, history } = world;
  await world.begin();
  clockwork.after(chance.between(500, CALM_MS_MAX), () => trouble(world, TROUBLE_MS));
  await clockwork.runUntil(TROUBLE_MS);
  await world.end();
  const { crashes, kills } = world;
  return {
    seed,
    broken: [...new Set(history.broken)],
    hash: clockwork.digest(),
    trace: clockwork.trace,
    counts: { crashes, kills, changes: history.count, steps: clockwork.steps },
  };
}
