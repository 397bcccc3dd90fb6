import { NAME_PATTERN } from "../document/leaves.ts";
import type { Reader } from "../reader.ts";

const NAME = new RegExp(NAME_PATTERN);

/** Reports names that are not fit for a command line, and names that come twice. */
export function checkNames(readers: readonly Reader<unknown>[], what: string): void {
  const seen = new Map<string, number>();
  for (const [index, reader] of readers.entries()) {
    const name = reader.text();
    if (name === undefined || name === "") continue;
    if (!NAME.test(name))
      reader.problem(
        `${JSON.stringify(name.slice(0, 64))} can't be a ${what}'s name`,
        `letters, digits and . _ - only, at most 64: ${suggestionFor(name)}`,
      );
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else
      reader.problem(
        `${what} "${name.slice(0, 64)}" is there already (${what} ${first + 1})`,
        "each has a name of its own",
      );
  }
}

function suggestionFor(name: string): string {
  const slug = name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[-._]+|-+$/g, "")
    .slice(0, 64);
  return slug === "" ? "for example canary" : `write ${slug}`;
}
