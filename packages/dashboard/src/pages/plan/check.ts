import type { PlanProblemView, PlanValidation, SimulationView } from "@rampart/core";
import { useEffect, useState } from "preact/hooks";
import { call } from "../../api/call.ts";
import { connection } from "../../api/connection.ts";
import { type Failure, failureOf } from "../../api/problem.ts";

/** So long after the last key the text is looked at. */
const QUIET_MS = 350;

/** What the server says of a plan's text. */
export interface Checked {
  /** The text that it is said of. */
  readonly text: string;
  readonly validation: PlanValidation;
}

/** What the last simulation came to. */
export type Simulated =
  | { readonly kind: "none" }
  | { readonly kind: "done"; readonly view: SimulationView }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Checks a text while it is written. */
export function useValidation(text: string): {
  readonly checked: Checked | undefined;
  readonly failure: Failure | undefined;
} {
  const [checked, setChecked] = useState<Checked>();
  const [failure, setFailure] = useState<Failure>();
  useQuiet([text], async (signal) => {
    try {
      const validation = await call<PlanValidation>("POST", "/api/v1/plans/validate", { body: { text }, signal });
      setChecked({ text, validation });
      setFailure(undefined);
    } catch (thrown) {
      if (!signal.aborted) setFailure(failureOf(thrown));
    }
  });
  return { checked, failure };
}

/** Plays a scenario against a plan while either is written; nothing while the plan is not valid. */
export function useSimulation(plan: string, scenario: string, isValid: boolean): Simulated {
  const [simulated, setSimulated] = useState<Simulated>({ kind: "none" });
  useQuiet([plan, scenario, isValid], async (signal) => {
    if (!isValid) return setSimulated({ kind: "none" });
    try {
      const view = await call<SimulationView>("POST", "/api/v1/plans/simulate", { body: { plan, scenario }, signal });
      setSimulated({ kind: "done", view });
    } catch (thrown) {
      if (!signal.aborted) setSimulated({ kind: "failed", failure: failureOf(thrown) });
    }
  });
  return simulated;
}

/** Acts once the inputs are left alone, and again when the server is back. */
function useQuiet(inputs: readonly unknown[], act: (signal: AbortSignal) => Promise<void>): void {
  const isCutOff = connection.value === "offline";
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => void act(abort.signal), QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [...inputs, isCutOff]);
}

/** Where a problem is, as offsets into the text; the end of the line where the line is shorter. */
export function rangeOf(
  text: string,
  { line, column, endColumn }: PlanProblemView,
): { readonly from: number; readonly to: number } {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const length = lines[line - 1]?.length ?? 0;
  const from = start + Math.min(column - 1, length);
  return { from, to: Math.max(from, start + Math.min(endColumn - 1, length)) };
}
