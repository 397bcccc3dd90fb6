import type { JsonValue } from "@rampart/core";

/** A clause's values as people edit them: with commas between, and quotes around a text that would be read as something else. */
export function textOf(values: readonly JsonValue[]): string {
  return values.map((value) => (isPlain(value) ? value : JSON.stringify(value))).join(", ");
}

/** The values in such a text: numbers, truth values and JSON as such, everything else as text. The inverse of `textOf`. */
export function valuesOf(text: string): readonly JsonValue[] {
  return partsOf(text).map((part) => read(part) ?? part);
}

function isPlain(value: JsonValue): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.trim() === value &&
    !/[,"[\]{}]/.test(value) &&
    read(value) === undefined
  );
}

/** Undefined: it is text that stands for itself. */
function read(part: string): JsonValue | undefined {
  if (!/^(?:["[{]|-?\d|true$|false$|null$)/.test(part)) return undefined;
  try {
    return JSON.parse(part) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Splits at commas that stand outside of quotes and brackets. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let part = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (isQuoted && char === "\\") {
      part += char + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (char === "[" || char === "{")) depth += 1;
    else if (!isQuoted && (char === "]" || char === "}")) depth -= 1;
    if (char === "," && !isQuoted && depth <= 0) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== "");
}
