import type { CompiledFlag } from "../evaluation/flag.ts";

/** The flags that are measured by each metric. Empty while no rollout is under way. */
export function measuredFlags(flags: ReadonlyMap<string, CompiledFlag>): ReadonlyMap<string, readonly string[]> {
  const measured = new Map<string, string[]>();
  for (const { key, targeting } of flags.values()) {
    for (const metric of targeting.measures ?? []) {
      const others = measured.get(metric);
      if (others === undefined) measured.set(metric, [key]);
      else others.push(key);
    }
  }
  return measured;
}
