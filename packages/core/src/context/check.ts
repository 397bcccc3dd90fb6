import type { FieldProblem } from "../check/problem.ts";
import type { EvaluationContext } from "../model/flag.ts";

export type ContextCheck =
  | { readonly ok: true; readonly context: EvaluationContext }
  | { readonly ok: false; readonly problem: FieldProblem };

/** Reads a context from outside (an id or an object), within the limits. */
export function checkContext(_input: unknown): ContextCheck { throw new Error("not written yet"); }
