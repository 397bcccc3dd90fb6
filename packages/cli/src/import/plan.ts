import type { FlagConfig, FlagConfigView, FlagView, JsonValue, Segment } from "@rampart/core";
import { segmentsOf } from "./settle.ts";
import type { Converted, ConvertedFlag, ConvertedSegment, Finding } from "./types.ts";

/** What is on the server already, of what an import could touch. */
export interface Present {
  readonly flags: ReadonlyMap<string, { readonly flag: FlagView; readonly config: FlagConfigView }>;
  readonly segments: ReadonlyMap<string, Segment>;
}

/** A field in which the server differs from the file. */
export interface Difference {
  readonly field: string;
  readonly here: JsonValue | undefined;
  readonly file: JsonValue | undefined;
}

/**
 * What is to be done with a flag or a segment.
 *
 * - `create`: there is none. `configure`: the flag is there, and was never set up in this environment.
 * - `unchanged`: it is there just as in the file.
 * - `differs`: it is there otherwise, and stays so. `replace`: it is there otherwise, and becomes what is in the file.
 * - `cannot`: nothing is done, for the reasons in `findings`, or for `why`.
 */
export type Step<T> =
  | {
      readonly kind: "create" | "unchanged";
      readonly key: string;
      readonly item: T;
      readonly findings: readonly Finding[];
    }
  | {
      readonly kind: "configure" | "differs" | "replace";
      readonly key: string;
      readonly item: T;
      readonly differences: readonly Difference[];
      readonly findings: readonly Finding[];
    }
  | {
      readonly kind: "cannot";
      readonly key: string;
      readonly why: string | undefined;
      readonly findings: readonly Finding[];
    };

/** A flag that goes over. */
export type WholeFlag = NonNullable<ConvertedFlag["whole"]>;

/** Everything that an import would do, in the order in which it can be done. */
export interface ImportPlan {
  readonly segments: readonly Step<Segment>[];
  readonly flags: readonly Step<WholeFlag>[];
  /** Keys of the flags that stay in the archive there. */
  readonly archived: readonly string[];
}

/** What is to be imported, and whether what is there otherwise is to be replaced. */
export interface PlanOptions {
  /** Keys of flags; empty: all, and all segments. */
  readonly only: readonly string[];
  readonly replace: boolean;
}

/** Compares what was converted with what is there. A flag waits for nothing: what it needs comes before it, or it can't be done. */
export function planImport(converted: Converted, present: Present, { only, replace }: PlanOptions): ImportPlan {
  const chosen = only.length === 0 ? converted.flags : converted.flags.filter(({ key }) => only.includes(key));
  const needed = new Set(chosen.flatMap(({ whole }) => (whole === undefined ? [] : segmentsOf(whole.config))));
  const segments = converted.segments
    .filter(({ key }) => only.length === 0 || needed.has(key))
    .map((segment) => stepOfSegment(segment, present, replace));
  const ready = new Set(segments.flatMap(({ kind, key }) => (kind === "cannot" || kind === "differs" ? [] : [key])));
  const flags = new Map<string, Step<WholeFlag>>();
  const inFile = new Map(converted.flags.map((flag) => [flag.key, flag]));
  for (const flag of inOrder(chosen)) flags.set(flag.key, stepOfFlag(flag, { present, replace, ready, flags, inFile }));
  return { segments, flags: [...flags.values()], archived: only.length === 0 ? converted.archived : [] };
}

/** Whether a plan would write anything. */
export function writes({ segments, flags }: ImportPlan): boolean {
  return [...segments, ...flags].some(({ kind }) => kind === "create" || kind === "configure" || kind === "replace");
}

/** Prerequisites before the flags that need them. There are no circles any more. */
function inOrder(flags: readonly ConvertedFlag[]): readonly ConvertedFlag[] {
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  const done = new Set<string>();
  const ordered: ConvertedFlag[] = [];
  const visit = (flag: ConvertedFlag): void => {
    if (done.has(flag.key)) return;
    done.add(flag.key);
    for (const prerequisite of flag.whole?.config.prerequisites ?? []) {
      const other = byKey.get(prerequisite.flag);
      if (other !== undefined) visit(other);
    }
    ordered.push(flag);
  };
  for (const flag of flags) visit(flag);
  return ordered;
}

function stepOfSegment({ key, whole, findings }: ConvertedSegment, present: Present, replace: boolean): Step<Segment> {
  if (whole === undefined) return { kind: "cannot", key, why: undefined, findings };
  const there = present.segments.get(key);
  if (there === undefined) return { kind: "create", key, item: whole, findings };
  const fields = ["included", "excluded", "rules"] as const;
  const differences = fields.flatMap((field) => differenceIn(field, asJson(there[field]), asJson(whole[field])));
  if (differences.length === 0) return { kind: "unchanged", key, item: whole, findings };
  return { kind: replace ? "replace" : "differs", key, item: whole, differences, findings };
}

interface Around {
  readonly present: Present;
  readonly replace: boolean;
  /** Segments that will be as the file has them. */
  readonly ready: ReadonlySet<string>;
  /** Steps of the flags before this one. */
  readonly flags: ReadonlyMap<string, Step<WholeFlag>>;
  /** Every flag of the file, chosen or not. */
  readonly inFile: ReadonlyMap<string, ConvertedFlag>;
}

function stepOfFlag(flag: ConvertedFlag, around: Around): Step<WholeFlag> {
  const { key, findings } = flag;
  const there = around.present.flags.get(key);
  const item = wholeBeside(flag, there);
  if (item === undefined) return { kind: "cannot", key, why: undefined, findings };
  const cannot = (why: string): Step<WholeFlag> => ({ kind: "cannot", key, why, findings });
  const { definition, config } = item;
  const missing = segmentsOf(config).find((segment) => !around.ready.has(segment));
  if (missing !== undefined)
    return cannot(
      `the segment ${missing} is another one here: --replace changes it, for every flag that uses it, and --segment-prefix gives the file's another name`,
    );
  const unmet = config.prerequisites.find((prerequisite) => !isThere(prerequisite.flag, around));
  if (unmet !== undefined)
    return cannot(`it needs the flag ${unmet.flag}, which is not here as the file has it: import it too`);
  if (there === undefined) return { kind: "create", key, item, findings };
  if (there.flag.type !== definition.type)
    return cannot(`there is a flag of the type ${there.flag.type} here, and this one's is ${definition.type}`);
  const differences = differencesOf(there, item);
  if (differences.length === 0) return { kind: "unchanged", key, item, findings };
  const isUntouched =
    there.config.updatedAt === there.flag.createdAt && differences.every(({ field }) => field !== "variants");
  if (isUntouched) return { kind: "configure", key, item, differences, findings };
  if (!around.replace) return { kind: "differs", key, item, differences, findings };
  if (config.enabled && !there.config.enabled)
    return cannot("it is off here, and no import switches on what was switched off: restore it first, or leave it off");
  return { kind: "replace", key, item, differences, findings };
}

type PresentFlag = NonNullable<ReturnType<Present["flags"]["get"]>>;

/** A flag of the file with what is here already in the fields of which the file says nothing. */
function wholeBeside({ whole, unsaid = [] }: ConvertedFlag, there: PresentFlag | undefined): WholeFlag | undefined {
  if (whole === undefined || there === undefined) return whole;
  const kept = Object.fromEntries(unsaid.map((field) => [field, there.config[field]]));
  return { ...whole, config: { ...whole.config, ...kept } };
}

/** Whether a prerequisite is as the file has it: one that differs here would let other users through. */
function isThere(key: string, { flags, present, inFile }: Around): boolean {
  const step = flags.get(key);
  if (step !== undefined) return step.kind !== "cannot" && step.kind !== "differs";
  const [there, file] = [present.flags.get(key), inFile.get(key)];
  const whole = file && wholeBeside(file, there);
  return there !== undefined && whole !== undefined && differencesOf(there, whole).length === 0;
}

/** The fields of a configuration that an import sets. A rollout's lease and measures are the rollout's. */
export const CONFIG_FIELDS = [
  "enabled",
  "offVariant",
  "targets",
  "rules",
  "fallthrough",
  "salt",
  "bucketBy",
  "prerequisites",
  "clientVisible",
] as const satisfies readonly (keyof FlagConfig)[];

function differencesOf(there: PresentFlag, { definition, config }: WholeFlag): readonly Difference[] {
  const fields = CONFIG_FIELDS.flatMap((field) =>
    differenceIn(field, asJson(there.config[field]), asJson(config[field])),
  );
  return [...differenceIn("variants", asJson(there.flag.variants), asJson(definition.variants)), ...fields];
}

function differenceIn(field: string, here: JsonValue | undefined, file: JsonValue | undefined): readonly Difference[] {
  return canonical(here) === canonical(file) ? [] : [{ field, here, file }];
}

/** What an interface holds is JSON all the same. */
function asJson(value: unknown): JsonValue | undefined {
  return value as JsonValue | undefined;
}

/** The same text for values that are the same, in whatever order the names of an object come. */
function canonical(value: JsonValue | undefined): string {
  return (
    JSON.stringify(value, (_name, part: JsonValue) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
        : part,
    ) ?? ""
  );
}
