import type { FlagConfig, FlagDefinition, JsonObject, JsonValue, LinearRegex } from "@rampart/core";
import { checkConfig, completeConfig, defaultConfig, findPrerequisiteCycle } from "@rampart/core";
import type { ConfigRecord, Decision } from "./records.ts";
import { differencesOf, isObject } from "./difference.ts";
import { invalidBody, mergeFields } from "./merge.ts";
import { nearest } from "./nearest.ts";
import type { Difference, FieldError, Refusal } from "./problems.ts";
import { quoted } from "./problems.ts";

/** What else is there in the environment: `changeConfig` hands it in. */
export interface Around {
  readonly definition: FlagDefinition;
  readonly others: () => readonly ConfigRecord[];
  readonly segments: () => readonly string[];
}

/** What a caller wants changed. */
export interface ConfigPatch {
  /**
   * Fields of `FlagConfig`. `targets` is merged id by id (null takes an id out), every other field is replaced as a whole; null sets a field
   * back to its default.
   */
  readonly patch: JsonObject;
  /** The revision the caller saw (`If-Match`); undefined: whatever is there. */
  readonly ifRevision?: number;
  /** Compiles the patterns of `matches` clauses. */
  readonly regex?: LinearRegex;
}

/** Applies a patch, when what comes of it is a valid configuration that names only flags and segments that exist, in no circle. */
export function patchConfig(
  record: ConfigRecord,
  around: Around,
  { patch, ifRevision, regex }: ConfigPatch,
): Decision<FlagConfig, Refusal> {
  const merged = mergeFields(record.config, withTargets(record.config, patch), {
    ...UNMANAGED,
    ...defaultConfig(around.definition),
  });
  if (merged.kind === "refuse") return merged;
  const candidate = merged.merged;
  if (ifRevision !== undefined && ifRevision !== record.revision)
    return refuse(conflict(record, ifRevision, differencesFrom(record, candidate)));

  const errors = checkConfig(around.definition, candidate, regex === undefined ? {} : { regex });
  const next = completeConfig(around.definition, candidate);
  if (errors.length > 0 || next === undefined) return refuse(invalidBody(errors));
  if (differencesFrom(record, next).length === 0) return { kind: "keep" };
  const unknown = [...unknownPrerequisites(next, around), ...unknownSegments(next, around)];
  if (unknown.length > 0) return refuse(invalidBody(unknown));
  const cycle = cycleThrough(record.key, next, around);
  return cycle === undefined ? { kind: "write", next } : refuse(cycle);
}

/** The defaults of fields that most configurations don't have. */
const UNMANAGED = { leaseMs: undefined, measures: undefined };

const refuse = (problem: Refusal): { readonly kind: "refuse"; readonly problem: Refusal } => ({
  kind: "refuse",
  problem,
});

/** Both sides hold JSON only. */
const differencesFrom = (record: ConfigRecord, yours: object): readonly Difference[] =>
  differencesOf(yours as unknown as JsonValue, record.config as unknown as JsonValue);

/** The patch with all targets that there will be. What isn't an object is left for the check to complain of. */
function withTargets(config: FlagConfig, patch: JsonObject): JsonObject {
  const { targets } = patch;
  if (!isObject(targets)) return patch;
  const merged = [...Object.entries(config.targets), ...Object.entries(targets)];
  const removed = new Set(Object.keys(targets).filter((id) => targets[id] === null));
  return { ...patch, targets: Object.fromEntries(merged.filter(([id]) => !removed.has(id))) };
}

function conflict(record: ConfigRecord, ifRevision: number, differences: readonly Difference[]): Refusal {
  return {
    code: "REVISION_CONFLICT",
    detail: `${quoted(record.key)} in ${record.environment} is at revision ${record.revision}, not at ${ifRevision}: ${record.updatedBy} changed it.`,
    hint: `Look at the differences, and send your change again with If-Match: "${record.revision}" if it still holds.`,
    current: { ...(record.config as unknown as JsonObject), revision: record.revision },
    differences,
  };
}

function unknownPrerequisites(config: FlagConfig, around: Around): readonly FieldError[] {
  if (config.prerequisites.length === 0) return [];
  const known = new Set(around.others().map((other) => other.key));
  return config.prerequisites.flatMap(({ flag }, index) => {
    if (known.has(flag)) return [];
    return [
      {
        pointer: `/prerequisites/${index}/flag`,
        detail: `names the flag ${quoted(flag)}, which does not exist${didYouMean(flag, known)}`,
      },
    ];
  });
}

function unknownSegments(config: FlagConfig, around: Around): readonly FieldError[] {
  const named = config.rules.flatMap((rule, r) =>
    rule.clauses.flatMap((clause, c) =>
      clause.op === "inSegment"
        ? clause.values.map((segment, v) => ({
            segment: typeof segment === "string" ? segment : JSON.stringify(segment),
            pointer: `/rules/${r}/clauses/${c}/values/${v}`,
          }))
        : [],
    ),
  );
  if (named.length === 0) return [];
  const known = new Set(around.segments());
  return named
    .filter(({ segment }) => !known.has(segment))
    .map(({ segment, pointer }) => ({
      pointer,
      detail: `names the segment ${quoted(segment)}, which does not exist${didYouMean(segment, known)}`,
    }));
}

function didYouMean(name: string, known: Iterable<string>): string {
  const found = nearest(name, known);
  return found.length === 0 ? "" : `; did you mean ${found.map(quoted).join(" or ")}?`;
}

function cycleThrough(key: string, config: FlagConfig, around: Around): Refusal | undefined {
  if (config.prerequisites.length === 0) return undefined;
  const prerequisites = new Map(around.others().map((other) => [other.key, other.config.prerequisites]));
  prerequisites.set(key, config.prerequisites);
  const cycle = findPrerequisiteCycle(key, (of) => (prerequisites.get(of) ?? []).map(({ flag }) => flag));
  if (cycle === undefined) return undefined;
  return {
    code: "PREREQUISITE_CYCLE",
    detail: `The prerequisites of ${quoted(key)} lead back to it: ${cycle.join(" → ")}.`,
    hint: "Take one of them out: a flag can't wait for itself.",
    errors: [{ pointer: "/prerequisites", detail: `makes the circle ${cycle.join(" → ")}` }],
  };
}
