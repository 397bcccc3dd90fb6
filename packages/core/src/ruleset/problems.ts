import { clauseProblems } from "../clause/compile.ts";
import type { LinearRegex } from "../clause/regex.ts";
import type { CompiledFlag } from "../evaluation/flag.ts";
import type { Clause } from "../model/flag.ts";
import { show } from "../model/show.ts";
import type { CompiledSegment } from "../segment/compile.ts";
import type { Skipped } from "../wire/parsed.ts";

/** What can have problems. */
interface Held {
  readonly regex: LinearRegex | undefined;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly unmeetable: ReadonlySet<string>;
  segments(): readonly CompiledSegment[];
}

/** What is held but can't be evaluated wholly, one line each. Found when asked for, so that nobody has to keep it. */
export function findProblems(held: Held): readonly Skipped[] {
  const problems: Skipped[] = [];
  const segments = held.segments();
  const segmentKeys = new Set<unknown>(segments.map((segment) => segment.key));
  for (const flag of held.flags.values()) {
    const report = (reason: string): number => problems.push({ key: flag.key, reason });
    if (held.unmeetable.has(flag.key)) report("its prerequisites form a cycle, or are too many to walk: it stays off");
    for (const { flag: needed } of flag.targeting.prerequisites) {
      if (!held.flags.has(needed)) report(`its prerequisite ${needed} is not there: it stays off`);
    }
    for (const { source } of flag.targeting.rules) {
      for (const clause of source.clauses) {
        for (const reason of clauseReasons(clause, held.regex, segmentKeys)) report(`rule ${source.id}: ${reason}`);
      }
    }
  }
  for (const { key, rules } of segments) {
    for (const clause of rules.flatMap((rule) => rule.clauses)) {
      for (const reason of clauseReasons(clause, held.regex, segmentKeys))
        problems.push({ key, reason: `a rule: ${reason}` });
    }
  }
  return problems;
}

function clauseReasons(
  clause: Clause,
  regex: LinearRegex | undefined,
  segmentKeys: ReadonlySet<unknown>,
): readonly string[] {
  if (clause.op !== "inSegment")
    return clauseProblems(clause, regex).map((problem) => `${clause.attribute}: ${problem.detail}`);
  return clause.values.filter((key) => !segmentKeys.has(key)).map((key) => `there is no segment ${show(key)}`);
}
