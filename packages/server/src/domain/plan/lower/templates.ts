import { fillTemplate, variablesOf } from "../grammar/template.ts";
import type { Reader } from "../reader.ts";
import type { Template } from "../types.ts";
import type { Lowering } from "./context.ts";

/** A template whose variables exist, as far as that can be known here. */
export function lowerTemplate(reader: Reader<unknown>, context: Lowering): Template | undefined {
  const text = reader.text();
  const names = reader.read(variablesOf);
  if (text === undefined || names === undefined) return undefined;
  for (const name of names) {
    if (context.variables !== undefined && context.variables(name) === undefined) {
      reader.problem(
        `the variable ${name} is not set on the server`,
        `set ${name} in the server's environment and start it again, or write the value here if it is no secret`,
      );
    }
  }
  return text;
}

/** A template of an http(s) URL, as far as that can be known without its variables. */
export function lowerUrl(reader: Reader<unknown>, context: Lowering): Template | undefined {
  const template = lowerTemplate(reader, context);
  if (template === undefined) return undefined;
  const sample = fillTemplate(template.replace(/^\$\{[^}]*\}/, "http://host"), () => "x");
  const url = URL.canParse(sample) ? new URL(sample) : undefined;
  if (url === undefined)
    reader.problem("this is not a URL", "for example https://portal.example/v1/health or ${PROMETHEUS_URL}");
  else if (url.protocol !== "http:" && url.protocol !== "https:")
    reader.problem(`the URL's scheme is ${url.protocol.slice(0, 20)}`, "http: and https: are called, nothing else");
  else if (url.username !== "" || url.password !== "") {
    reader.problem(
      "the URL holds a user or a password",
      'put them into a header: `headers: { authorization: "Basic ${CREDENTIALS}" }`',
    );
  }
  return template;
}

/** Letters, digits and dashes: what every server takes for a header's name. */
const HEADER_NAME = /^[A-Za-z0-9-]{1,100}$/;
/** Set by the connection itself. */
const RESERVED_HEADERS = new Set(["host", "content-length", "connection", "transfer-encoding", "upgrade"]);

/** Header templates by lower-case name. */
export function lowerHeaders(
  reader: Reader<{ readonly [name: string]: string }>,
  context: Lowering,
): { readonly [name: string]: Template } {
  const headers: { [name: string]: Template } = Object.create(null);
  for (const [name, value] of reader.entries()) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name))
      value.problem(
        `${JSON.stringify(name.slice(0, 40))} is not a header's name`,
        "letters, digits and dashes, for example authorization",
        "key",
      );
    if (RESERVED_HEADERS.has(lower))
      value.problem(`the header ${lower} is set by the connection`, "take it out", "key");
    if (Object.hasOwn(headers, lower))
      value.problem(
        `the header ${lower} is given twice`,
        "keep one of the two; upper and lower case are the same",
        "key",
      );
    const template = lowerTemplate(value, context);
    if (template === undefined) continue;
    if (/[\r\n\0]/.test(template)) value.problem("a header's value is one line", "write it on one line");
    headers[lower] = template;
  }
  return headers;
}
