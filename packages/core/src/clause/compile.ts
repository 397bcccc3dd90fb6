import type { Clause } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { compileAttribute, readAttribute, type Attribute, type Attributes } from "./attribute.ts";
import { anyMatches, isPresent, type LiteralProblem, type Match } from "./match.ts";
import { compileLiteral, isInOrder, isNumberOperator, NUMBER_ORDERS } from "./operators.ts";
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

/**
 * Compiles a clause that reads an attribute. One that can't be evaluated wholly never holds, negated or not: it must not let anybody
 * in.
 */
export function compileAttributeClause(clause: Clause, regex: LinearRegex | undefined): Test {
  const match = compileMatch(clause, regex);
  if (match === undefined) return never;
  const attribute = compileAttribute(clause.attribute);
  return clause.negate ? unless(attribute, match) : when(attribute, match, clause);
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

/** No check for a missing attribute: nothing matches undefined or null. */
function when(attribute: Attribute, match: Match, clause: Clause): Test {
  if (attribute.kind === "other") return (id, attributes) => anyMatches(attribute.read(id, attributes), match);
  const { name } = attribute;
  return whenEqual(name, match, clause) ?? whenInOrder(name, match, clause) ?? whenMatching(name, match);
}

function whenMatching(name: string, match: Match): Test {
  return (_id, attributes) => {
    const value = attributes[name];
    // Spares what can't be a list the look whether it is one.
    return typeof value === "object" ? anyMatches(value, match) : match(value);
  };
}

/*
 * The next two are `whenMatching` with the comparison in place: nearly all clauses of hot rules compare for equality or order, and the
 * call of a match is half of what such a clause costs.
 */

function whenEqual(name: string, match: Match, { op, values }: Clause): Test | undefined {
  if (op !== "equals" && op !== "in") return undefined;
  if (values.length === 1) {
    const [only] = values;
    return (_id, attributes) => {
      const value = attributes[name];
      return value === only || (typeof value === "object" && anyMatches(value, match));
    };
  }
  const set = new Set<unknown>(values);
  return (_id, attributes) => {
    const value = attributes[name];
    return typeof value === "object" ? anyMatches(value, match) : set.has(value);
  };
}

function whenInOrder(name: string, match: Match, { op, values }: Clause): Test | undefined {
  const [limit] = values;
  if (!isNumberOperator(op) || typeof limit !== "number" || values.length > 1) return undefined;
  const order = NUMBER_ORDERS[op];
  return (_id, attributes) => {
    const value = attributes[name];
    return typeof value === "number" ? isInOrder(value, limit, order) : anyMatches(value, match);
  };
}

function unless(attribute: Attribute, match: Match): Test {
  return (id, attributes) => {
    const value = readAttribute(attribute, id, attributes);
    return isPresent(value) && !anyMatches(value, match);
  };
}

/** One test for all of them; there is none to fail in an empty list. */
export function allOf(tests: readonly Test[]): Test {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (id, attributes) => {
    for (const test of tests) if (!test(id, attributes)) return false;
    return true;
  };
}
