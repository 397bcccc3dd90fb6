import type { FlagConfig, FlagDefinition, JsonValue, Segment } from "@rampart/core";

/** Products whose files can be read, and this one's own. */
export const FORMATS = ["launchdarkly", "unleash", "flagd", "growthbook", "rampart"] as const;

/** One of `FORMATS`. */
export type Format = (typeof FORMATS)[number];

/** Something in a file that does not go over just as it is. */
export interface Finding {
  /**
   * - `lost`: it can't be said here with the same meaning, so the flag or the segment is not imported.
   * - `condition`: the answers are the same as long as the application passes what `reason` says.
   * - `note`: it has no part in the answers, or concerns what the import does not set.
   */
  readonly kind: "lost" | "condition" | "note";
  /** Where it stands in the file: a JSON pointer. */
  readonly path: string;
  readonly value: JsonValue | undefined;
  /** Why, in one sentence without a full stop. */
  readonly reason: string;
  /** What to do about it. */
  readonly advice: string;
}

/** A list that converters put what they find in. */
export type Findings = Finding[];

/** A flag of the file. `whole` is undefined exactly when a finding says that something of it is lost. */
export interface ConvertedFlag {
  readonly key: string;
  readonly path: string;
  readonly whole: { readonly definition: FlagDefinition; readonly config: FlagConfig } | undefined;
  readonly findings: readonly Finding[];
  /** Fields of the configuration of which the file says nothing: a new flag gets what `whole` has, and one that is here keeps its own. */
  readonly unsaid?: readonly ("clientVisible" | "salt")[];
}

/** A segment of the file, or one that a flag's rules need here. `whole` as with flags. */
export interface ConvertedSegment {
  readonly key: string;
  readonly path: string;
  readonly whole: Segment | undefined;
  readonly findings: readonly Finding[];
}

/** What a file holds, in this product's words. */
export interface Converted {
  readonly kind: "converted";
  readonly flags: readonly ConvertedFlag[];
  readonly segments: readonly ConvertedSegment[];
  /** Keys of the flags that are archived there, and stay there. */
  readonly archived: readonly string[];
}

/** Why a file as a whole can't be converted. */
export interface Refused {
  readonly kind: "refused";
  readonly message: string;
  readonly advice: string;
}

/** What becomes of a file. */
export type Conversion = Converted | Refused;

/** What a converter is told besides the file. */
export interface ConvertOptions {
  /** The environment in the file, where it holds several; undefined: the only one. */
  readonly environment: string | undefined;
}

/** Turns a file's content into flags and segments. Pure. */
export type Convert = (file: JsonValue, options: ConvertOptions) => Conversion;
