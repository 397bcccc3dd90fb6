import type { JsonValue } from "@rampart/core";

/**
 * Canonical JSON (RFC 8785): one text for one value, whoever writes it. JSON.stringify writes numbers and texts as the RFC has them; what
 * is left to do is the order of the fields, by UTF-16 code units. Fields that are undefined are left out. Written here because every
 * flip waits for it: within a write it takes half the time of the `canonicalize` package, with which a test compares it.
 */
export function canonicalJson(value: JsonValue | object): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(",")}]`;
  const fields = value as { readonly [name: string]: JsonValue | undefined };
  let text = "";
  // Code units are how JavaScript compares texts.
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name];
    if (field !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
