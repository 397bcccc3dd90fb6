import type { Clause, JsonObject, JsonValue, Operator } from "@rampart/core";
import { attributeNamed, ID } from "../attribute.ts";
import { lose, require, tellUnknown } from "../findings.ts";
import type { Held } from "../held.ts";
import { listOr, textOf } from "../json.ts";
import type { Findings } from "../types.ts";
import { isVersion } from "../version.ts";
import { anyCase } from "./any-case.ts";
import { CONSTRAINT_FIELDS } from "./fields.ts";

/** What a constraint says before it is turned round. */
export interface Constraint {
  readonly held: Held;
  readonly isInverted: boolean;
  /**
   * For whom it can't be told here whether it holds there, as Unleash turns every value into a text or a number first: where the constraint
   * is inverted they are left out, so that nobody gets in who was out.
   */
  readonly doubtful: readonly (readonly Clause[])[];
}

/** Filled in by the SDK there, special here, or no attribute at all. */
const UNUSABLE: ReadonlyMap<string, string> = new Map([
  ["environment", "Unleash's SDK fills it in, and nothing does here"],
  ["appName", "Unleash's SDK fills it in, and nothing does here"],
  ["currentTime", "no rule reads the clock here"],
  ["properties", "it is no attribute"],
  [ID, "it means the user's id here"],
]);

const ORDERS: ReadonlyMap<string, Operator> = new Map([
  ["NUM_EQ", "equals"],
  ["NUM_GT", "greaterThan"],
  ["NUM_GTE", "greaterThanOrEqual"],
  ["NUM_LT", "lessThan"],
  ["NUM_LTE", "lessThanOrEqual"],
]);
const VERSIONS: ReadonlyMap<string, Operator> = new Map([
  ["SEMVER_EQ", "semverEqual"],
  ["SEMVER_GT", "semverGreaterThan"],
  ["SEMVER_GTE", "semverGreaterThanOrEqual"],
  ["SEMVER_LT", "semverLessThan"],
  ["SEMVER_LTE", "semverLessThanOrEqual"],
]);
const TEXTS: ReadonlyMap<string, "contains" | "startsWith" | "endsWith"> = new Map([
  ["STR_CONTAINS", "contains"],
  ["STR_STARTS_WITH", "startsWith"],
  ["STR_ENDS_WITH", "endsWith"],
]);

const BLOCK = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?:\/(?:0|[1-9]\d?))?$/;

/** Reads a constraint; undefined after saying what is lost. */
export function constraintOf(source: JsonObject, path: string, findings: Findings): Constraint | undefined {
  const operator = textOf(source["operator"]) ?? "";
  tellUnknown(findings, path, source, CONSTRAINT_FIELDS);
  if (operator.startsWith("DATE_")) {
    const advice = "take the constraint out when its day has come, or start the ramp on its day by a plan's window";
    return lose(findings, {
      path,
      value: operator,
      reason: "it compares the time of day there, and no rule reads the clock here",
      advice,
    });
  }
  const attribute = attributeOf(source, path, findings);
  if (attribute === undefined) return undefined;
  const read = readOperator({ source, operator, attribute, path, findings });
  if (read === undefined) return undefined;
  return { ...read, isInverted: (source["inverted"] === true) !== (operator === "NOT_IN") };
}

function attributeOf(source: JsonObject, path: string, findings: Findings): string | undefined {
  const name = textOf(source["contextName"]) ?? "";
  const why = name === "" || name in Object.prototype ? "it is no attribute" : UNUSABLE.get(name);
  if (why === undefined) return name === "userId" ? ID : attributeNamed([name]);
  const advice = "use a context field of your own there, and pass it as an attribute";
  return lose(findings, { path: `${path}/contextName`, value: source["contextName"], reason: why, advice });
}

interface Reading {
  readonly source: JsonObject;
  readonly operator: string;
  readonly attribute: string;
  readonly path: string;
  readonly findings: Findings;
}

type Read = Omit<Constraint, "isInverted"> | undefined;

function readOperator(reading: Reading): Read {
  const { operator, source, path, findings } = reading;
  if (operator === "IN" || operator === "NOT_IN") return equality(reading);
  if (operator === "IN_CIDR") return block(reading);
  if (operator === "REGEX") return pattern(reading);
  const text = TEXTS.get(operator);
  if (text !== undefined) return textual(reading, text);
  const order = ORDERS.get(operator);
  if (order !== undefined) return numeric(reading, order);
  const version = VERSIONS.get(operator);
  if (version !== undefined) return versioned(reading, version);
  const advice = "say it with another operator there, or make the rule here by hand";
  return lose(findings, {
    path: `${path}/operator`,
    value: source["operator"],
    reason: "there is no such operator here",
    advice,
  });
}

/** Without empty values and the spaces around the others: Unleash leaves both out of account. */
function valuesOf(source: JsonObject): readonly string[] {
  return listOr(source["values"]).flatMap((value) => (typeof value === "string" && value !== "" ? [value.trim()] : []));
}

const clause = (attribute: string, op: Operator, values: readonly JsonValue[], negate = false): Clause => ({
  attribute,
  op,
  values,
  negate,
});
const held = (...clauses: readonly Clause[]): Held => ({ kind: "clauses", clauses });
const NEVER: Held = { kind: "never" };

/** Unleash compares texts, whatever the attribute is: `"5"` is 5. */
function equality({ source, attribute }: Reading): Read {
  const values = valuesOf(source).flatMap((text): readonly JsonValue[] => {
    if (attribute === ID) return [text];
    const isNumber = Number.isFinite(Number(text)) && String(Number(text)) === text;
    return [
      text,
      ...(isNumber ? [Number(text)] : []),
      ...(text === "true" || text === "false" ? [text === "true"] : []),
    ];
  });
  return { held: values.length === 0 ? NEVER : held(clause(attribute, "in", [...new Set(values)])), doubtful: [] };
}

function textual({ source, attribute, path, findings }: Reading, op: "contains" | "startsWith" | "endsWith"): Read {
  const values = valuesOf(source);
  if (values.length === 0) return { held: NEVER, doubtful: [] };
  tellText(attribute, path, findings);
  if (source["caseInsensitive"] !== true)
    return { held: held(clause(attribute, op, values)), doubtful: noText(attribute) };
  const patterns = values.map((value) => anyCase(op, value));
  if (patterns.every((each) => each !== undefined))
    return { held: held(clause(attribute, "matches", patterns)), doubtful: noText(attribute) };
  const advice = "compare with letters of ASCII, or with regard to case";
  return lose(findings, {
    path,
    value: values,
    reason: "without regard to case, letters beyond ASCII could mean something else here",
    advice,
  });
}

function pattern({ source, attribute, path, findings }: Reading): Read {
  const text = textOf(source["value"]) ?? "";
  if (text === "")
    return lose(findings, {
      path: `${path}/value`,
      value: source["value"],
      reason: "there is no pattern",
      advice: "give one there",
    });
  tellText(attribute, path, findings);
  return {
    held: held(clause(attribute, "matches", [source["caseInsensitive"] === true ? `(?i)${text}` : text])),
    doubtful: noText(attribute),
  };
}

function numeric({ source, attribute, path, findings }: Reading, op: Operator): Read {
  const { value } = source;
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (!Number.isFinite(number))
    return lose(findings, { path: `${path}/value`, value, reason: "this is no number", advice: "give a number there" });
  const reason = `${attribute} is passed as a number; Unleash also reads a text such as "42", and nothing does here`;
  require(findings, { path, value: attribute, reason, advice: "pass a number" });
  // The id is always a text here.
  if (attribute === ID)
    return lose(findings, {
      path,
      value: attribute,
      reason: "an id is a text here",
      advice: "pass the number as an attribute of its own",
    });
  return { held: held(clause(attribute, op, [number])), doubtful: [[clause(attribute, "contains", [""])]] };
}

function versioned({ source, attribute, path, findings }: Reading, op: Operator): Read {
  const version = textOf(source["value"])?.trim() ?? "";
  if (!isVersion(version))
    return lose(findings, {
      path: `${path}/value`,
      value: source["value"],
      reason: "this is no version",
      advice: "write it as 1.2.3",
    });
  const reason = `${attribute} is a version and nothing else, such as 1.2.0`;
  require(findings, { path, value: attribute, reason, advice: "pass it without spaces and signs around it" });
  return {
    held: held(clause(attribute, op, [version])),
    doubtful: [[clause(attribute, "matches", ["^[^0-9]|[^0-9A-Za-z.+-]\\z"])]],
  };
}

/** An IPv6 address that stands for one of IPv4 is that one here, and is not there. */
function block({ source, attribute, path, findings }: Reading): Read {
  const values = valuesOf(source);
  if (values.length === 0) return { held: NEVER, doubtful: [] };
  if (values.every((value) => BLOCK.test(value)))
    return { held: inBlocks(attribute, values), doubtful: [[clause(attribute, "matches", ["/|(?:^|\\.)0[0-9]"])]] };
  const advice = "make the rule here by hand";
  return lose(findings, {
    path: `${path}/values`,
    value: values,
    reason: "only blocks of IPv4 mean the same in both",
    advice,
  });
}

/** Clauses for addresses of IPv4 in any of these blocks. */
export function inBlocks(attribute: string, blocks: readonly string[]): Held {
  return held(clause(attribute, "inCidr", blocks), clause(attribute, "contains", [":"], true));
}

/** Whether texts are nothing but addresses or blocks of IPv4. */
export function areBlocks(texts: readonly string[]): boolean {
  return texts.every((text) => BLOCK.test(text));
}

/** A clause that holds for everybody who has the attribute: what is there is not the empty text. */
export function present(attribute: string): Clause {
  return clause(attribute, "in", [""], true);
}

function tellText(attribute: string, path: string, findings: Findings): void {
  if (attribute === ID) return;
  const reason = `${attribute} is passed as a text; Unleash also reads a number as one, and nothing does here`;
  require(findings, { path, value: attribute, reason, advice: "pass a text" });
}

/** Numbers and booleans, which are texts there. An id is a text here, too. */
function noText(attribute: string): Constraint["doubtful"] {
  if (attribute === ID) return [];
  return [
    [clause(attribute, "lessThan", [0])],
    [clause(attribute, "greaterThanOrEqual", [0])],
    [clause(attribute, "in", [true, false])],
  ];
}
