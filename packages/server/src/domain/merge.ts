import { pointerTo, type JsonObject } from "@rampart/core";
import { nearest } from "./nearest.ts";
import type { FieldError, Refusal } from "./problems.ts";
import { FIELD_ERRORS_MAX, quoted } from "./problems.ts";

/** The fields that a patch may have, and the value to which null sets each of them back (undefined: the field goes away). */
export type Patchable = { readonly [field: string]: unknown };

/** `merged` was not checked: it holds what the caller sent. */
export type Merged =
  | { readonly kind: "merged"; readonly merged: { readonly [field: string]: unknown } }
  | { readonly kind: "refuse"; readonly problem: Refusal };

/**
 * Puts a patch's fields in the place of the current ones, like a JSON merge patch (RFC 7396) of one level: null sets a field back to its
 * default, a field that isn't there stays. Fields that don't exist are refused, all at once: a typing error must not look like a success.
 */
export function mergeFields(current: object, patch: JsonObject, patchable: Patchable): Merged {
  const known = Object.keys(patchable);
  const unknown = Object.keys(patch).filter((field) => !Object.hasOwn(patchable, field));
  if (unknown.length > 0) {
    const errors = unknown.slice(0, FIELD_ERRORS_MAX).map((field) => unknownField(field, known));
    return { kind: "refuse", problem: invalidBody(errors, unknown.length) };
  }
  const changes = Object.entries(patch).map(
    ([field, value]) => [field, value === null ? patchable[field] : value] as const,
  );
  const merged = Object.fromEntries(
    [...Object.entries(current), ...changes].filter(([, value]) => value !== undefined),
  );
  // A field set back to "none" has to go, not to keep the current value.
  for (const [field, value] of changes) if (value === undefined) delete merged[field];
  return { kind: "merged", merged };
}

/** A body with `count` wrong fields, the first of them named. */
export function invalidBody(errors: readonly FieldError[], count: number = errors.length): Refusal {
  const [first] = errors;
  const more = count > 1 ? ` (and ${count - 1} more)` : "";
  return {
    code: "INVALID_BODY",
    detail:
      first === undefined
        ? "The body is not valid."
        : `${first.pointer === "" ? "The body" : first.pointer} ${first.detail}${more}.`,
    hint: "Mend every field under errors, and send it again; nothing was changed.",
    errors: errors.slice(0, FIELD_ERRORS_MAX),
  };
}

function unknownField(field: string, known: readonly string[]): FieldError {
  const [guess] = nearest(field, known);
  const instead = guess === undefined ? `the fields are ${known.join(", ")}` : `did you mean ${guess}?`;
  return {
    pointer: pointerTo("", field),
    detail: `${quoted(field)} is not a field that can be changed: ${instead}`,
  };
}
