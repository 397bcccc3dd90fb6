import { pointerSteps } from "@rampart/core";

/** The value at an RFC 6901 pointer (`/data/0/load`, `""` for the whole), or undefined where there is none. Reads own properties only. */
export function atPointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const key of pointerSteps(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
