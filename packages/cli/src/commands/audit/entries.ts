import type { AuditEntry } from "@rampart/core";
import { CliError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";

/** An entry holds at most two configurations, of at most 1 MiB each. */
const LINE_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The lines of a text that comes in pieces, without their ends. Throws when a line is longer than an entry can be. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw new CliError({
        code: "NOT_AN_EXPORT",
        message: `a line is longer than ${LINE_CHARACTERS_MAX} characters, so this is no audit export`,
      });
    }
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** The entries of an NDJSON export. Throws a failure that names the line that is no entry. */
export async function* entriesOf(pieces: AsyncIterable<string>): AsyncGenerator<AuditEntry> {
  let number = 0;
  for await (const line of linesOf(pieces)) {
    number += 1;
    if (line.trim() !== "") yield parseEntry(line, number);
  }
}

function parseEntry(line: string, number: number): AuditEntry {
  let value: Partial<AuditEntry> | null = null;
  try {
    value = JSON.parse(line) as Partial<AuditEntry> | null;
  } catch {
    // Told below, as for JSON that is no entry.
  }
  if (typeof value?.seq !== "number" || typeof value.hash !== "string" || typeof value.previousHash !== "string") {
    throw new CliError({
      code: "NOT_AN_ENTRY",
      message: `line ${number} is not an audit entry: it was damaged, or the file is no export`,
      lines: ["an export is written by: rampart audit export > audit.ndjson"],
      exitCode: EXIT.failure,
    });
  }
  return value as AuditEntry;
}
