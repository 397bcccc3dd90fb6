import { createHash } from "node:crypto";
import type { ProblemCode } from "./codes.ts";
import { CODES } from "./codes.ts";
import type { Json } from "./html.ts";
import { code, inline, list, object, paragraphs, slug, table, text, textIn } from "./html.ts";
import type { OpenApiDocument } from "./openapi.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --accent: #93b4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 16px/1.55 system-ui, sans-serif; }
h1 { margin: 0; } h2 { margin: 3rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
a { color: var(--accent); } code, pre { font: .875em/1.5 ui-monospace, Menlo, Consolas, monospace; }
code { background: var(--soft); padding: .1em .3em; border-radius: .25em; overflow-wrap: anywhere; }
nav ul { columns: 18rem 3; padding-left: 1.2rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .75rem; } summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
details > div { padding: 0 1rem 1rem; border-top: 1px solid var(--line); }
.method { display: inline-block; min-width: 4.8rem; font-weight: 700; }
.lead { color: color-mix(in srgb, currentColor 75%, transparent); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
.scroll { overflow-x: auto; }
`;

/** For the reference page alone: its one style sheet, by its hash, and nothing else. */
export const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The reference as one page without scripts, fonts or anything else to load. */
export function referencePage(document: OpenApiDocument): string {
  const operations = operationsOf(document);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const schemas = Object.entries((document.components?.schemas ?? {}) as { readonly [name: string]: Json });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Rampart: HTTP reference</title><style>${STYLE}</style></head>
<body>
<header><h1>Rampart</h1><p class="lead">HTTP reference, version ${text(document.info.version)}. For programs: <a href="/openapi.json">openapi.json</a></p>${paragraphs(document.info.description ?? "")}</header>
<nav aria-label="Contents"><ul>${[...tags, "Problems", "Objects"].map((tag) => `<li><a href="#${slug(tag)}">${text(tag)}</a></li>`).join("")}</ul></nav>
<main>
${tags
  .map((tag) =>
    section(
      tag,
      operations
        .filter((operation) => operation.tag === tag)
        .map(operationHtml)
        .join(""),
    ),
  )
  .join("")}
${section("Problems", problemsHtml())}
${section("Objects", schemas.map(([name, schema]) => schemaHtml(name, schema)).join(""))}
</main>
</body>
</html>
`;
}

interface Operation {
  readonly tag: string;
  readonly method: string;
  readonly path: string;
  readonly spec: Json;
}

function operationsOf(document: OpenApiDocument): readonly Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as { readonly [method: string]: Json }).map(([method, spec]) => {
      const [tag] = list(spec["tags"]);
      return { tag: typeof tag === "string" ? tag : "", method: method.toUpperCase(), path, spec };
    }),
  );
}

function operationHtml({ method, path, spec }: Operation): string {
  const title = `<span class="method">${method}</span>${code(path)} ${text(textIn(spec, "summary"))}`;
  const body = object(object(object(spec["requestBody"])["content"])["application/json"])["schema"];
  return details(slug(`${method}-${path}`), title, [
    paragraphs(textIn(spec, "description")),
    table(["Parameter", "In", "Type", ""], list(spec["parameters"]).map(object).map(parameterCells)),
    ...(body === undefined ? [] : ["<h4>Body</h4>", fieldsHtml(object(body))]),
    "<h4>Answers</h4>",
    table(
      ["Status", "", "Body"],
      Object.entries(object(spec["responses"])).map(([status, answer]) => answerCells(status, object(answer))),
    ),
  ]);
}

function parameterCells(parameter: Json): readonly string[] {
  const schema = object(parameter["schema"]);
  return [
    code(textIn(parameter, "name")),
    textIn(parameter, "in"),
    typeHtml(schema),
    inline(textIn(schema, "description")),
  ];
}

function answerCells(status: string, answer: Json): readonly string[] {
  const bodies = Object.entries(object(answer["content"])).map(([type, content]) =>
    type.endsWith("json") ? typeHtml(object(content)["schema"]) : code(type),
  );
  return [code(status), withLinksToCodes(textIn(answer, "description")), bodies.join("<br>")];
}

function problemsHtml(): string {
  const rows = (Object.keys(CODES) as ProblemCode[]).map((name) => {
    const { status, title, meaning } = CODES[name];
    return [`<span id="${name}">${code(name)}</span>`, code(String(status)), text(title), inline(meaning)];
  });
  return table(["Code", "Status", "Title", "What it means"], rows);
}

function schemaHtml(name: string, schema: Json): string {
  return details(slug(`schema-${name}`), code(name), [paragraphs(textIn(schema, "description")), fieldsHtml(schema)]);
}

function fieldsHtml(schema: Json): string {
  const properties = Object.entries(object(schema["properties"]));
  if (properties.length === 0) return `<p>${typeHtml(schema)}</p>`;
  const required = new Set(list(schema["required"]));
  const rows = properties.map(([name, field]) => [
    code(name) + (required.has(name) ? "" : " (optional)"),
    typeHtml(field),
    inline(textIn(object(field), "description")),
  ]);
  return table(["Field", "Type", ""], rows);
}

function typeHtml(schema: unknown): string {
  const { $ref: ref, type, enum: values, items, anyOf, additionalProperties, properties } = object(schema);
  if (typeof ref === "string") {
    const name = ref.split("/").at(-1) ?? ref;
    return `<a href="#${slug(`schema-${name}`)}">${code(name)}</a>`;
  }
  if (Array.isArray(values)) return values.map((value) => code(JSON.stringify(value))).join(" ");
  if (Array.isArray(anyOf)) return anyOf.map(typeHtml).join(" or ");
  if (type === "array") return `list of ${typeHtml(items)}`;
  if (typeof additionalProperties === "object") return `map of ${typeHtml(additionalProperties)}`;
  if (properties !== undefined) return code(`{ ${Object.keys(object(properties)).join(", ")} }`);
  if (typeof type === "string") return text(type);
  return Array.isArray(type) ? text(type.join(" or ")) : "any JSON";
}

/** Names of problems lead to what they mean. */
function withLinksToCodes(description: string): string {
  return inline(description).replaceAll(/[A-Z]+(?:_[A-Z]+)*/g, (name) =>
    Object.hasOwn(CODES, name) ? `<a href="#${name}">${name}</a>` : name,
  );
}

const section = (title: string, html: string): string =>
  `<section><h2 id="${slug(title)}">${text(title)}</h2>\n${html}</section>\n`;

const details = (id: string, summary: string, parts: readonly string[]): string =>
  `<details id="${id}"><summary>${summary}</summary><div>\n${parts.filter((part) => part !== "").join("\n")}\n</div></details>\n`;
