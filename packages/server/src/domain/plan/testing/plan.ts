import { parsePlan } from "../parse.ts";
import type { Plan } from "../types.ts";

/** A plan that a test relies on; what is wrong with it is the error's text. */
export function planOf(text: string): Plan {
  const result = parsePlan(text);
  if (result.ok) return result.plan;
  throw new Error(
    result.problems.map(({ line, column, message, hint }) => `${line}:${column} ${message} (${hint})`).join("\n"),
  );
}
