import type { JsonValue } from "@rampart/core";
import { usageError } from "../errors.ts";

/** Splits `name=value` at the first `=`. Throws a usage error that names the option. */
export function parsePair(option: string, text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageError(`${option} "${text}" is not of the form name=value`, `example: ${option} name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Gathers the values of an option that may be given more than once. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/**
 * A value as typed: `true`, `false`, `null`, a number written the way JSON prints it, or JSON in quotes, brackets or braces is that
 * value; everything else is text. `1.10` and `007` stay text, because as numbers they would lose something.
 */
export function parseScalar(text: string): JsonValue {
  if (text === "true" || text === "false" || text === "null") return JSON.parse(text) as JsonValue;
  if (/^-?\d/.test(text) && String(Number(text)) === text) return Number(text);
  if (/^["[{]/.test(text)) {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      return text;
    }
  }
  return text;
}

/** `name=value` of the options and of a JSON object, in one object; the options win. A null prototype: no name is special. */
export function parsePairs(option: string, pairs: readonly string[]): { [name: string]: JsonValue } {
  const result = Object.create(null) as { [name: string]: JsonValue };
  for (const pair of pairs) {
    const [name, value] = parsePair(option, pair);
    result[name] = parseScalar(value);
  }
  return result;
}
