/** The JSON pointer (RFC 6901) of a field, or of a list's item, of what `at` leads to. */
export function pointerTo(at: string, name: PropertyKey): string {
  return `${at}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The JSON pointer of what a path leads to: `["stages", 2]` is `/stages/2`; of the whole it is empty. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.reduce(pointerTo, "");
}

/** The names that a JSON pointer goes through; none for the whole. What lacks the slash at its beginning is read as if it had it. */
export function pointerSteps(pointer: string): readonly string[] {
  if (pointer === "") return [];
  return pointer
    .replace(/^\//, "")
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
