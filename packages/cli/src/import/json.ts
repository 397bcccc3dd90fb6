import { pointerTo, type JsonObject, type JsonValue } from "@rampart/core";
import { isJsonObject } from "../input/json.ts";

/** The object that a value is, or an empty one. */
export function recordOr(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The list that a value is, or an empty one. */
export function listOr(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

/** A list, rather than an object, null or a plain value. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The text that a value is. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The objects of a list or of a map with the JSON pointer of each; `key` is its key in the map. */
export function itemsOf(
  value: JsonValue | undefined,
  path: string,
): readonly { readonly key: string | undefined; readonly path: string; readonly value: JsonValue }[] {
  if (isList(value)) return value.map((item, index) => ({ key: undefined, path: `${path}/${index}`, value: item }));
  return Object.entries(recordOr(value)).map(([key, item]) => ({
    key,
    path: pointerTo(path, key),
    value: item,
  }));
}
