import type { JsonObject, JsonValue } from "@rampart/core";
import { usageError } from "../../errors.ts";
import { isJsonObject } from "../../input/json.ts";
import { parsePair } from "../../input/pairs.ts";

/** The options of `rampart flags set`, parsed. */
export interface SetOptions {
  readonly percentage?: number;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly clientVisible?: boolean;
  readonly variant?: string;
  /** `id=variant`. */
  readonly target?: readonly string[];
  readonly untarget?: readonly string[];
  readonly file?: string;
  readonly reason?: string;
  readonly ifRevision?: number;
}

/** What `flags set` was asked to do. A percentage alone is a ramp; everything else edits the configuration, in one step. */
export type Change =
  | { readonly kind: "ramp"; readonly percentage: number }
  | { readonly kind: "edit"; readonly patch: JsonObject };

/** Decides what is to be done. Throws a usage error when the options contradict each other or there are none. */
export function changeOf(
  flag: string,
  positional: number | undefined,
  options: SetOptions,
  file: JsonObject | undefined,
): Change {
  if (positional !== undefined && options.percentage !== undefined && positional !== options.percentage) {
    throw usageError(`two percentages were given: ${positional} and ${options.percentage}`);
  }
  const percentage = positional ?? options.percentage;
  refuseContradictions(options, percentage);
  const edits = {
    ...(options.enable === true ? { enabled: true } : {}),
    ...(options.disable === true ? { enabled: false } : {}),
    ...(options.clientVisible === undefined ? {} : { clientVisible: options.clientVisible }),
    ...(options.variant === undefined ? {} : { fallthrough: { variant: options.variant } }),
    ...targetsOf(options, file),
  };
  if (Object.keys(edits).length > 0 || file !== undefined) {
    const fallthrough = percentage === undefined ? {} : { fallthrough: { percentage } };
    return { kind: "edit", patch: { ...file, ...edits, ...fallthrough } };
  }
  if (percentage !== undefined) return { kind: "ramp", percentage };
  throw usageError(
    "nothing to set was given",
    `ramp it: rampart flags set ${flag} 25%`,
    "or change it: --enable, --disable, --variant NAME, --target ID=VARIANT, --untarget ID, --file PATCH.json",
  );
}

function refuseContradictions(options: SetOptions, percentage: number | undefined): void {
  if (options.enable === true && options.disable === true)
    throw usageError("--enable and --disable contradict each other");
  if (options.variant !== undefined && percentage !== undefined) {
    throw usageError(
      "--variant and a percentage contradict each other",
      "--variant NAME gives that variant to everybody whom no rule or target decides for",
    );
  }
}

/** The ids whose target changes; null takes one away. The server leaves all others as they are. */
function targetsOf(options: SetOptions, file: JsonObject | undefined): { readonly targets?: JsonObject } {
  const changes = new Map<string, JsonValue>();
  for (const id of options.untarget ?? []) changes.set(id, null);
  for (const pair of options.target ?? []) changes.set(...parsePair("--target", pair));
  if (changes.size === 0) return {};
  const fromFile = file?.["targets"];
  return { targets: { ...(isJsonObject(fromFile) ? fromFile : {}), ...Object.fromEntries(changes) } };
}
