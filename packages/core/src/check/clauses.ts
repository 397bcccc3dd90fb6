import { clauseProblems } from "../clause/compile.ts";
import type { LinearRegex } from "../clause/regex.ts";
import type { Clause } from "../model/flag.ts";
import { isKey, KEY_HINT } from "../model/key.ts";
import type { FieldProblem } from "../model/problem.ts";
import { show } from "../model/show.ts";
import { checkCount, checkLength } from "./bounds.ts";
import { CLAUSES_PER_RULE_MAX, NAME_LENGTH_MAX, VALUE_LENGTH_MAX, VALUES_PER_CLAUSE_MAX } from "./limits.ts";

/** What checks need of their surroundings. */
export interface CheckOptions {
  /** Compiles the patterns of `matches`. Without it they are not looked at. */
  readonly regex?: LinearRegex;
}

/** Whether a rule's clauses can be evaluated, and are within bounds. `at` is their pointer. */
export function checkClauses(clauses: readonly Clause[], at: string, options: CheckOptions): readonly FieldProblem[] {
  if (clauses.length === 0) {
    return [
      { pointer: at, detail: "a rule without clauses matches everybody", hint: "let the fallthrough serve everybody" },
    ];
  }
  const tooMany = checkCount(clauses.length, CLAUSES_PER_RULE_MAX, "clauses", at);
  return tooMany.length > 0
    ? tooMany
    : clauses.flatMap((clause, index) => checkClause(clause, `${at}/${index}`, options));
}

function checkClause(clause: Clause, at: string, options: CheckOptions): readonly FieldProblem[] {
  const { values } = clause;
  if (values.length === 0)
    return [{ pointer: `${at}/values`, detail: "there is nothing to compare with", hint: "at least one value" }];
  const bounds = [
    ...checkLength(clause.attribute, NAME_LENGTH_MAX, `${at}/attribute`),
    ...checkCount(values.length, VALUES_PER_CLAUSE_MAX, "values", `${at}/values`),
    ...values.flatMap((value, index) =>
      typeof value === "string" ? checkLength(value, VALUE_LENGTH_MAX, `${at}/values/${index}`) : [],
    ),
  ];
  // Bounds come first: what is too large is not compiled.
  return bounds.length > 0 ? bounds : checkValues(clause, `${at}/values`, options);
}

function checkValues(clause: Clause, at: string, { regex }: CheckOptions): readonly FieldProblem[] {
  if (clause.op === "inSegment") {
    return clause.values.flatMap((key, index) =>
      isKey(key) ? [] : [{ pointer: `${at}/${index}`, detail: `${show(key)} is not a segment's key`, hint: KEY_HINT }],
    );
  }
  if (clause.op === "matches" && regex === undefined) return [];
  return clauseProblems(clause, regex).map(({ index, detail, hint }) => ({ pointer: `${at}/${index}`, detail, hint }));
}
