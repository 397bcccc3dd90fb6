import { pointerTo, type Clause, type JsonObject, type JsonValue, type Operator } from "@rampart/core";
import { isJsonObject } from "../../input/json.ts";
import {
  holdsForZero,
  NUMBER_OPERATORS,
  OPPOSITE,
  productOf,
  VERSION_OPERATORS,
  type AnyOf,
  type Order,
} from "../any-of.ts";
import { attributeNamed, ID } from "../attribute.ts";
import { lose, require } from "../findings.ts";
import type { Opposites } from "../held.ts";
import { isList, textOf } from "../json.ts";
import { linearPattern } from "../linear-pattern.ts";
import type { Findings } from "../types.ts";

/** What a condition is read with. */
export interface Reading {
  readonly findings: Findings;
  readonly opposites: Opposites;
  /** Lists that conditions name. */
  readonly groups: JsonObject;
}

/** One thing to be read: where it stands, and whether it is turned round. */
interface Place {
  readonly path: string;
  readonly isNegated: boolean;
  readonly reading: Reading;
}

const ORDERS: ReadonlyMap<string, Order> = new Map([
  ["$lt", "<"],
  ["$lte", "<="],
  ["$gt", ">"],
  ["$gte", ">="],
]);
const VERSION_ORDERS: ReadonlyMap<string, Order> = new Map([
  ["$vlt", "<"],
  ["$vlte", "<="],
  ["$vgt", ">"],
  ["$vgte", ">="],
]);
/** GrowthBook compares versions as padded texts: the same order for three numbers of up to five digits. */
const VERSION = /^(?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4})$/;

/** Reads a condition in the style of MongoDB; undefined after saying what is lost. */
export function conditionOf(source: JsonValue, path: string, reading: Reading, isNegated = false): AnyOf | undefined {
  if (!isJsonObject(source)) return unknown(source, { path, isNegated, reading });
  const parts = Object.entries(source).map(([key, value]) =>
    partOf(key, value, { path: pointerTo(path, key), isNegated, reading }),
  );
  return together(parts, source, { path, isNegated, reading });
}

/** All of them, or where that is turned round, any. */
function together(parts: readonly (AnyOf | undefined)[], source: JsonValue, place: Place): AnyOf | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return place.isNegated ? known.flat() : (productOf(known) ?? unknown(source, place));
}

function unknown(value: JsonValue, { path, reading }: Place): undefined {
  const advice = "say it by comparing one attribute with fixed values, or make the rule here by hand";
  return lose(reading.findings, { path, value, reason: "this can't be said by clauses", advice });
}

function partOf(key: string, value: JsonValue, place: Place): AnyOf | undefined {
  const { path, reading, isNegated } = place;
  const each = (turned: boolean): readonly (AnyOf | undefined)[] | undefined =>
    isList(value) && value.length > 0
      ? value.map((item, index) => conditionOf(item, `${path}/${index}`, reading, turned))
      : undefined;
  switch (key) {
    case "$and":
    case "$or": {
      const parts = each(isNegated);
      // A list of alternatives is a list of all, seen from the other side.
      return parts === undefined
        ? unknown(value, place)
        : together(parts, value, { ...place, isNegated: (key === "$or") !== isNegated });
    }
    case "$nor": {
      const parts = each(!isNegated);
      return parts === undefined ? unknown(value, place) : together(parts, value, place);
    }
    case "$not":
      return conditionOf(value, path, reading, !isNegated);
    default: {
      const attribute = attributeOf(key);
      return attribute === undefined ? unknown(key, place) : valueOf(attribute, value, place);
    }
  }
}

/** The attribute at a path of names; GrowthBook's `id` is the id of the user. */
export function attributeOf(path: string): string | undefined {
  const steps = path.split(".");
  const isPlain = steps.every(
    (step) => /^[A-Za-z_][\w-]*$/.test(step) && step !== "length" && !(step in Object.prototype),
  );
  if (!isPlain || steps[0] === ID || (steps[0] === "id" && steps.length > 1)) return undefined;
  return path === "id" ? ID : attributeNamed(steps);
}

/** What an attribute is compared with: a value, or operators that must all hold. */
function valueOf(attribute: string, condition: JsonValue, place: Place): AnyOf | undefined {
  if (typeof condition === "object") {
    const isOperators =
      isJsonObject(condition) &&
      Object.keys(condition).length > 0 &&
      Object.keys(condition).every((key) => key.startsWith("$"));
    if (!isOperators) return unknown(condition, place);
    const parts = Object.entries(condition).map(([operator, operand]) =>
      operatorOf(attribute, operator, operand, { ...place, path: `${place.path}/${operator}` }),
    );
    return together(parts, condition, place);
  }
  // Nothing counts as the text "null" and as the number 0 there.
  if (condition === "null" || condition === "undefined" || condition === 0) return unknown(condition, place);
  return atom(place, typed(attribute, "in", [condition], place));
}

function operatorOf(attribute: string, operator: string, operand: JsonValue, place: Place): AnyOf | undefined {
  const turned: Place = { ...place, isNegated: !place.isNegated };
  switch (operator) {
    case "$eq":
    case "$ne":
      return isScalar(operand)
        ? atom(operator === "$eq" ? place : turned, typed(attribute, "in", [operand], place))
        : unknown(operand, place);
    case "$in":
    case "$nin":
      return membership(attribute, operand, operator === "$in" ? place : turned);
    case "$inGroup":
    case "$notInGroup":
      return membership(
        attribute,
        place.reading.groups[textOf(operand) ?? ""] ?? null,
        operator === "$inGroup" ? place : turned,
      );
    case "$exists":
      return operand === true || operand === false
        ? existence(attribute, operand !== place.isNegated, place)
        : unknown(operand, place);
    case "$not":
      return valueOf(attribute, operand, turned);
    case "$regex":
      return pattern(attribute, operand, place);
    case "$veq":
    case "$vne":
      return isPlainVersion(operand)
        ? atom(operator === "$veq" ? place : turned, version(attribute, "semverEqual", operand, place))
        : unknown(operand, place);
    default:
      return orderOf(attribute, operator, operand, place);
  }
}

/** A missing attribute is less than any version, and counts as 0 beside a number. */
function orderOf(attribute: string, operator: string, operand: JsonValue, place: Place): AnyOf | undefined {
  const turned: Place = { ...place, isNegated: !place.isNegated };
  const order = ORDERS.get(operator);
  if (order !== undefined && typeof operand === "number")
    return holdsForZero(order, operand)
      ? atom(turned, typed(attribute, NUMBER_OPERATORS[OPPOSITE[order]], [operand], place))
      : atom(place, typed(attribute, NUMBER_OPERATORS[order], [operand], place));
  const byVersion = VERSION_ORDERS.get(operator);
  if (byVersion === undefined || !isPlainVersion(operand)) return unknown(operand, place);
  return byVersion.startsWith("<")
    ? atom(turned, version(attribute, VERSION_OPERATORS[OPPOSITE[byVersion]], operand, place))
    : atom(place, version(attribute, VERSION_OPERATORS[byVersion], operand, place));
}

/** A clause that does not hold for a missing attribute, or everybody for whom it does not hold. */
function atom(place: Place, clause: Clause): AnyOf | undefined {
  const { isNegated, path, reading } = place;
  // An id is a text here, whatever was passed.
  if (clause.attribute === ID && clause.values.some((value) => typeof value !== "string"))
    return unknown([...clause.values], place);
  return [[isNegated ? reading.opposites.clause([{ clauses: [clause] }], path) : clause]];
}

function membership(attribute: string, values: JsonValue, place: Place): AnyOf | undefined {
  if (!isList(values) || values.length === 0 || !values.every(isScalar)) return unknown(values, place);
  // Lists are compared element by element on both sides, so that nothing is asked of the attribute.
  return atom(place, { attribute, op: "in", values, negate: false });
}

/** What is there is the empty text, or it is not. */
function existence(attribute: string, isThere: boolean, { path, reading }: Place): AnyOf {
  const empty = (negate: boolean): Clause => ({ attribute, op: "in", values: [""], negate });
  if (isThere) return [[empty(true)], [empty(false)]];
  return [[reading.opposites.clause([{ clauses: [empty(true)] }, { clauses: [empty(false)] }], path)]];
}

/** A missing attribute is the text "null" for a pattern there. */
function pattern(attribute: string, operand: JsonValue, place: Place): AnyOf | undefined {
  const source = textOf(operand) ?? "";
  const linear = source === "" ? undefined : linearPattern(source);
  if (linear === undefined || new RegExp(source).test("null")) return unknown(operand, place);
  return atom(place, typed(attribute, "matches", [linear], place));
}

/** A clause, and what the attribute has to be for it: GrowthBook turns values into each other where it compares. */
function typed(attribute: string, op: Operator, values: readonly JsonValue[], { path, reading }: Place): Clause {
  const [value] = values;
  const type = typeof value === "string" ? "text" : typeof value;
  const reason = `${attribute} is passed as a ${type}, or not at all; GrowthBook may read other types and lists, and nothing does here`;
  require(reading.findings, { path, value: attribute, reason, advice: `pass a ${type}` });
  return { attribute, op, values, negate: false };
}

function version(attribute: string, op: Operator, operand: string, { path, reading }: Place): Clause {
  const reason = `${attribute} is a whole version such as 1.2.0 with numbers of up to five digits, or missing`;
  require(reading.findings, {
    path,
    value: attribute,
    reason,
    advice: "pass all three numbers and nothing before them",
  });
  return { attribute, op, values: [operand], negate: false };
}

function isPlainVersion(value: JsonValue): value is string {
  return typeof value === "string" && VERSION.test(value) && value !== "0.0.0";
}

function isScalar(value: JsonValue): boolean {
  return value !== null && typeof value !== "object";
}
