import { jsonErrorOffset, type JsonValue } from "@rampart/core";
import { usageError } from "../errors.ts";

/** What an alias in YAML may be repeated: far beyond any file that a person wrote. */
const ALIASES_MAX = 1000;

/** Reads JSON or YAML. Throws a usage error that says in which line it is wrong. `where` names the source. */
export async function parseDocument(where: string, text: string): Promise<JsonValue> {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // YAML, or neither: what comes next says so.
  }
  const trimmed = text.trimStart();
  if (trimmed === "") throw usageError(`${where} is empty`);
  if (/^[[{]/.test(trimmed)) throw usageError(...notJson(where, text, jsonErrorOffset(text) ?? text.length));
  return parseYaml(where, text);
}

async function parseYaml(where: string, text: string): Promise<JsonValue> {
  const { LineCounter, parseDocument: parse } = await import("yaml");
  const lines = new LineCounter();
  const document = parse(text, { lineCounter: lines, stringKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw usageError(`${where}:${line} is neither JSON nor YAML: ${error.message.split("\n")[0] ?? ""}`);
  }
  try {
    // By way of JSON: what it has no word for (a date, a set) becomes what it has.
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX })) ?? "null") as JsonValue;
  } catch (error_) {
    throw usageError(`${where} can't be read: ${error_ instanceof Error ? error_.message : String(error_)}`);
  }
}

function notJson(where: string, text: string, offset: number): readonly [message: string, hint: string] {
  const before = text.slice(0, offset).split("\n");
  const place = `${where}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
  const found = text[offset];
  return found === undefined
    ? [`${place} is not JSON: it ends too soon`, "check that the file is complete"]
    : [`${place} is not JSON from ${JSON.stringify(found)} on`, "check what stands there"];
}
