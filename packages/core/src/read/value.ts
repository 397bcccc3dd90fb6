import { isKey, KEY_HINT } from "../model/key.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { pointerTo } from "../model/json-pointer.ts";
import type { FieldProblem } from "../model/problem.ts";
import { show } from "../model/show.ts";

/**
 * Readers take a value from outside, its JSON pointer and a list to put problems in. They return what they read, or undefined
 * after saying why not. The wire parser skips an item that has any problem; checks of writes hand them all to the caller.
 */
export type Problems = FieldProblem[];

/** Levels of nesting in a JSON variant: it is copied recursively, and must not be able to exhaust the stack. */
export const JSON_DEPTH_MAX = 20;

/** An object whose fields may be read: not null, not a list. */
export function isRecord(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads an object, leaving its fields as they are. */
export function readRecord(
  value: unknown,
  at: string,
  problems: Problems,
): { readonly [field: string]: unknown } | undefined {
  if (isRecord(value)) return value;
  problems.push({ pointer: at, detail: `${show(value)} is not an object` });
  return undefined;
}

/** Reads a list, leaving its items as they are. */
export function readList(value: unknown, at: string, problems: Problems): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  problems.push({ pointer: at, detail: `${show(value)} is not a list` });
  return undefined;
}

/** Reads every item, to tell all problems at once; undefined when any item has one. */
export function readItems<T>(
  value: unknown,
  at: string,
  problems: Problems,
  readItem: (item: unknown, at: string, problems: Problems) => T | undefined,
): readonly T[] | undefined {
  const list = readList(value, at, problems);
  if (list === undefined) return undefined;
  const items: T[] = [];
  for (const [index, item] of list.entries()) {
    const read = readItem(item, `${at}/${index}`, problems);
    if (read !== undefined) items.push(read);
  }
  return items.length === list.length ? items : undefined;
}

/** Reads true or false; nothing else stands for them. */
export function readBoolean(value: unknown, at: string, problems: Problems): boolean | undefined {
  if (typeof value === "boolean") return value;
  problems.push({ pointer: at, detail: `${show(value)} is not a boolean`, hint: "true or false" });
  return undefined;
}

/** Reads a text that is not empty. */
export function readText(value: unknown, at: string, problems: Problems): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  problems.push({ pointer: at, detail: `${show(value)} is not a text of at least one character` });
  return undefined;
}

/** Reads the key of a flag or a segment. */
export function readKey(value: unknown, at: string, problems: Problems): string | undefined {
  if (isKey(value)) return value;
  problems.push({ pointer: at, detail: `${show(value)} is not a key`, hint: KEY_HINT });
  return undefined;
}

/** An integer from 0 up that a double holds exactly: revisions, milliseconds. */
export function readCount(value: unknown, at: string, problems: Problems): number | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  problems.push({ pointer: at, detail: `${show(value)} is not an integer from 0 up` });
  return undefined;
}

/**
 * A copy whose objects have no prototype, so that no key is special, and which is frozen: the application gets the very object
 * and must not be able to change the flag with it.
 */
export function readJson(value: unknown, at: string, problems: Problems, depth = 0): JsonValue | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object" || depth >= JSON_DEPTH_MAX) {
    const detail =
      depth >= JSON_DEPTH_MAX ? `is nested deeper than ${JSON_DEPTH_MAX} levels` : `${show(value)} is not JSON`;
    problems.push({ pointer: at, detail });
    return undefined;
  }
  if (Array.isArray(value)) {
    const items = readItems(value, at, problems, (item, itemAt, all) => readJson(item, itemAt, all, depth + 1));
    return items === undefined ? undefined : Object.freeze(items);
  }
  const copy = Object.create(null) as { [key: string]: JsonValue };
  for (const [key, field] of Object.entries(value)) {
    const read = readJson(field, pointerTo(at, key), problems, depth + 1);
    if (read === undefined) return undefined;
    copy[key] = read;
  }
  return Object.freeze(copy) as JsonObject;
}
