import { parsed, refused, type Parsed } from "./parsed.ts";

const VARIABLE = /\$\{([^}]*)\}?/g;
const NAME = /^[A-Z_][A-Z0-9_]*$/;

/** Names of the variables in a template, each once, in order. Refuses a `${` that names nothing usable, without showing it: people paste tokens. */
export function variablesOf(text: string): Parsed<readonly string[]> {
  const names = new Set<string>();
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? "";
    if (!match[0].endsWith("}")) return refused("a variable has no closing brace", "write ${NAME}");
    if (!NAME.test(name))
      return refused(
        "what stands between ${ and } is not the name of a variable",
        "a variable is named with capitals, digits and underscores: ${PROMETHEUS_URL}",
      );
    names.add(name);
  }
  return parsed([...names]);
}

/** Fills every variable in. Only for templates that `variablesOf` accepts and whose variables all exist. */
export function fillTemplate(text: string, variable: (name: string) => string): string {
  return text.replaceAll(VARIABLE, (_, name: string) => variable(name));
}
