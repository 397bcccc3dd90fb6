import type { Clause, JsonValue, Operator } from "@rampart/core";
import {
  holdsForZero,
  NUMBER_OPERATORS,
  OPPOSITE,
  productOf,
  VERSION_OPERATORS,
  type AnyOf,
  type Order,
} from "../any-of.ts";
import { attributeNamed } from "../attribute.ts";
import { lose, require } from "../findings.ts";
import type { Opposites } from "../held.ts";
import { isList, recordOr, textOf } from "../json.ts";
import type { Findings } from "../types.ts";
import { isVersion } from "../version.ts";

/** What a condition is read with. */
export interface Reading {
  readonly findings: Findings;
  readonly opposites: Opposites;
}

const ORDERS = ["<", "<=", ">", ">="] as const satisfies readonly Order[];
const MIRRORED: { readonly [order in Order]: Order } = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** Reads a condition, or its opposite; undefined after saying what is lost. */
export function conditionOf(source: JsonValue, path: string, isNegated: boolean, reading: Reading): AnyOf | undefined {
  if (typeof source === "boolean") return source === isNegated ? [] : [[]];
  const [operator = "", ...others] = Object.keys(recordOr(source));
  const given = recordOr(source)[operator];
  const args = isList(given) ? given : given === undefined ? [] : [given];
  const at = `${path}/${operator}`;
  if (others.length > 0) return unknown(source, path, reading);
  if (operator === "!" || operator === "!!") {
    const [inner] = args;
    return inner === undefined
      ? unknown(source, path, reading)
      : conditionOf(inner, at, (operator === "!") !== isNegated, reading);
  }
  if (operator === "and" || operator === "or") {
    const parts = args.map((each, index) => conditionOf(each, `${at}/${index}`, isNegated, reading));
    if (parts.length === 0 || parts.some((part) => part === undefined))
      return parts.length === 0 ? unknown(source, path, reading) : undefined;
    const known = parts.filter((part) => part !== undefined);
    return (operator === "and") === isNegated ? known.flat() : (productOf(known) ?? unknown(source, path, reading));
  }
  const atom = atomOf(operator, args, at, reading);
  if (atom === undefined)
    return reading.findings.some(({ path: told }) => told === at) ? undefined : unknown(source, path, reading);
  if (atom.holdsForOthers === isNegated) return [atom.clauses];
  return [[reading.opposites.clause([{ clauses: atom.clauses }], at)]];
}

function unknown(value: JsonValue, path: string, { findings }: Reading): undefined {
  const advice = "say it by comparing one attribute with fixed values, or make the rule here by hand";
  return lose(findings, { path, value, reason: "this can't be said by clauses", advice });
}

/**
 * Clauses, and who meets the condition: they for whom the clauses hold, or all others. JSON Logic takes a missing attribute for null, and null for 0
 * where it compares numbers; here a clause on a missing attribute never holds. So each condition is put as the side that does not hold for null.
 */
interface Atom {
  readonly clauses: readonly Clause[];
  readonly holdsForOthers: boolean;
}

function atomOf(operator: string, args: readonly JsonValue[], at: string, reading: Reading): Atom | undefined {
  const [left = null, right = null, third] = args;
  if (operator === "sem_ver")
    return third === undefined ? undefined : versionAtom(attributeOf(left), textOf(right) ?? "", third, at, reading);
  if (operator === "var") {
    const attribute = attributeOf({ var: args.length === 1 ? left : args });
    return attribute === undefined ? undefined : typed(attribute, "equals", [true], at, reading);
  }
  if (args.length !== 2) return undefined;
  if (operator === "in") return membership(left, right, at, reading);
  const attribute = attributeOf(left);
  if (operator === "starts_with" || operator === "ends_with") {
    const op = operator === "starts_with" ? "startsWith" : "endsWith";
    return attribute === undefined || typeof right !== "string"
      ? undefined
      : typed(attribute, op, [right], at, reading);
  }
  const [subject, literal] = attribute === undefined ? [attributeOf(right), left] : [attribute, right];
  if (subject === undefined || literal === null || typeof literal === "object") return undefined;
  // Whether nothing is the same as 0 or false depends on the engine, and on the side it stands on.
  if ((operator === "==" || operator === "!=") && (literal === 0 || literal === false)) return undefined;
  if (operator === "==" || operator === "===") return typed(subject, "equals", [literal], at, reading);
  if (operator === "!=" || operator === "!==") return opposite(typed(subject, "equals", [literal], at, reading));
  const order = ORDERS.find((each) => each === operator);
  if (order === undefined || typeof literal !== "number") return undefined;
  const straight = attribute === undefined ? MIRRORED[order] : order;
  return holdsForZero(straight, literal)
    ? opposite(typed(subject, NUMBER_OPERATORS[OPPOSITE[straight]], [literal], at, reading))
    : typed(subject, NUMBER_OPERATORS[straight], [literal], at, reading);
}

function opposite({ clauses, holdsForOthers }: Atom): Atom {
  return { clauses, holdsForOthers: !holdsForOthers };
}

function membership(left: JsonValue, right: JsonValue, at: string, reading: Reading): Atom | undefined {
  const [needle, haystack] = [attributeOf(left), attributeOf(right)];
  if (
    needle !== undefined &&
    isList(right) &&
    right.length > 0 &&
    right.every((each) => each !== null && typeof each !== "object")
  )
    return typed(needle, "in", right, at, reading);
  return haystack !== undefined && typeof left === "string" && left !== ""
    ? typed(haystack, "contains", [left], at, reading)
    : undefined;
}

/** A single clause, and what the attribute has to be for it: JSON Logic turns values into each other where it compares. */
function typed(attribute: string, op: Operator, values: readonly JsonValue[], at: string, { findings }: Reading): Atom {
  const types = [...new Set(values.map((value) => (typeof value === "string" ? "text" : typeof value)))];
  const reason = `${attribute} is passed as a ${types.join(" or ")}, or not at all; flagd may read other types, and nothing does here`;
  require(findings, { path: at, value: attribute, reason, advice: `pass a ${types.join(" or ")}` });
  return { clauses: [{ attribute, op, values, negate: false }], holdsForOthers: false };
}

function versionAtom(
  attribute: string | undefined,
  order: string,
  given: JsonValue,
  at: string,
  { findings }: Reading,
): Atom | undefined {
  const version = textOf(given) ?? "";
  if (attribute === undefined || !isVersion(version)) return undefined;
  const clause = (op: Operator, value = version, negate = false): Clause => ({
    attribute,
    op,
    values: [value],
    negate,
  });
  const holds = (...clauses: readonly Clause[]): Atom => ({ clauses, holdsForOthers: false });
  const reason = `${attribute} is a whole version such as 1.2.0, or missing; flagd also reads 1.2 and v1.2.0, and nothing does here`;
  require(findings, { path: at, value: attribute, reason, advice: "pass all three numbers and nothing before them" });
  const [major = "0", minor = "0"] = version.split(".");
  const known = ORDERS.find((each) => each === order);
  if (known !== undefined) return holds(clause(VERSION_OPERATORS[known]));
  switch (order) {
    case "=":
      return holds(clause("semverEqual"));
    case "!=":
      return holds(clause("semverEqual", version, true));
    case "^":
      return holds(
        clause("semverGreaterThanOrEqual", `${major}.0.0-0`),
        clause("semverLessThan", `${Number(major) + 1}.0.0-0`),
      );
    case "~":
      return holds(
        clause("semverGreaterThanOrEqual", `${major}.${minor}.0-0`),
        clause("semverLessThan", `${major}.${Number(minor) + 1}.0-0`),
      );
    default:
      return undefined;
  }
}

/** The attribute that `{"var": "a.b"}` reads; undefined for anything else, defaults and what flagd adds included. */
export function attributeOf(source: JsonValue): string | undefined {
  const { var: given, ...others } = recordOr(source);
  const [name, ...rest] = isList(given) ? given : [given];
  if (typeof name !== "string" || rest.length > 0 || Object.keys(others).length > 0) return undefined;
  const steps = name.split(".");
  const isPlain = steps.every(
    (step) => /^[A-Za-z_][\w-]*$/.test(step) && step !== "length" && !(step in Object.prototype),
  );
  return isPlain ? attributeNamed(steps) : undefined;
}
