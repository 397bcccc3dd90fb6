import type { Segment } from "../model/flag.ts";
import type { FieldProblem } from "../model/problem.ts";
import { readMembership } from "../read/segment.ts";
import { readRecord, type Problems } from "../read/value.ts";
import { checkCount, checkLength } from "./bounds.ts";
import { checkClauses, type CheckOptions } from "./clauses.ts";
import { checkText } from "./definition.ts";
import { checkFlagKey } from "./key.ts";
import { DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, SEGMENT_IDS_MAX, SEGMENT_RULES_MAX } from "./limits.ts";
import { checkStrictly } from "./strict.ts";

/** Everything that is wrong with a segment; empty when it can be written. */
export function checkSegment(segment: unknown, options: CheckOptions): readonly FieldProblem[] {
  const problems: Problems = [];
  const fields = readRecord(segment, "", problems);
  if (fields === undefined) return problems;
  const key = checkFlagKey(fields.key);
  if (!key.ok) problems.push({ pointer: "/key", detail: key.detail, hint: key.hint });
  problems.push(...checkText(fields.description, DESCRIPTION_LENGTH_MAX, "/description"));
  const membership = readMembership(fields, problems);
  if (membership === undefined) return problems;
  problems.push(...checkStrictly(fields, { key: fields.key, description: fields.description, ...membership }));
  problems.push(...checkCount(membership.rules.length, SEGMENT_RULES_MAX, "rules", "/rules"));
  problems.push(...checkIds(membership.included, "/included"), ...checkIds(membership.excluded, "/excluded"));
  for (const [index, rule] of membership.rules.slice(0, SEGMENT_RULES_MAX).entries()) {
    problems.push(...checkClauses(rule.clauses, `/rules/${index}/clauses`, options));
  }
  return problems;
}

/** A segment with everything filled in that was left out; undefined when `checkSegment` finds something wrong with it. */
export function completeSegment(segment: unknown): Segment | undefined {
  const problems: Problems = [];
  const fields = readRecord(segment, "", problems);
  const membership = fields === undefined ? undefined : readMembership(fields, problems);
  if (fields === undefined || membership === undefined || typeof fields.key !== "string") return undefined;
  const description = typeof fields.description === "string" ? fields.description : "";
  return { key: fields.key, description, ...membership };
}

function checkIds(ids: readonly string[], at: string): readonly FieldProblem[] {
  const tooMany = checkCount(ids.length, SEGMENT_IDS_MAX, "ids", at);
  return tooMany.length > 0 ? tooMany : ids.flatMap((id, index) => checkLength(id, NAME_LENGTH_MAX, `${at}/${index}`));
}
