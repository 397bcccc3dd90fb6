/** Playing a plan against what its metrics said in the past: what `rampart plan backtest` is made of. The way to Prometheus is the caller's. */
export { prepareBacktest, type BacktestRequest } from "./domain/backtest/settings.ts";
export { runBacktest } from "./gates/backtest.ts";
export { createPrometheusHistory, historyAt } from "./metrics/prometheus-history.ts";
export { historyWithVariables } from "./metrics/with-variables.ts";
export type { Egress, EgressResult } from "./ports/egress.ts";
