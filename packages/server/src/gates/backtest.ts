import type { BacktestView } from "@rampart/core";
import type { Grid, PastChange } from "../domain/backtest/history.ts";
import { backtesting } from "../domain/backtest/report.ts";
import type { Backtest } from "../domain/backtest/settings.ts";
import { atLeisure } from "../domain/pieces.ts";
import { queryText } from "../domain/secrets/plan-text.ts";
import type { MetricHistory } from "../ports/metric-history.ts";

/** What a backtest is done with. */
export interface BacktestParts {
  readonly history: MetricHistory;
  /** Before each piece of the work. */
  readonly rest: () => Promise<void>;
  /** For the rollouts that are played; missing: `ROLLOUT_STEPS_MAX`. */
  readonly stepsMax?: number;
  /** As in `MetricHistory`; missing: for as long as it takes. */
  readonly mayGoOn?: () => boolean;
  /** Told before each metric is asked for. */
  readonly onRead?: (metric: string) => void;
}

/** `failed`: a metric's past can't be had, and with a part of it nothing true could be said. */
export type Backtested =
  | { readonly kind: "done"; readonly report: BacktestView }
  | {
      readonly kind: "failed";
      readonly metric: string;
      /** What was asked, without what may be secret. */
      readonly query: string;
      readonly reason: string;
      readonly hint: string;
    };

/** Reads the past of the plan's metrics, one after the other, and plays the plan against it. */
export async function runBacktest(backtest: Backtest, parts: BacktestParts): Promise<Backtested> {
  const { metrics, grid, readFrom } = backtest;
  const wanted: Grid = { ...grid, from: readFrom };
  const found: (readonly [string, readonly PastChange[]])[] = [];
  for (const metric of metrics) {
    parts.onRead?.(metric.name);
    const past = await parts.history.read(metric, wanted, parts.mayGoOn);
    if (past.kind === "failed") {
      const { reason, hint } = past;
      return { kind: "failed", metric: metric.name, query: queryText(metric.source), reason, hint };
    }
    found.push([metric.name, past.changes]);
  }
  const report = await atLeisure(backtesting(backtest, Object.fromEntries(found), parts.stepsMax), parts.rest);
  return { kind: "done", report };
}
