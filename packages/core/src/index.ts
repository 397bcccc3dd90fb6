export * from "./api/actor.ts";
export type * from "./api/backtest.ts";
export * from "./api/budget.ts";
export type * from "./api/comparisons.ts";
export type * from "./api/drills.ts";
export type * from "./api/evaluations.ts";
export type * from "./api/evidence.ts";
export type * from "./api/integrations.ts";
export type * from "./api/metric-unit.ts";
export type * from "./api/plans.ts";
export type * from "./api/receipts.ts";
export { measure } from "./api/measure.ts";
export * from "./api/plural.ts";
export { isSilent, rehearseRollback } from "./api/rehearsal.ts";
export type { Rehearsal, RehearsalStep, Rehearsed } from "./api/rehearsal.ts";
export * from "./api/rollout-words.ts";
export type * from "./api/rollouts.ts";
export type * from "./api/types.ts";
export type * from "./api/waiting.ts";
export type * from "./client/types.ts";
export type * from "./model/evaluation.ts";
export type * from "./model/flag.ts";
export type * from "./wire/client-types.ts";
export * from "./wire/types.ts";
export type { CheckOptions } from "./check/clauses.ts";
export * from "./check/config.ts";
export { checkDefinition } from "./check/definition.ts";
export * from "./check/key.ts";
export { METRIC_LENGTH_MAX } from "./check/limits.ts";
export * from "./check/percentage.ts";
export * from "./check/prerequisites.ts";
export * from "./check/segment.ts";
export type * from "./model/problem.ts";
export type * from "./clause/regex.ts";
export * from "./context/check.ts";
export { contextOf } from "./context/context.ts";
export * from "./hash/bucket.ts";
export { murmur3 } from "./hash/murmur3.ts";
export { NOT_DRAWN, type Draw } from "./measure/draw.ts";
export { EVALUATIONS_MAX, type EvaluationCount, type EvaluationsReport } from "./measure/evaluation-counts.ts";
export type * from "./measure/report.ts";
export * from "./measure/unit-codec.ts";
export * from "./measure/unit-entries.ts";
export * from "./measure/units.ts";
export * from "./measure/value-bins.ts";
export * from "./model/json-pointer.ts";
export { defaultConfig, defaultVariants } from "./model/defaults.ts";
export { jsonErrorOffset } from "./read/json-error.ts";
export { digestOf, type Revised } from "./ruleset/digest.ts";
export * from "./ruleset/ruleset.ts";
export * from "./wire/basis.ts";
export * from "./wire/encode.ts";
export * from "./wire/epoch.ts";
export * from "./wire/parse.ts";
export type * from "./wire/parsed.ts";
export { CACHE_MAX_AGE_MS } from "./client/cache-keeper.ts";
export { fingerprintOf, mayReplace, type Kept } from "./client/cache-text.ts";
export { createClientOnPorts, CLOSE_MAX_MS, type ClientOptions } from "./client/client.ts";
export { ContactClock } from "./client/contact.ts";
export { Emitter } from "./client/emitter.ts";
export { History } from "./client/history.ts";
export { backoffMs } from "./client/machine.ts";
export {
  BACKOFF,
  FIRST_BYTE_MS,
  OPEN_TIMEOUT_MS,
  POLL_AFTER_FAILURES,
  POLL_INTERVAL_MS,
  REFUSED_RETRY_MS,
  RETRY_AFTER_MAX_MS,
  SETTLE_MS,
  WATCHDOG_MS,
} from "./client/machine-types.ts";
export type { Failure } from "./client/machine-types.ts";
export { Measures, type MeasuresReport, type Outcome, type RunReport, type TrackReport } from "./client/measures.ts";
export type * from "./client/ports.ts";
export * from "./client/provider-life.ts";
export { Reporter, type EventsBody, type ReporterOptions } from "./client/reporter.ts";
export { RECEIPT_SPREAD_MS, RECEIPT_TRIES } from "./client/receipts.ts";
export { POLL_TIMEOUT_MS, SNAPSHOT_BYTES_MAX } from "./client/requests.ts";
export * from "./client/retry-after.ts";
export * from "./client/test-client.ts";
