/**
 * A way along prerequisites from `key` round to a flag that was already on it, such as `[a, b, c, b]`; undefined when there is none.
 * Ask before a write, with `prerequisitesOf` answering for the state after it.
 */
export function findPrerequisiteCycle(
  key: string,
  prerequisitesOf: (key: string) => readonly string[],
): readonly string[] | undefined {
  const seen = new Set([key]);
  // One iterator for each flag on the path: a stack of its own, as chains can be longer than the engine's.
  const path = [{ key, rest: prerequisitesOf(key).values() }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const next = top.rest.next();
    if (next.done === true) {
      path.pop();
      continue;
    }
    if (path.some((step) => step.key === next.value)) return [...path.map((step) => step.key), next.value];
    if (seen.has(next.value)) continue;
    seen.add(next.value);
    path.push({ key: next.value, rest: prerequisitesOf(next.value).values() });
  }
  return undefined;
}
