import { pointerOf, type JsonValue } from "@rampart/core";
import type { z } from "zod";
import { capital } from "../capital.ts";
import { nearest } from "../nearest.ts";
import { planDocument, type PlanDocument } from "./document/document.ts";
import { fieldsOf, schemaAt, type SchemaNode } from "./json-schema.ts";
import { mayHoldSecrets, shown, type Path } from "./problem.ts";

/** A problem before it is known where in the text it stands. */
export interface Finding {
  readonly path: Path;
  readonly at: "key" | "value";
  /** Undefined where something is missing. */
  readonly value?: JsonValue | undefined;
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with the document's shape: unknown and missing fields, wrong types. Texts are read by the grammars. */
export function checkStructure(json: JsonValue): {
  readonly document: PlanDocument | undefined;
  readonly findings: readonly Finding[];
} {
  const result = planDocument.safeParse(json);
  if (result.success) return { document: result.data, findings: [] };
  return {
    document: undefined,
    findings: withoutEchoes(result.error.issues.flatMap((issue) => findingsOf(issue, [], json))),
  };
}

/** A misspelt field is unknown, and the right one is missing: one mistake, told once. */
function withoutEchoes(findings: readonly StructureFinding[]): readonly Finding[] {
  const meant = new Set(findings.flatMap(({ meant }) => (meant === undefined ? [] : [pointerOf(meant)])));
  return findings.filter(({ path, isMissing }) => isMissing !== true || !meant.has(pointerOf(path)));
}

interface StructureFinding extends Finding {
  /** The field that an unknown one was meant to be. */
  readonly meant?: Path;
  readonly isMissing?: boolean;
}

type Issue = z.core.$ZodIssue;

function findingsOf(issue: Issue, around: Path, json: JsonValue): readonly StructureFinding[] {
  const path: Path = [...around, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  const value = valueAt(json, path);
  const node = schemaAt(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownField(path, key, valueAt(json, [...path, key]), node));
    case "invalid_type":
      return [value === undefined ? missingField(path, node) : wrongType(path, value, issue.expected, node)];
    case "invalid_value":
      return [value === undefined ? missingField(path, node) : wrongChoice(path, value, issue.values)];
    case "invalid_union":
      return value === undefined ? [missingField(path, node)] : unionFindings(issue, path, value, json);
    case "too_big":
      return [
        outOfBounds(path, value, `${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}`, issue.origin),
      ];
    case "too_small":
      return [
        outOfBounds(path, value, `${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`, issue.origin),
      ];
    case "invalid_key":
    case "invalid_element":
      return issue.issues.flatMap((inner) => findingsOf(inner, path, json));
    case "invalid_format":
    case "not_multiple_of":
    case "custom":
      return [{ path, at: "value", value, message: `${shown(value)} does not fit here`, hint: exampleOf(node) }];
  }
}

/** Of alternatives, tells what is wrong with the one that was meant: the one whose kind of value is there. */
function unionFindings(
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: Path,
  value: JsonValue,
  json: JsonValue,
): readonly StructureFinding[] {
  const meant = issue.errors.filter(
    (branch) =>
      !branch.some(
        (inner) => inner.path.length === 0 && (inner.code === "invalid_type" || inner.code === "invalid_value"),
      ),
  );
  const branch = meant.length === 1 ? meant[0] : undefined;
  if (branch) return branch.flatMap((inner) => findingsOf(inner, path, json));
  const node = schemaAt(path);
  const choices = issue.errors.flatMap((errors) =>
    errors.flatMap((inner) => (inner.code === "invalid_value" ? inner.values : [])),
  );
  if (choices.length > 0 && typeof value === "string") return [wrongChoice(path, value, choices)];
  return [{ path, at: "value", value, message: `${fieldName(path)} can't be ${kindOf(value)}`, hint: exampleOf(node) }];
}

function unknownField(
  path: Path,
  key: string,
  value: JsonValue | undefined,
  node: SchemaNode | undefined,
): StructureFinding {
  const known = fieldsOf(node);
  if (value === null && key.includes(" ")) {
    return {
      path: [...path, key],
      at: "key",
      message: `unknown field ${shown(key)}`,
      hint: "is it the rest of a text? Within { … } a comma ends it: put the whole text in quotes",
    };
  }
  const [suggestion] = nearest(key, known);
  const home = suggestion === undefined ? homeOf(key) : undefined;
  const hint =
    suggestion !== undefined
      ? `did you mean "${suggestion}"?`
      : home !== undefined
        ? `"${key}" belongs into ${home}; here are: ${known.join(", ")}`
        : known.length > 0
          ? `the fields here are: ${known.join(", ")}`
          : "take it out";
  return {
    path: [...path, key],
    at: "key",
    message: `unknown field ${shown(key)}`,
    hint,
    ...(suggestion === undefined ? {} : { meant: [...path, suggestion] }),
  };
}

/** Where a field would be right that was found in a wrong place; only for the large mappings, which people mix up. */
function homeOf(key: string): string | undefined {
  const homes: readonly Path[] = [
    [],
    ["metadata"],
    ["spec"],
    ["spec", "stages", 0],
    ["spec", "triggers", 0],
    ["spec", "rollback"],
    ["spec", "completion"],
  ];
  const home = homes.find((one) => fieldsOf(schemaAt(one)).includes(key));
  if (home === undefined) return undefined;
  return home.length === 0
    ? "the top of the document"
    : `"${home.filter((part) => typeof part === "string").join(".")}"`;
}

function missingField(path: Path, node: SchemaNode | undefined): StructureFinding {
  return {
    isMissing: true,
    path,
    at: "key",
    message: `${fieldName(path)} is missing`,
    hint: `${node?.description ?? "it is needed"} ${capital(exampleOf(node))}`.trim(),
  };
}

function wrongType(path: Path, value: JsonValue, expected: string, node: SchemaNode | undefined): Finding {
  if (value === null)
    return {
      path,
      at: "key",
      value,
      message: `${fieldName(path)} is empty`,
      hint: `give it a value, or take the line out; ${exampleOf(node)}`,
    };
  const wanted = KINDS[expected] ?? expected;
  const unquoted =
    expected === "string" && (typeof value === "number" || typeof value === "boolean") && !mayHoldSecrets(path);
  const hint = unquoted ? textHint(String(value), node?.title) : exampleOf(node);
  return {
    path,
    at: "value",
    value,
    message: `${fieldName(path)} must be ${wanted}, not ${mayHoldSecrets(path) ? "what is there" : kindOf(value)}`,
    hint,
  };
}

/** What YAML took for a number or for true and false. */
function textHint(value: string, title: string | undefined): string {
  if (title === "duration") return `a duration needs a unit: ${value}s, ${value}m or ${value}h`;
  return title === "moment" ? "a moment has a sign and a unit: -2h, +24h, or 0s" : `put it in quotes: "${value}"`;
}

function wrongChoice(path: Path, value: JsonValue, values: readonly unknown[]): Finding {
  const names = values.map(String);
  const [suggestion] = typeof value === "string" && names.length > 1 ? nearest(value, names) : [];
  const all = `${names.length === 1 ? "it is" : "one of"} ${names.join(", ")}`;
  return {
    path,
    at: "value",
    value,
    message: `${fieldName(path)} can't be ${shown(value)}`,
    hint: suggestion === undefined ? all : `did you mean "${suggestion}"? ${capital(all)}`,
  };
}

function outOfBounds(path: Path, value: JsonValue | undefined, bound: string, origin: string): Finding {
  const unit = origin === "string" ? " characters long" : origin === "array" ? " items long" : "";
  return {
    path,
    at: "value",
    value,
    message: `${fieldName(path)} must be ${bound}${unit}${origin === "number" || origin === "int" ? `, not ${shown(value)}` : ""}`,
    hint: exampleOf(schemaAt(path)),
  };
}

/** Words for JSON types. */
const KINDS: { readonly [type: string]: string } = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

function kindOf(value: JsonValue): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : shown(value);
}

/** The last name of a path, as people would call it. */
function fieldName(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "the document";
  return typeof last === "number" ? `item ${last + 1} of "${String(path.at(-2) ?? "the list")}"` : `"${last}"`;
}

/** An example of the right form. */
function exampleOf(node: SchemaNode | undefined): string {
  const examples = node?.examples ?? node?.anyOf?.flatMap((one) => one.examples ?? []) ?? [];
  if (examples.length > 0)
    return `for example ${examples
      .slice(0, 2)
      .map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
      .join(" or ")}`;
  if (node?.const !== undefined) return `it is ${String(node.const)}`;
  if (node?.enum) return `one of ${node.enum.join(", ")}`;
  const fields = fieldsOf(node);
  if (fields.length > 0) return `a mapping with ${fields.join(", ")}`;
  return node?.type === "array" ? "write a list: one item a line, each after a dash" : "see docs/plan.md";
}

function valueAt(json: JsonValue, path: Path): JsonValue | undefined {
  let value: JsonValue | undefined = json;
  for (const part of path) {
    if (value === null || typeof value !== "object") return undefined;
    if (Array.isArray(value)) value = typeof part === "number" ? (value as readonly JsonValue[])[part] : undefined;
    else value = Object.hasOwn(value, part) ? (value as { readonly [key: string]: JsonValue })[part] : undefined;
  }
  return value;
}
