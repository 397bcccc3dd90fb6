import type { Instant } from "./types.ts";

/** What a flag gave, and how often. */
export interface EvaluationTotals {
  /** By variant; those that were not given are missing. */
  readonly variants: { readonly [variant: string]: number };
  /** Callers got their own default, as there was nothing else to give: the flag was unknown, of another type, or the user had no key. */
  readonly defaults: number;
}

/** One hour of a flag. */
export interface EvaluationHour extends EvaluationTotals {
  /** When it began. */
  readonly at: Instant;
}

/** How often a flag was asked for. `GET /api/v1/environments/:env/flags/:key/evaluations`. */
export interface EvaluationsView extends EvaluationTotals {
  readonly flag: string;
  readonly environment: string;
  /** The beginning of the first hour. */
  readonly from: Instant;
  readonly to: Instant;
  /** All of `variants` and `defaults`. */
  readonly total: number;
  /** Missing: not within what is kept, thirty days. */
  readonly lastEvaluatedAt?: Instant;
  /** The oldest first; hours without any are left out. */
  readonly hours: readonly EvaluationHour[];
}
