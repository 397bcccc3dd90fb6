import type { LegsView } from "./receipts.ts";

/** Within this time of a breach being visible the flag is to be off in every connected client. */
export const BUDGET_MS = 30_000;

/** One leg of the way from what a metric says to the last client. */
export interface BudgetLeg {
  readonly name: string;
  /** Missing: not known, or not part of this way (a person decided, so there was no data that could be old). */
  readonly ms?: number;
}

/** A rollback's time, leg by leg. */
export interface Budget {
  readonly legs: readonly BudgetLeg[];
  /** Of the legs that are known. */
  readonly totalMs: number;
  /** Every client's part is in `totalMs`; false while no receipt came. */
  readonly isMeasured: boolean;
  readonly isKept: boolean;
}

/** The legs of a rollback in their order, and their sum against `BUDGET_MS`. What a plan's `for` asks for is on top: it is waited for on purpose. */
export function budgetOf({ dataAgeMs, decideMs, commitMs, writeMs, apply }: LegsView): Budget {
  const legs: readonly BudgetLeg[] = [
    leg("age of the data at the sample", dataAgeMs),
    leg("sample to decision", decideMs),
    leg("decision to commit", commitMs),
    leg("commit to written to sockets", writeMs),
    leg("written to applied, the last client", apply?.maxMs),
  ];
  const totalMs = legs.reduce((sum, { ms = 0 }) => sum + ms, 0);
  return { legs, totalMs, isMeasured: apply !== undefined, isKept: totalMs <= BUDGET_MS };
}

function leg(name: string, ms: number | undefined): BudgetLeg {
  return { name, ...(ms !== undefined && { ms }) };
}
