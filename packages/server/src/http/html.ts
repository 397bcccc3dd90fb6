/** An object of unknown content, as it stands in a JSON document. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object; empty when it is none. */
export const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

/** The value as a list; empty when it is none. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A field's text; empty when it has none. */
export function textIn(holder: Json, field: string): string {
  const value = holder[field];
  return typeof value === "string" ? value : "";
}

const ESCAPES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML. */
export const text = (value: string): string => value.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

/** Text in the manner of code. */
export const code = (value: string): string => `<code>${text(value)}</code>`;

/** Text with what stands in backquotes as code. */
export const inline = (markdown: string): string => text(markdown).replaceAll(/`([^`]+)`/g, "<code>$1</code>");

/** Paragraphs, parted by empty lines. */
export function paragraphs(markdown: string): string {
  const parts = markdown.split("\n\n").filter((part) => part !== "");
  return parts.map((part) => `<p>${inline(part)}</p>`).join("");
}

/** A table of cells that are HTML; nothing without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const row = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row("td", cells)).join("");
  return `<div class="scroll"><table><thead>${row("th", head)}</thead><tbody>${body}</tbody></table></div>`;
}

/** A title as it stands in an address. */
export function slug(title: string): string {
  const dashed = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return dashed.replaceAll(/^-|-$/g, "");
}
