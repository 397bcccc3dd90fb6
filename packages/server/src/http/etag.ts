import { ProblemError } from "./problem.ts";

/** A revision as an entity tag. */
export const revisionTag = (revision: number): string => `"${revision}"`;

/** The revision that `If-Match` asks for; undefined for any. Throws a `ProblemError` when it is none. */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const revision = /^\s*"(\d{1,15})"\s*$/.exec(header)?.[1];
  if (revision === undefined) {
    throw new ProblemError({
      code: "INVALID_IF_MATCH",
      detail: `If-Match is ${JSON.stringify(header.slice(0, 80))}.`,
      hint: 'Send the revision in quotes, as ETag gave it: If-Match: "12".',
    });
  }
  return Number(revision);
}

/** Whether an `If-None-Match` header names the tag. Weak comparison, as RFC 9110 has it. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header === tag) return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === tag || one.trim() === "*");
}
