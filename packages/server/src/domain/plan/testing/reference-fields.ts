import { planSchema, type SchemaNode } from "../json-schema.ts";

/** One field of the format, as the reference lists it. */
interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly standard: string;
  readonly description: string;
}

/** One mapping of the format with its fields. `title`: where it stands, `spec.stages[]`. */
interface FieldTable {
  readonly title: string;
  readonly description: string;
  readonly rows: readonly FieldRow[];
}

/** The reference of all fields as Markdown, from the schema's own descriptions. */
export function fieldReference(): string {
  return tablesOf("", planSchema()).map(markdownOf).join("\n\n");
}

function tablesOf(title: string, node: SchemaNode): readonly FieldTable[] {
  const mapping = mappingOf(node);
  if (mapping?.properties === undefined) return [];
  const required = new Set(mapping.required ?? []);
  const entries = Object.entries(mapping.properties);
  const rows = entries.map(([name, field]) => ({
    name,
    type: typeOf(field),
    isRequired: required.has(name),
    standard: field.default === undefined ? "" : `\`${String(field.default)}\``,
    description: describe(field),
  }));
  const inner = entries.flatMap(([name, field]) => innerOf(title === "" ? name : `${title}.${name}`, field));
  const own = { title: title === "" ? "The document" : `\`${title}\``, description: node.description ?? "", rows };
  return [own, ...inner.flatMap(([path, child]) => tablesOf(path, child))];
}

/** The mappings within a field: itself, its items, its values. */
function innerOf(path: string, field: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  const list = field.items ?? field.anyOf?.find((one) => one.items)?.items;
  if (list) return [[`${path}[]`, list]];
  if (typeof field.additionalProperties === "object") return [[`${path}.<name>`, field.additionalProperties]];
  return [[path, field]];
}

function mappingOf(node: SchemaNode): SchemaNode | undefined {
  return node.properties ? node : node.anyOf?.find((one) => one.properties);
}

function typeOf(field: SchemaNode): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (field.title === "one or a list") {
    const [single] = field.anyOf ?? [];
    return `${single === undefined ? "text" : typeOf(single)}, or a list`;
  }
  if (field.title !== undefined) return field.title;
  if (field.items) return `list of ${field.items.title ?? "mappings"}`;
  return TYPES[field.type ?? "string"] ?? "text";
}

const TYPES: { readonly [type: string]: string } = {
  object: "mapping",
  integer: "whole number",
  number: "number",
  boolean: "`true` or `false`",
};

function describe(field: SchemaNode): string {
  const examples = (field.examples ?? [])
    .slice(0, 2)
    .map((one) => `\`${typeof one === "string" ? one.replaceAll("\n", " ") : JSON.stringify(one)}\``);
  const shown = examples.length === 0 ? "" : ` For example ${examples.join(", ")}.`;
  return `${field.description ?? ""}${shown}`.trim();
}

function markdownOf({ title, description, rows }: FieldTable): string {
  const lines = rows.map(
    ({ name, type, isRequired, standard, description: text }) =>
      `| ${isRequired ? `**\`${name}\`**` : `\`${name}\``} | ${cell(type)} | ${cell(standard)} | ${cell(text)} |`,
  );
  return [
    `### ${title}`,
    "",
    ...(description === "" ? [] : [description, ""]),
    "| field | type | default | what it is |",
    "| --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** A pipe would end the cell. */
const cell = (text: string): string => text.replaceAll("|", "\\|");
