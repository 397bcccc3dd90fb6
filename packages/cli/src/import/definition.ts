import type { FlagDefinition, FlagType, Variants } from "@rampart/core";
import { note } from "./findings.ts";
import type { Findings } from "./types.ts";

/** Characters of a description and of a tag, and the number of tags, that are taken over; the rest is cut, as nobody is served by it. */
const DESCRIPTION_MAX = 4000;
const TAG_MAX = 64;
const TAGS_MAX = 50;

/** What a converter knows of a flag's definition. */
export interface Known {
  readonly key: string;
  readonly path: string;
  readonly type: FlagType;
  readonly variants: Variants;
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** A flag's definition; a description or tags beyond what is allowed here are cut, and told. */
export function definitionOf(
  { key, path, type, variants, description = "", tags = [] }: Known,
  findings: Findings,
): FlagDefinition {
  const fitting = [...new Set(tags)].filter((tag) => tag !== "" && tag.length <= TAG_MAX).slice(0, TAGS_MAX);
  if (description.length > DESCRIPTION_MAX || fitting.length < new Set(tags).size) {
    note(findings, {
      path,
      value: undefined,
      reason: `more than ${DESCRIPTION_MAX} characters of description, ${TAGS_MAX} tags or ${TAG_MAX} characters of a tag are cut`,
      advice: "nothing: no answer depends on them",
    });
  }
  return { key, type, description: description.slice(0, DESCRIPTION_MAX), variants, tags: fitting };
}
