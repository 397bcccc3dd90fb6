import type { z } from "@hono/zod-openapi";
import { pointerOf } from "@rampart/core";
import { nearest } from "../domain/nearest.ts";
import type { FieldError } from "../domain/problems.ts";
import { FIELD_ERRORS_MAX, quoted } from "../domain/problems.ts";
import type { ProblemCode } from "./codes.ts";
import { ProblemError } from "./problem.ts";

/** Checks what came from outside against a schema. Throws a `ProblemError` with `code` that names every wrong field, up to `FIELD_ERRORS_MAX`. */
export function checked(schema: z.ZodType | undefined, value: unknown, code: ProblemCode): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value, { error: messageOf });
  if (result.success) return result.data;
  const { issues } = result.error;
  const count = issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
  const errors = issues
    .slice(0, FIELD_ERRORS_MAX)
    .flatMap((issue) => errorsOf(issue, schema))
    .slice(0, FIELD_ERRORS_MAX);
  const [first] = errors;
  const where = first === undefined || first.pointer === "" ? "The whole" : first.pointer;
  throw new ProblemError({
    code,
    detail: `${where} ${first?.detail ?? "is not what it should be"}${count > 1 ? ` (and ${count - 1} more)` : ""}.`,
    hint: "The reference at /docs shows every field with its type.",
    errors,
  });
}

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** What is wrong, with the value, for the issues that users run into; undefined leaves it to the library. */
function messageOf(issue: Issue): string | undefined {
  const { input } = issue;
  if (input === undefined) return "is missing";
  const shown = quoted(JSON.stringify(input));
  switch (issue.code) {
    case "invalid_type":
      return `is ${shown}, but must be of the type ${issue.expected}`;
    case "invalid_value":
      return `is ${shown}, but must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `is ${shown}, but ${issue.origin === "number" || issue.origin === "int" ? "must be at least" : "must have at least"} ${issue.minimum}`;
    case "too_big":
      return `is ${shown}, but ${issue.origin === "number" || issue.origin === "int" ? "must be at most" : "must have at most"} ${issue.maximum}`;
    case "invalid_format":
    case "not_multiple_of":
    case "unrecognized_keys":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "custom":
    case undefined:
      return undefined;
  }
}

function errorsOf(issue: z.core.$ZodIssue, schema: z.ZodType): readonly FieldError[] {
  const pointer = pointerOf(issue.path);
  if (issue.code !== "unrecognized_keys") return [{ pointer, detail: issue.message }];
  const known = "shape" in schema && issue.path.length === 0 ? Object.keys(schema.shape as object) : [];
  return issue.keys.slice(0, FIELD_ERRORS_MAX).map((key) => {
    const [guess] = nearest(key, known);
    const instead =
      guess === undefined ? (known.length === 0 ? "" : `: there are ${known.join(", ")}`) : `: did you mean ${guess}?`;
    return { pointer: pointerOf([...issue.path, key]), detail: `is not known here${instead}` };
  });
}
