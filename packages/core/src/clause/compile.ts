import type { Clause } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { compileAttribute, readAttribute, type Attribute, type Attributes } from "./attribute.ts";
import { anyMatches, isPresent, type LiteralProblem, type Match } from "./match.ts";
import { compileLiteral } from "./operators.ts";
import type { LinearRegex } from "./regex.ts";

/** One clause, compiled. `id` is the user's targeting key, empty when there is none. */
export type Test = (id: string, attributes: Attributes) => boolean;

/** A clause's value that doesn't suit its operator, by its place in `values`. */
export interface ClauseProblem extends LiteralProblem {
  readonly index: number;
}

/** Every value of a clause that doesn't suit its operator. */
export function clauseProblems(clause: Clause, regex: LinearRegex | undefined): readonly ClauseProblem[] {
  const op = clause.op;
  if (op === "inSegment") return [];
  return clause.values.flatMap((value, index) => {
    const literal = compileLiteral(op, value, regex);
    return typeof literal === "function" ? [] : [{ index, ...literal }];
  });
}

/** Compiles a clause that reads an attribute. One that can't be evaluated wholly never holds, negated or not: it must not let anybody in. */
export function compileAttributeClause(clause: Clause, regex: LinearRegex | undefined): Test {
  const match = compileMatch(clause, regex);
  if (match === undefined) return never;
  const attribute = compileAttribute(clause.attribute);
  return clause.negate ? unless(attribute, match) : when(attribute, match);
}

function never(): boolean {
  return false;
}

function compileMatch(clause: Clause, regex: LinearRegex | undefined): Match | undefined {
  const op = clause.op;
  if (op === "inSegment") return undefined;
  const matches: Match[] = [];
  for (const value of clause.values) {
    const literal = compileLiteral(op, value, regex);
    if (typeof literal !== "function") return undefined;
    matches.push(literal);
  }
  if (op === "equals" || op === "in") return equalToAny(clause.values);
  return matchAny(matches);
}

function equalToAny(values: readonly JsonValue[]): Match {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  const set = new Set<unknown>(values);
  return (value) => set.has(value);
}

function matchAny(matches: readonly Match[]): Match {
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  return (value) => {
    for (const match of matches) if (match(value)) return true;
    return false;
  };
}

function when(attribute: Attribute, match: Match): Test {
  // No check for a missing attribute: nothing matches undefined or null.
  if (attribute.kind === "other") return (id, attributes) => anyMatches(attribute.read(id, attributes), match);
  const name = attribute.name;
  return (_id, attributes) => {
    const value = attributes[name];
    // Spares what can't be a list the look whether it is one.
    return typeof value === "object" ? anyMatches(value, match) : match(value);
  };
}

function unless(attribute: Attribute, match: Match): Test {
  return (id, attributes) => {
    const value = readAttribute(attribute, id, attributes);
    return isPresent(value) && !anyMatches(value, match);
  };
}
