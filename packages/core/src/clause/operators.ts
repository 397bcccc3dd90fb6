import type { Operator } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { show } from "../model/show.ts";
import { contains, parseAddress, parseBlock } from "./cidr.ts";
import { parseInstant } from "./date.ts";
import type { LiteralProblem, Match } from "./match.ts";
import type { LinearRegex } from "./regex.ts";
import { compareVersions, parseVersion } from "./semver.ts";

/** Operators that read an attribute. */
export type AttributeOperator = Exclude<Operator, "inSegment">;

/** Turns one value of a clause into a test of an attribute's value, or says why it can't be one. */
type Literal = (value: JsonValue, regex: LinearRegex | undefined) => Match | LiteralProblem;

/** Whether a number holds that is below the clause's, the same, or above. */
export interface NumberOrder {
  readonly below: boolean;
  readonly same: boolean;
  readonly above: boolean;
}

/** Operators that compare numbers. */
export const NUMBER_ORDERS = {
  lessThan: { below: true, same: false, above: false },
  lessThanOrEqual: { below: true, same: true, above: false },
  greaterThan: { below: false, same: false, above: true },
  greaterThanOrEqual: { below: false, same: true, above: true },
} as const satisfies { readonly [op in AttributeOperator]?: NumberOrder };

/** Whether an operator is one of `NUMBER_ORDERS`. */
export function isNumberOperator(op: Operator): op is keyof typeof NUMBER_ORDERS {
  return Object.hasOwn(NUMBER_ORDERS, op);
}

/** NaN is in no order with anything. */
export function isInOrder(value: number, limit: number, order: NumberOrder): boolean {
  if (value < limit) return order.below;
  return value > limit ? order.above : value === limit && order.same;
}

const LITERALS: { readonly [op in AttributeOperator]: Literal } = {
  equals: equalTo,
  in: equalTo,
  contains: textual((wanted) => (value) => typeof value === "string" && value.includes(wanted)),
  startsWith: textual((wanted) => (value) => typeof value === "string" && value.startsWith(wanted)),
  endsWith: textual((wanted) => (value) => typeof value === "string" && value.endsWith(wanted)),
  matches: matchesPattern,
  lessThan: numeric(NUMBER_ORDERS.lessThan),
  lessThanOrEqual: numeric(NUMBER_ORDERS.lessThanOrEqual),
  greaterThan: numeric(NUMBER_ORDERS.greaterThan),
  greaterThanOrEqual: numeric(NUMBER_ORDERS.greaterThanOrEqual),
  before: dated((a, b) => a < b),
  after: dated((a, b) => a > b),
  semverEqual: versioned((order) => order === 0),
  semverLessThan: versioned((order) => order < 0),
  semverLessThanOrEqual: versioned((order) => order <= 0),
  semverGreaterThan: versioned((order) => order > 0),
  semverGreaterThanOrEqual: versioned((order) => order >= 0),
  inCidr: inBlock,
};

/** Whether a text names an operator. */
export function isOperator(text: string): text is Operator {
  return text === "inSegment" || Object.hasOwn(LITERALS, text);
}

/** Compiles one value of a clause; what it returns for a value that doesn't suit the operator says why. */
export function compileLiteral(
  op: AttributeOperator,
  value: JsonValue,
  regex: LinearRegex | undefined,
): Match | LiteralProblem {
  return LITERALS[op](value, regex);
}

/** Compares with type: the number 1 is not the text "1". */
function equalTo(expected: JsonValue): Match | LiteralProblem {
  return typeof expected === "object"
    ? { detail: `${show(expected)} can't be compared with`, hint: "a text, a number or a boolean" }
    : (value) => value === expected;
}

function textual(matchOf: (wanted: string) => Match): Literal {
  return (wanted) =>
    typeof wanted === "string"
      ? matchOf(wanted)
      : { detail: `${show(wanted)} is not a text`, hint: "this operator compares texts" };
}

function numeric(order: NumberOrder): Literal {
  return (limit) =>
    typeof limit === "number"
      ? (value) => typeof value === "number" && isInOrder(value, limit, order)
      : { detail: `${show(limit)} is not a number`, hint: "this operator compares numbers" };
}

function dated(holds: (value: number, limit: number) => boolean): Literal {
  return (text) => {
    const limit = parseInstant(text);
    if (limit === undefined) {
      return { detail: `${show(text)} is not a date`, hint: "2026-01-05T02:00:00Z, 2026-01-05, or epoch milliseconds" };
    }
    return (value) => {
      const instant = parseInstant(value);
      return instant !== undefined && holds(instant, limit);
    };
  };
}

function versioned(holds: (order: number) => boolean): Literal {
  return (text) => {
    const limit = parseVersion(text);
    if (limit === undefined)
      return { detail: `${show(text)} is not a version`, hint: "semver 2.0, such as 1.4.0 or 2.0.0-rc.1" };
    return (value) => {
      const version = parseVersion(value);
      return version !== undefined && holds(compareVersions(version, limit));
    };
  };
}

function inBlock(text: JsonValue): Match | LiteralProblem {
  const block = parseBlock(text);
  if (block === undefined)
    return { detail: `${show(text)} is not an address block`, hint: "10.0.0.0/8, 2001:db8::/32 or one address" };
  return (value) => {
    const address = parseAddress(value);
    return address !== undefined && contains(block, address);
  };
}

function matchesPattern(pattern: JsonValue, regex: LinearRegex | undefined): Match | LiteralProblem {
  if (typeof pattern !== "string")
    return { detail: `${show(pattern)} is not a text`, hint: "a regular expression in RE2 syntax" };
  if (regex === undefined) {
    return {
      detail: "there is no regular expression engine here",
      hint: "hand one to the client, or match with another operator",
    };
  }
  try {
    const search = regex(pattern);
    return (value) => typeof value === "string" && search(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : show(error);
    return {
      detail: `${show(pattern)} is not a regular expression: ${why}`,
      hint: "RE2 syntax: no lookaround, no backreferences",
    };
  }
}
