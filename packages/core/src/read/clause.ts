import { isOperator } from "../clause/operators.ts";
import { TARGETING_KEY } from "../model/defaults.ts";
import type { Clause } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { show } from "../model/show.ts";
import { readBoolean, readItems, readRecord, readText, type Problems } from "./value.ts";

/** Reads a clause's shape. Whether its values suit its operator shows when it is compiled. */
export function readClause(value: unknown, at: string, problems: Problems): Clause | undefined {
  const clause = readRecord(value, at, problems);
  if (clause === undefined) return undefined;
  const op = clause.op;
  if (typeof op !== "string" || !isOperator(op)) {
    problems.push({ pointer: `${at}/op`, detail: `${show(op)} is not an operator`, hint: "equals, in, contains, …" });
    return undefined;
  }
  const attribute =
    op === "inSegment" && clause.attribute === undefined
      ? TARGETING_KEY
      : readText(clause.attribute, `${at}/attribute`, problems);
  const values = readItems(clause.values, `${at}/values`, problems, readScalar);
  const negate = clause.negate === undefined ? false : readBoolean(clause.negate, `${at}/negate`, problems);
  if (attribute === undefined || values === undefined || negate === undefined) return undefined;
  return { attribute, op, values, negate };
}

/** Reads the clauses of one rule. */
export function readClauses(value: unknown, at: string, problems: Problems): readonly Clause[] | undefined {
  return readItems(value, at, problems, readClause);
}

function readScalar(value: unknown, at: string, problems: Problems): JsonValue | undefined {
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value as JsonValue;
  problems.push({
    pointer: at,
    detail: `${show(value)} can't be compared with`,
    hint: "a text, a number or a boolean",
  });
  return undefined;
}
