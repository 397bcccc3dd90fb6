import type { z } from "@hono/zod-openapi";
import type { ProblemCode } from "./codes.ts";
import { ProblemError } from "./problem.ts";

/** Checks what came from outside against a schema. Throws a `ProblemError` with `code` that names every wrong field. */
export function checked(schema: z.ZodType | undefined, value: unknown, code: ProblemCode): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({ pointer: pointerOf(issue.path), detail: issue.message }));
  const [first] = errors;
  const where = first === undefined || first.pointer === "" ? "" : `${first.pointer}: `;
  throw new ProblemError({
    code,
    detail: `${where}${first?.detail ?? "It is not what it should be"}${errors.length > 1 ? `, and ${errors.length - 1} more` : ""}.`,
    hint: "The reference at /docs shows every field with its type.",
    errors,
  });
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
