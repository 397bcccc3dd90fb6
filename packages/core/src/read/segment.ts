import type { Segment } from "../model/flag.ts";
import { readClauses } from "./clause.ts";
import { readItems, readRecord, readText, type Problems } from "./value.ts";

/** What evaluation needs of a segment. */
export type Membership = Pick<Segment, "included" | "excluded" | "rules">;

const NONE: readonly never[] = Object.freeze([]);

/** Reads who is in a segment, filling in what is left out. */
export function readMembership(
  fields: { readonly [field: string]: unknown },
  problems: Problems,
): Membership | undefined {
  const included = fields.included === undefined ? NONE : readItems(fields.included, "/included", problems, readText);
  const excluded = fields.excluded === undefined ? NONE : readItems(fields.excluded, "/excluded", problems, readText);
  const rules = fields.rules === undefined ? NONE : readItems(fields.rules, "/rules", problems, readSegmentRule);
  if (included === undefined || excluded === undefined || rules === undefined) return undefined;
  return { included, excluded, rules };
}

function readSegmentRule(value: unknown, at: string, problems: Problems): Segment["rules"][number] | undefined {
  const rule = readRecord(value, at, problems);
  const clauses = rule === undefined ? undefined : readClauses(rule.clauses, `${at}/clauses`, problems);
  if (clauses === undefined) return undefined;
  const nested = clauses.findIndex((clause) => clause.op === "inSegment");
  if (nested === -1) return { clauses };
  problems.push({
    pointer: `${at}/clauses/${nested}/op`,
    detail: "a segment can't be made of other segments",
    hint: "two inSegment clauses in the flag's rule",
  });
  return undefined;
}
