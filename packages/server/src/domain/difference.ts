import { pointerTo, type JsonObject, type JsonValue } from "@rampart/core";
import { canonicalJson } from "./canonical.ts";
import type { Difference } from "./problems.ts";

/**
 * Every field in which two JSON values differ, by JSON pointer. Objects are gone into; lists and the rest are compared as a whole,
 * because what moved within a list can't be said by position. A field that one of them lacks is null there.
 */
export function differencesOf(yours: JsonValue, current: JsonValue, pointer = ""): readonly Difference[] {
  if (isObject(yours) && isObject(current)) {
    const names = new Set([...Object.keys(yours), ...Object.keys(current)]);
    return [...names].flatMap((name) => differencesOf(own(yours, name), own(current, name), pointerTo(pointer, name)));
  }
  return canonicalJson(yours) === canonicalJson(current) ? [] : [{ pointer, yours, current }];
}

/** A JSON object, rather than a list, null or a plain value. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const own = (object: JsonObject, name: string): JsonValue =>
  Object.hasOwn(object, name) ? (object[name] ?? null) : null;
