import type { FieldProblem } from "../model/problem.ts";

/** Says that a list has too many items. */
export function checkCount(count: number, max: number, what: string, pointer: string): readonly FieldProblem[] {
  return count <= max ? [] : [{ pointer, detail: `has ${count} ${what}`, hint: `at most ${max}` }];
}

/** Says that a text is too long. Missing texts are fine. */
export function checkLength(text: string | undefined, max: number, pointer: string): readonly FieldProblem[] {
  if (text === undefined || text.length <= max) return [];
  return [{ pointer, detail: `has ${text.length} characters`, hint: `at most ${max}` }];
}

/** Says which items have the name of one before them. */
export function checkDistinct(
  names: readonly string[],
  what: string,
  pointerOf: (index: number) => string,
): readonly FieldProblem[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    return isRepeated ? [{ pointer: pointerOf(index), detail: `${what} ${JSON.stringify(name)} is there twice` }] : [];
  });
}
