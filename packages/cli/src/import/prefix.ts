import type { Clause, FlagConfig } from "@rampart/core";
import type { Converted } from "./types.ts";

/** The same with another name for every segment: here a segment is one in all environments, and elsewhere it often is not. */
export function withSegmentPrefix(converted: Converted, prefix: string): Converted {
  if (prefix === "") return converted;
  const flags = converted.flags.map((flag) =>
    flag.whole === undefined ? flag : { ...flag, whole: { ...flag.whole, config: renamed(flag.whole.config, prefix) } },
  );
  const segments = converted.segments.map((segment) => {
    const key = `${prefix}${segment.key}`;
    return { ...segment, key, whole: segment.whole === undefined ? undefined : { ...segment.whole, key } };
  });
  return { ...converted, flags, segments };
}

function renamed(config: FlagConfig, prefix: string): FlagConfig {
  const clause = (each: Clause): Clause =>
    each.op === "inSegment"
      ? { ...each, values: each.values.map((key) => `${prefix}${typeof key === "string" ? key : ""}`) }
      : each;
  return { ...config, rules: config.rules.map((rule) => ({ ...rule, clauses: rule.clauses.map(clause) })) };
}
