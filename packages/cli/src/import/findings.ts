import { pointerTo, type JsonObject, type JsonValue } from "@rampart/core";
import type { Finding, Findings } from "./types.ts";

/** Where something stands, what it is, why it is a finding, and what to do. */
type Said = Omit<Finding, "kind">;

/** Records that something is lost. Gives undefined, so that a reader can end with it. */
export function lose(findings: Findings, said: Said): undefined {
  findings.push({ kind: "lost", ...said });
}

/** Records what the application has to pass for the answers to be the same, once for each reason. */
export function require(findings: Findings, said: Said): void {
  if (!findings.some(({ kind, reason }) => kind === "condition" && reason === said.reason))
    findings.push({ kind: "condition", ...said });
}

/**
 * Records the fields that are not among those that are known: what they do there nobody can say here. Names with an underscore in front, and
 * fields without a value, mean nothing in any of the formats.
 */
export function tellUnknown(findings: Findings, path: string, source: JsonObject, known: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(source)) {
    if (known.has(name) || name.startsWith("_") || value === null) continue;
    require(findings, {
      path: pointerTo(path, name),
      value,
      reason: `${name}, which this import does not know, has no part in the answers there`,
      advice: "look up what it does; if it has a part in them, make the flag here by hand",
    });
  }
}

/** Records what has no part in the answers. */
export function note(findings: Findings, said: Said): void {
  findings.push({ kind: "note", ...said });
}

/** Whether nothing is lost. */
export function isWhole(findings: readonly Finding[]): boolean {
  return findings.every(({ kind }) => kind !== "lost");
}

/** Records what is not of the kind that is expected there. */
export function loseShape(findings: Findings, path: string, value: JsonValue | undefined, expected: string): undefined {
  return lose(findings, {
    path,
    value,
    reason: `${expected} is expected here`,
    advice: "check that the file is complete and unedited",
  });
}
