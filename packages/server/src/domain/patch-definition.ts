import type { FlagDefinition, JsonObject, JsonValue, LinearRegex, Segment } from "@rampart/core";
import { checkDefinition, checkSegment, completeSegment, pointerTo } from "@rampart/core";
import type { Decision } from "./records.ts";
import { differencesOf } from "./difference.ts";
import { invalidBody, mergeFields } from "./merge.ts";
import type { FieldError, Refusal } from "./problems.ts";
import { quoted } from "./problems.ts";

const DEFINITION_FIELDS = { description: "", variants: {}, tags: [], owner: undefined, expectedEnd: undefined };
const SEGMENT_FIELDS = { description: "", included: [], excluded: [], rules: [] };

/**
 * Applies a patch to what a flag is in every environment; each field is replaced as a whole, null sets it back to its default. Key and type
 * never change, and a variant never goes: programs and configurations rely on them.
 */
export function patchDefinition(current: FlagDefinition, patch: JsonObject): Decision<FlagDefinition, Refusal> {
  const merged = mergeFields(current, patch, DEFINITION_FIELDS);
  if (merged.kind === "refuse") return merged;
  const errors = checkDefinition(merged.merged);
  if (errors.length > 0) return { kind: "refuse", problem: invalidBody(errors) };
  const next = merged.merged as unknown as FlagDefinition;
  const lost = lostVariants(current, next);
  if (lost.length > 0) return { kind: "refuse", problem: invalidBody(lost) };
  return writeIfDifferent(current, next);
}

/** Applies a patch to a segment; each field is replaced as a whole, null sets it back to its default. */
export function patchSegment(current: Segment, patch: JsonObject, regex?: LinearRegex): Decision<Segment, Refusal> {
  const merged = mergeFields(current, patch, SEGMENT_FIELDS);
  if (merged.kind === "refuse") return merged;
  const errors = checkSegment(merged.merged, regex === undefined ? {} : { regex });
  const next = completeSegment(merged.merged);
  if (errors.length > 0 || next === undefined) return { kind: "refuse", problem: invalidBody(errors) };
  return writeIfDifferent(current, next);
}

function lostVariants(current: FlagDefinition, next: FlagDefinition): readonly FieldError[] {
  return Object.keys(current.variants)
    .filter((name) => !Object.hasOwn(next.variants, name))
    .map((name) => ({
      pointer: pointerTo("/variants", name),
      detail: `${quoted(name)} can't be taken away: rules, targets and programs may name it; add variants or change their values`,
    }));
}

function writeIfDifferent<T extends FlagDefinition | Segment>(current: T, next: T): Decision<T, Refusal> {
  const same = differencesOf(next as unknown as JsonValue, current as unknown as JsonValue).length === 0;
  return same ? { kind: "keep" } : { kind: "write", next };
}
