import type { LinearRegex } from "../clause/regex.ts";
import type { FlagDefinition } from "../model/flag.ts";
import type { FieldProblem } from "./problem.ts";

export interface CheckOptions { readonly regex?: LinearRegex }

export type KeyCheck =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly detail: string; readonly hint: string };

/** 1–128 of letters, digits and `._-/`. */
export function checkFlagKey(_text: unknown): KeyCheck { throw new Error("not written yet"); }
export function checkDefinition(_definition: unknown): readonly FieldProblem[] { throw new Error("not written yet"); }
export function checkConfig(_definition: FlagDefinition, _config: unknown, _options: CheckOptions): readonly FieldProblem[] { throw new Error("not written yet"); }
export function checkSegment(_segment: unknown, _options: CheckOptions): readonly FieldProblem[] { throw new Error("not written yet"); }
