export type PercentageCheck =
  | { readonly ok: true; readonly percentage: number }
  | { readonly ok: false; readonly detail: string; readonly hint: string };

/** A number from 0 to 100 with at most three decimals. */
export function checkPercentage(_value: unknown): PercentageCheck { throw new Error("not written yet"); }
