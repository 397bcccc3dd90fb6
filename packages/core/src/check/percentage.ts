import { show } from "../model/show.ts";
import { PERCENTAGE_HINT, percentageFault, thousandthsOf } from "../model/thousandths.ts";

/** A percentage as it came, or what is wrong with it. */
export type PercentageCheck =
  | { readonly ok: true; readonly percentage: number }
  /** `detail`: which value is wrong and how. `hint`: what is allowed. */
  | { readonly ok: false; readonly detail: string; readonly hint: string };

/** A number from 0 to 100 with at most three decimals: the steps that buckets can tell apart. Numbers only, no text that looks like one. */
export function checkPercentage(value: unknown): PercentageCheck {
  if (typeof value === "number" && thousandthsOf(value) !== undefined) return { ok: true, percentage: value };
  return { ok: false, detail: `${show(value)} ${percentageFault(value)}`, hint: PERCENTAGE_HINT };
}
