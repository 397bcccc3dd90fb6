import {
  checkConfig,
  checkDefinition,
  checkSegment,
  completeConfig,
  completeSegment,
  defaultVariants,
  findPrerequisiteCycle,
  type CheckOptions,
  type FieldProblem,
  type FlagConfig,
} from "@rampart/core";
import type { Converted, ConvertedFlag, ConvertedSegment, Finding } from "./types.ts";

/** Flags and segments of one file at most. */
export const ITEMS_MAX = 10_000;

/**
 * What of a conversion can be written. A flag or a segment that would be refused is lost with the reason; so is a flag that needs a segment or
 * a prerequisite that is lost, or whose key is there twice: what is left answers without anything that is not there.
 */
export function settle(converted: Converted, options: CheckOptions): Converted {
  const segments = withoutTwins(converted.segments, "segment").map((segment) => checkedSegment(segment, options));
  let flags = withoutTwins(converted.flags, "flag").map((flag) => checkedFlag(flag, options));
  const held = new Set(segments.flatMap(({ key, whole }) => (whole === undefined ? [] : [key])));
  flags = flags.map((flag) => withoutMissingSegments(flag, held));
  // Each turn takes at least one flag out, so it ends.
  for (let left = -1; left !== countWhole(flags);) {
    left = countWhole(flags);
    const whole = new Map(
      flags.flatMap((flag) => (flag.whole === undefined ? [] : [[flag.key, flag.whole.config] as const])),
    );
    flags = flags.map((flag) => withoutMissingFlags(flag, whole));
  }
  return { ...converted, flags, segments };
}

/** The segments that a configuration's rules name. */
export function segmentsOf(config: FlagConfig): readonly string[] {
  const clauses = config.rules.flatMap((rule) => rule.clauses).filter(({ op }) => op === "inSegment");
  return clauses.flatMap(({ values }) => values.map(String));
}

function countWhole(flags: readonly ConvertedFlag[]): number {
  return flags.filter(({ whole }) => whole !== undefined).length;
}

/** With everything filled in that a file may leave out. */
function checkedFlag(flag: ConvertedFlag, options: CheckOptions): ConvertedFlag {
  if (flag.whole === undefined) return flag;
  const { definition, config } = flag.whole;
  const problems = checkDefinition(definition);
  if (problems.length > 0) return lostBy(flag, problems);
  const named = { ...definition, variants: definition.variants ?? defaultVariants(definition.type) };
  const whole = completeConfig(named, config);
  const wrong = lostBy(flag, checkConfig(named, config, options));
  return wrong.whole === undefined || whole === undefined
    ? wrong
    : { ...flag, whole: { definition: named, config: whole } };
}

function checkedSegment(segment: ConvertedSegment, options: CheckOptions): ConvertedSegment {
  if (segment.whole === undefined) return segment;
  const whole = completeSegment(segment.whole);
  const wrong = lostBy(segment, checkSegment(segment.whole, options));
  return wrong.whole === undefined || whole === undefined ? wrong : { ...segment, whole };
}

function lostBy<T extends ConvertedFlag | ConvertedSegment>(item: T, problems: readonly FieldProblem[]): T {
  return lost(
    item,
    problems.map(({ pointer, detail, hint }) => ({
      reason: `it would not be taken here: ${pointer === "" ? "" : `${pointer} `}${detail}`,
      advice: hint === undefined ? "change it there" : `allowed: ${hint}`,
    })),
  );
}

function withoutMissingSegments(flag: ConvertedFlag, held: ReadonlySet<string>): ConvertedFlag {
  if (flag.whole === undefined) return flag;
  const missing = segmentsOf(flag.whole.config).filter((key) => !held.has(key));
  return lost(
    flag,
    [...new Set(missing)].map((key) => ({
      reason: `it needs the segment ${key}, which is not in the file or could not be carried over`,
      advice: `see to ${key} first`,
    })),
  );
}

function withoutMissingFlags(flag: ConvertedFlag, whole: ReadonlyMap<string, FlagConfig>): ConvertedFlag {
  if (flag.whole === undefined) return flag;
  const needed = flag.whole.config.prerequisites.map((prerequisite) => prerequisite.flag);
  const missing = needed.filter((key) => !whole.has(key));
  const cycle = findPrerequisiteCycle(flag.key, (key) => whole.get(key)?.prerequisites.map((each) => each.flag) ?? []);
  return lost(flag, [
    ...missing.map((key) => ({
      reason: `it needs the flag ${key}, which is not in the file or could not be carried over`,
      advice: `see to ${key} first`,
    })),
    ...(cycle === undefined
      ? []
      : [{ reason: `its prerequisites go round in a circle: ${cycle.join(" → ")}`, advice: "take one of them out" }]),
  ]);
}

function withoutTwins<T extends ConvertedFlag | ConvertedSegment>(items: readonly T[], what: string): readonly T[] {
  const counts = new Map<string, number>();
  for (const { key } of items) counts.set(key, (counts.get(key) ?? 0) + 1);
  return items.map((item) =>
    counts.get(item.key) === 1
      ? item
      : lost(item, [{ reason: `the file holds more than one ${what} ${item.key}`, advice: "keep one of them" }]),
  );
}

function lost<T extends ConvertedFlag | ConvertedSegment>(
  item: T,
  why: readonly Pick<Finding, "reason" | "advice">[],
): T {
  if (why.length === 0) return item;
  const findings = why.map((each): Finding => ({ kind: "lost", path: item.path, value: undefined, ...each }));
  return { ...item, whole: undefined, findings: [...item.findings, ...findings] };
}
