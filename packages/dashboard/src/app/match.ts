/** The parameters of a pattern (`/rollouts/:id`; a last `:key*` may hold slashes) in a path; undefined when it doesn't match. */
export function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  const source = pattern.replaceAll(/:(\w+)(\*?)/g, (_, name: string, rest: string) => {
    names.push(name);
    return rest === "*" ? "(.+)" : "([^/]+)";
  });
  const found = new RegExp(`^${source}/?$`).exec(path);
  if (found === null) return undefined;
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? "")]));
  } catch {
    // A percent sign that begins nothing: nobody but a typing error makes such an address.
    return undefined;
  }
}
