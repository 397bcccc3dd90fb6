import type { CompiledFlag } from "../evaluation/flag.ts";
import type { Clause } from "../model/flag.ts";

/**
 * The changed flags, and those that depend on them or on the changed segments: by a rule that asks for a segment, or by a
 * prerequisite, over any number of steps.
 */
export function dependentsOf(
  changedFlags: readonly string[],
  changedSegments: readonly string[],
  flags: ReadonlyMap<string, CompiledFlag>,
): readonly string[] {
  const changed = new Set(changedFlags);
  const segments = new Set<unknown>(changedSegments);
  const asksForAny = (clause: Clause): boolean =>
    clause.op === "inSegment" && clause.values.some((key) => segments.has(key));
  const dependent: CompiledFlag[] = [];
  for (const flag of flags.values()) {
    const { rules, prerequisites } = flag.targeting;
    if (segments.size > 0 && rules.some((rule) => rule.source.clauses.some(asksForAny))) changed.add(flag.key);
    if (prerequisites.length > 0) dependent.push(flag);
  }
  for (let sizeBefore = -1; sizeBefore !== changed.size;) {
    sizeBefore = changed.size;
    for (const flag of dependent) {
      if (flag.targeting.prerequisites.some((prerequisite) => changed.has(prerequisite.flag))) changed.add(flag.key);
    }
  }
  return [...changed];
}
