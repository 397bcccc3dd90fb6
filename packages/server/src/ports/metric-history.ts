import type { Metric } from "../domain/plan/types.ts";
import type { Grid, PastChange } from "../domain/backtest/history.ts";

/** What was found of a metric's past. `failed`: it can't be had; the reason says why, the hint what to do. Neither holds a secret. */
export type MetricPast =
  | { readonly kind: "read"; readonly changes: readonly PastChange[] }
  | { readonly kind: "failed"; readonly reason: string; readonly hint: string };

/** Asks what a metric said in the past. */
export interface MetricHistory {
  /**
   * At each instant of the grid, what a sampling at that instant would have seen. Never rejects. `mayGoOn`: asked before each question; false: it
   * takes too long, and fails.
   */
  read(metric: Metric, grid: Grid, mayGoOn?: () => boolean): Promise<MetricPast>;
}
