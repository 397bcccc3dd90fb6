import type { JsonObject, JsonValue } from "@rampart/core";
import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { readText } from "./file.ts";

/** The JSON object in `text`. `where` names the source in errors: `--context`, `patch.json`. */
export function parseJsonObject(where: string, text: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw usageError(`${where} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isJsonObject(value)) throw usageError(`${where} must hold a JSON object, such as {"enabled": true}`);
  return value;
}

/** An object, rather than a list, null or a plain value. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON object in a file, or on stdin for `-`. */
export async function readJsonObject(io: Io, path: string): Promise<JsonObject> {
  return parseJsonObject(path === "-" ? "stdin" : path, await readText(io, path));
}
