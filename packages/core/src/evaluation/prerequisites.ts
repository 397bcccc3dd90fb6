import type { CompiledFlag } from "./flag.ts";

/** Evaluations that one call may cost by way of prerequisites: far beyond any sane tree, and a bound on an insane one. */
const PREREQUISITE_VISITS_MAX = 1000;

/** Marks a flag that is on the path being walked: to meet it again is to have met a cycle. */
const WALKING = -1;

/**
 * Flags whose prerequisites lead into a cycle, or branch into more than `PREREQUISITE_VISITS_MAX` evaluations. Found once for each
 * change, so that evaluation can recurse without a guard. The answer does not depend on where one begins.
 */
export function unmeetableFlags(flags: ReadonlyMap<string, CompiledFlag>): ReadonlySet<string> {
  const unmeetable = new Set<string>();
  const visits = new Map<string, number>();
  for (const flag of flags.values()) {
    if (flag.targeting.prerequisites.length === 0) continue;
    if (countVisits(flag.key, flags, visits) > PREREQUISITE_VISITS_MAX) unmeetable.add(flag.key);
  }
  return unmeetable;
}

/** How many evaluations a flag costs, itself included; infinite in a cycle. Keeps a stack of its own: a chain can be longer than the engine's. */
function countVisits(root: string, flags: ReadonlyMap<string, CompiledFlag>, visits: Map<string, number>): number {
  const stack = [root];
  for (let key = stack.at(-1); key !== undefined; key = stack.at(-1)) {
    const prerequisites = flags.get(key)?.targeting.prerequisites ?? [];
    if (!visits.has(key)) {
      visits.set(key, WALKING);
      for (const { flag } of prerequisites) if (!visits.has(flag)) stack.push(flag);
      continue;
    }
    stack.pop();
    if (visits.get(key) !== WALKING) continue;
    let count = 1;
    for (const { flag } of prerequisites) {
      const below = visits.get(flag) ?? WALKING;
      count += below === WALKING ? Number.POSITIVE_INFINITY : below;
    }
    visits.set(key, count);
  }
  return visits.get(root) ?? 1;
}
