import type { Clause, JsonObject, JsonValue, Operator } from "@rampart/core";
import { attributeNamed, ID } from "../attribute.ts";
import { lose, loseShape, require, tellUnknown } from "../findings.ts";
import { isList, textOf } from "../json.ts";
import { linearPattern } from "../linear-pattern.ts";
import type { Findings } from "../types.ts";
import { isVersion } from "../version.ts";
import { CLAUSE_FIELDS } from "./fields.ts";

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["in", "in"],
  ["startsWith", "startsWith"],
  ["endsWith", "endsWith"],
  ["contains", "contains"],
  ["matches", "matches"],
  ["lessThan", "lessThan"],
  ["lessThanOrEqual", "lessThanOrEqual"],
  ["greaterThan", "greaterThan"],
  ["greaterThanOrEqual", "greaterThanOrEqual"],
  ["before", "before"],
  ["after", "after"],
  ["semVerEqual", "semverEqual"],
  ["semVerLessThan", "semverLessThan"],
  ["semVerGreaterThan", "semverGreaterThan"],
  ["segmentMatch", "inSegment"],
]);

/** An instant with its zone, which both products read alike. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const REFERENCE_STEP = /^(?:[^~]|~[01])+$/;
/** What an index into a list looks like; a reference never goes into one there, and a pointer would here. */
const INDEX = /^(?:\d+|length)$/;

/** Where a clause stands. `segments`: whether it may ask for segments, which those of segments can't here. */
interface Place {
  readonly path: string;
  readonly segments: boolean;
}

/** A clause with the same meaning for contexts of the kind `user`; undefined after saying what is lost. */
export function clauseOf(source: JsonObject, { path, segments }: Place, findings: Findings): Clause | undefined {
  tellUnknown(findings, path, source, CLAUSE_FIELDS);
  const named = textOf(source["op"]) ?? "";
  const op = OPERATORS.get(named);
  if (op === undefined) {
    const advice = "say it with another operator there, or make the rule here by hand";
    return lose(findings, {
      path: `${path}/op`,
      value: source["op"],
      reason: "there is no such operator here",
      advice,
    });
  }
  const { values, negate } = source;
  if (!isList(values) || values.length === 0)
    return loseShape(findings, `${path}/values`, values, "a list of at least one value");
  if (op === "inSegment") {
    if (segments) return { attribute: ID, op, values, negate: negate === true };
    const advice = "repeat the clauses of the inner segment in the outer one";
    return lose(findings, { path, value: values, reason: "a segment can't be made of segments here", advice });
  }
  const attribute = attributeOf(source, path, findings);
  const read = values.map((value, index) => valueOf(op, value, `${path}/values/${index}`, findings));
  if (attribute === undefined || read.some((value) => value === undefined)) return undefined;
  const clause: Clause = {
    attribute,
    op,
    values: read.filter((value) => value !== undefined),
    negate: negate === true,
  };
  tellConditions(clause, path, findings);
  return attribute === "anonymous" && !isSameForMissing(clause) ? loseAnonymous(path, findings) : clause;
}

/** The attribute that a clause or a percentage goes by. Without a context kind it is a plain name, with one a reference. */
export function attributeOf(source: JsonObject, path: string, findings: Findings): string | undefined {
  const { contextKind, attribute = source["bucketBy"] } = source;
  if (contextKind !== undefined && contextKind !== null && contextKind !== "" && contextKind !== "user") {
    return lose(findings, {
      path: `${path}/contextKind`,
      value: contextKind,
      reason: "a user has one context here, and this is about another one",
      advice: "pass what it is about as attributes of the user, and make the rule here by hand",
    });
  }
  const name = textOf(attribute) ?? "";
  const isReference = contextKind === "user" && name.startsWith("/");
  const escaped = isReference ? name.slice(1).split("/") : [name];
  const steps = isReference ? escaped.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")) : escaped;
  const [first = ""] = steps;
  const isUnreadable = escaped.some((step) => step === "" || (isReference && !REFERENCE_STEP.test(step)));
  const isSpecial = first === "kind" || first === "_meta" || first === ID || (first === "key" && steps.length > 1);
  if (isUnreadable || isSpecial || steps.slice(1).some((step) => INDEX.test(step))) {
    const advice = "use another attribute there, or make the rule here by hand";
    return lose(findings, {
      path,
      value: attribute,
      reason: "no attribute of a user here is the same as this one",
      advice,
    });
  }
  return first === "key" ? ID : attributeNamed(steps);
}

/** The value as an operator takes it here. */
function valueOf(op: Operator, value: JsonValue, path: string, findings: Findings): JsonValue | undefined {
  const wrong = (reason: string, advice: string): undefined => lose(findings, { path, value, reason, advice });
  switch (op) {
    case "equals":
    case "in":
      if (typeof value !== "object") return value;
      return wrong(
        "nothing is compared with null, a list or an object here",
        "compare with a text, a number or a boolean",
      );
    case "contains":
    case "startsWith":
    case "endsWith":
      return textOf(value) ?? wrong("this operator compares texts", "put the value in quotes there");
    case "matches":
      return (
        linearPattern(textOf(value) ?? "") ??
        wrong(
          "this pattern could mean something else in RE2, which is what matches here",
          "use a simpler pattern, or other operators",
        )
      );
    case "lessThan":
    case "lessThanOrEqual":
    case "greaterThan":
    case "greaterThanOrEqual":
      return typeof value === "number" ? value : wrong("this operator compares numbers", "take the quotes off there");
    case "before":
    case "after":
      return (
        instantOf(value) ??
        wrong("this is no instant with a zone", "write it as 2026-01-05T02:00:00Z, or as epoch milliseconds")
      );
    case "semverEqual":
    case "semverLessThan":
    case "semverLessThanOrEqual":
    case "semverGreaterThan":
    case "semverGreaterThanOrEqual":
      return paddedVersion(value) ?? wrong("this is no version", "write it as 1.2.3");
    case "inCidr":
    case "inSegment":
      return value;
  }
}

/** Epoch milliseconds, so that nobody reads the text a second time. */
function instantOf(value: JsonValue): number | undefined {
  if (typeof value === "number") return value;
  const instant = typeof value === "string" && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}

/** LaunchDarkly takes `1.2` for `1.2.0`. */
function paddedVersion(value: JsonValue): string | undefined {
  if (typeof value !== "string") return undefined;
  const numbers = /^\d+(?:\.\d+){0,2}(?![\d.])/.exec(value)?.[0] ?? "";
  const missing = [".0.0", ".0", ""][numbers.split(".").length - 1] ?? "";
  const version = `${numbers}${missing}${value.slice(numbers.length)}`;
  return isVersion(version) ? version : undefined;
}

function tellConditions({ attribute, op }: Clause, path: string, findings: Findings): void {
  if (op.startsWith("semver")) {
    const reason = `${attribute} is a whole version such as 1.2.0; LaunchDarkly also reads 1.2, and nothing does here`;
    require(findings, { path, value: attribute, reason, advice: "pass all three numbers" });
  } else if (op === "before" || op === "after") {
    const reason = `${attribute} is in epoch milliseconds, or a date with time and zone such as 2026-01-05T02:00:00Z`;
    require(findings, { path, value: attribute, reason, advice: "pass it like that" });
  }
}

/** LaunchDarkly takes a missing `anonymous` for false; here a clause on a missing attribute never holds. */
function isSameForMissing({ op, values, negate }: Clause): boolean {
  return op === "in" && values.every((value) => value === !negate);
}

function loseAnonymous(path: string, findings: Findings): undefined {
  const reason = "a missing anonymous counts as false there, and as neither here";
  return lose(findings, {
    path,
    value: "anonymous",
    reason,
    advice: "ask for anonymous in true, and turn the rules round",
  });
}
