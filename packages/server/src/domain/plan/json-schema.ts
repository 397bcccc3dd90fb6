import { z } from "zod";
import { planDocument } from "./document/document.ts";

/** The part of JSON Schema that the plan's schema is made of. */
export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number | boolean)[];
  readonly examples?: readonly unknown[];
  readonly default?: string | number | boolean;
  readonly properties?: { readonly [name: string]: SchemaNode };
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

let cached: SchemaNode | undefined;

/** The plan format as JSON Schema draft 7, which is what YAML editors understand best. Made once, on first use. */
export function planSchema(): SchemaNode {
  if (cached !== undefined) return cached;
  const { "~standard": _, ...schema } = z.toJSONSchema(planDocument, { target: "draft-07", io: "input" });
  cached = schema as SchemaNode;
  return cached;
}

/** What the format says about the place that a path leads to; undefined where it knows nothing. Of alternatives, the mapping. */
export function schemaAt(path: readonly (string | number)[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = planSchema();
  for (const part of path) {
    if (node === undefined) return undefined;
    node = typeof part === "number" ? itemsOf(node) : propertyOf(node, part);
  }
  return node;
}

/** Names of the fields that may stand in a mapping; empty when any may. */
export function fieldsOf(node: SchemaNode | undefined): readonly string[] {
  const properties = node?.properties ?? node?.anyOf?.find((one) => one.properties)?.properties;
  return Object.keys(properties ?? {});
}

function itemsOf(node: SchemaNode): SchemaNode | undefined {
  return node.items ?? node.anyOf?.find((one) => one.items)?.items;
}

function propertyOf(node: SchemaNode, name: string): SchemaNode | undefined {
  for (const one of [node, ...(node.anyOf ?? [])]) {
    if (one.properties && Object.hasOwn(one.properties, name)) return one.properties[name];
    if (typeof one.additionalProperties === "object") return one.additionalProperties;
  }
  return undefined;
}
