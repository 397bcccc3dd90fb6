import type { Clause, JsonValue, Operator, Rule, Serve } from "@rampart/core";
import { actionWords } from "../../ui/actor.ts";
import { percent } from "../../ui/status.tsx";
import { textOf } from "./values.ts";

/** How a clause compares, in the order in which it is offered. */
export const OPERATORS: readonly (readonly [op: Operator, word: string])[] = [
  ["in", "is one of"],
  ["equals", "equals"],
  ["contains", "contains"],
  ["startsWith", "begins with"],
  ["endsWith", "ends with"],
  ["matches", "matches (regular expression)"],
  ["lessThan", "<"],
  ["lessThanOrEqual", "≤"],
  ["greaterThan", ">"],
  ["greaterThanOrEqual", "≥"],
  ["before", "is before (date)"],
  ["after", "is after (date)"],
  ["semverEqual", "version ="],
  ["semverLessThan", "version <"],
  ["semverLessThanOrEqual", "version ≤"],
  ["semverGreaterThan", "version >"],
  ["semverGreaterThanOrEqual", "version ≥"],
  ["inCidr", "is in the network"],
  ["inSegment", "is in the segment"],
];

/** What was changed: what it is of, what it was and what it became; undefined: nothing. */
export interface Change {
  readonly name: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** What differs between two values that the audit holds, field by field, in the words that the editor has for them. */
export function changesIn(before: JsonValue | undefined, after: JsonValue | undefined): readonly Change[] {
  const [was, is] = [wordsOf(before), wordsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((name) => ({ name, was: was.get(name), is: is.get(name) }))
    .filter((change) => change.was !== change.is);
}

type Fields = Readonly<Record<string, JsonValue>>;

/** Fields that are called otherwise in the editor than in the API. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["enabled", "State"],
  ["fallthrough", "Everybody else"],
  ["clientVisible", "Browsers may see it"],
  ["offVariant", "Off is"],
  ["bucketBy", "Hashed by"],
  ["leaseMs", "Exposure lease"],
  ["expectedEnd", "To go by"],
]);

/** What a value comes to, line by line. Nothing is said of what is empty. */
function wordsOf(value: JsonValue | undefined): ReadonlyMap<string, string> {
  const lines: [string, string][] = [];
  const add = (name: string, field: JsonValue): void => {
    if (name === "rules") lines.push(...rulesOf(field as unknown as readonly AnyRule[]));
    else if (name === "targets")
      for (const [user, variant] of Object.entries(fieldsOf(field)))
        lines.push([`User ${user}`, textOfField("", variant)]);
    else if (name === "prerequisites")
      for (const { flag, variants } of field as unknown as readonly { flag: string; variants: readonly string[] }[])
        lines.push([`Only where ${flag} is`, variants.join(" or ")]);
    else lines.push([NAMES.get(name) ?? actionWords(name), textOfField(name, field)]);
  };
  const fields = fieldsOf(value);
  // A flag that is made says what it is; how it begins everywhere is the same for all.
  for (const [name, field] of Object.entries("configs" in fields ? fieldsOf(fields["definition"]) : fields))
    add(name, field);
  return new Map(lines.filter(([, text]) => text !== ""));
}

function fieldsOf(value: JsonValue | undefined): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOfField(name: string, field: JsonValue): string {
  if (name === "fallthrough") return serveWords(field as unknown as Serve);
  if (name === "enabled") return field === false ? "killed" : "live";
  if (name === "leaseMs") return `${Number(field) / 1000} s`;
  if (typeof field === "boolean") return field ? "yes" : "no";
  if (Array.isArray(field)) return textOf(field as readonly JsonValue[]);
  if (typeof field !== "object" || field === null) return String(field ?? "");
  return Object.entries(fieldsOf(field))
    .map(([key, one]) => `${key} = ${JSON.stringify(one)}`)
    .join(", ");
}

/** A segment's rules have no names, and serve nothing. */
type AnyRule = Pick<Rule, "clauses"> & Partial<Rule>;

/** Each rule as a line of its own, and their order where there are several. */
function rulesOf(rules: readonly AnyRule[]): readonly [string, string][] {
  const lines = rules.map(({ id, clauses, serve }, index): [string, string] => [
    `Rule ${id ?? index + 1}`,
    clauses.map(clauseWords).join(" and ") + (serve === undefined ? "" : `: ${serveWords(serve)}`),
  ]);
  const names = rules.flatMap(({ id }) => id ?? []);
  return names.length < 2 ? lines : [...lines, ["Rules, from the top", names.join(", ")]];
}

/** A test of a user in words: `if not the user is in the segment beta`. */
function clauseWords({ attribute, op, values, negate }: Clause): string {
  const word = OPERATORS.find(([one]) => one === op)?.[1] ?? op;
  return `${negate ? "if not" : "if"} ${op === "inSegment" ? "the user" : attribute} ${word} ${textOf(values)}`;
}

/** What users get, in words: `on for 12.5 %`, `red for 30 %, blue for 70 %`, or the variant. */
function serveWords(serve: Serve): string {
  if ("variant" in serve) return serve.variant;
  if ("percentage" in serve) return `on for ${percent(serve.percentage)}`;
  return serve.split.map(({ variant, percentage }) => `${variant} for ${percent(percentage)}`).join(", ");
}
