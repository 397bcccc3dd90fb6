import { instantOf } from "../instant.ts";
import { nearest } from "../nearest.ts";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Metric, Plan } from "../plan/types.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { conditionsOf } from "../rollout/conditions.ts";
import { samplingsOf, type Grid } from "./history.ts";
import { hasMovingBaseline } from "./past.ts";
import { replayable, type Replayable } from "./replayable.ts";

/** Samples that are held in memory, of all metrics together: a week of thirty metrics every ten seconds, some 200 MB. */
export const BACKTEST_SAMPLES_MAX = 2_000_000;

/** Rollouts that are played: a month of four a day. */
export const BACKTEST_ROLLOUTS_MAX = 120;

const HOUR_MS = 3_600_000;
/** How often a rollout is started unless somebody says otherwise: at four times of the day. */
const EVERY_DEFAULT_MS = 6 * HOUR_MS;

/** What somebody wants to know. */
export interface BacktestRequest {
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Longer than the plan's interval, where that would be too much. */
  readonly stepMs?: number;
  /** Whose triggers and criteria are watched; missing: every stage's. */
  readonly stage?: string;
  /** Rollouts are started this often, or once. Missing: every six hours, or so that there are not too many. */
  readonly starts?:
    | { readonly kind: "every"; readonly everyMs: number }
    | { readonly kind: "at"; readonly at: EpochMs };
}

/** What is done about it. */
export interface Backtest extends Replayable {
  /** The plan's own, whatever the grid's. */
  readonly intervalMs: number;
  /** What is watched. */
  readonly grid: Grid;
  /** What is read: baselines lie before what is watched. */
  readonly readFrom: EpochMs;
  /** What is read. */
  readonly metrics: readonly Metric[];
  /** Names of the stages that are watched. */
  readonly stages: readonly string[];
  readonly starts: readonly EpochMs[];
}

/** What a request comes to, or why it can't be done and what to ask for in its place. */
export type Prepared =
  | { readonly ok: true; readonly backtest: Backtest }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/**
 * Whether a request can be done, and how. All instants come to lie on the grid of the samplings. `samplesMax`: where somebody else waits,
 * fewer than `BACKTEST_SAMPLES_MAX`.
 */
export function prepareBacktest(plan: Plan, request: BacktestRequest, samplesMax = BACKTEST_SAMPLES_MAX): Prepared {
  const everyMs = request.stepMs ?? plan.intervalMs;
  if (everyMs < plan.intervalMs) {
    return refused(
      `a step of ${formatDuration(everyMs)} is shorter than the plan's interval`,
      `a rollout samples every ${formatDuration(plan.intervalMs)}: leave the step out, or take a longer one`,
    );
  }
  if (request.from > request.to) {
    return refused(
      `the time would begin at ${instantOf(request.from)}, after its end at ${instantOf(request.to)}`,
      "let it begin before it ends, and end no later than now",
    );
  }
  const grid: Grid = { from: align(request.from, everyMs), to: align(request.to, everyMs), everyMs };
  if (samplingsOf(grid) < 2)
    return refused(
      "there is no sampling between the two instants",
      `leave at least ${formatDuration(everyMs)} between them`,
    );
  const names = plan.stages.map((stage) => stage.name);
  if (request.stage !== undefined && !names.includes(request.stage)) {
    const near = nearest(request.stage, names);
    return refused(
      `the plan has no stage ${JSON.stringify(request.stage)}`,
      `it has ${(near.length > 0 ? near : names).join(", ")}`,
    );
  }
  const able = replayable(plan, everyMs);
  const metrics = metricsIn(able.plan);
  const readFrom = needsBaselines(able.plan) ? align(grid.from - plan.baselineWindowMs, everyMs) : grid.from;
  const samples = samplingsOf({ ...grid, from: readFrom }) * metrics.length;
  if (samples > samplesMax) return tooMany({ samples, samplesMax, grid, metrics: metrics.length });
  const starts = startsOf(request, grid);
  if (starts.length > BACKTEST_ROLLOUTS_MAX) {
    return refused(
      `that is ${starts.length} rollouts, and ${BACKTEST_ROLLOUTS_MAX} is the most that are played`,
      `start one every ${formatDuration(hours((grid.to - grid.from) / BACKTEST_ROLLOUTS_MAX))}`,
    );
  }
  if (starts.length === 0)
    return refused(
      "the rollout would start outside the time that is looked at",
      "name an instant between its beginning and its end",
    );
  const stages = request.stage === undefined ? names : [request.stage];
  return { ok: true, backtest: { ...able, intervalMs: plan.intervalMs, grid, readFrom, metrics, stages, starts } };
}

function startsOf({ starts }: BacktestRequest, { from, to, everyMs }: Grid): readonly EpochMs[] {
  if (starts?.kind === "at") {
    const at = align(starts.at, everyMs);
    return at < from || at >= to ? [] : [at];
  }
  const wantedMs = starts?.everyMs ?? Math.max(EVERY_DEFAULT_MS, hours((to - from) / BACKTEST_ROLLOUTS_MAX));
  const betweenMs = Math.ceil(wantedMs / everyMs) * everyMs;
  const count = Math.ceil((to - from) / betweenMs);
  // One more than is allowed is enough to say that it is too many.
  return Array.from({ length: count }, (_, index) => from + index * betweenMs);
}

/** Metrics that a condition of the plan reads. */
function metricsIn(plan: Plan): readonly Metric[] {
  const names = new Set(conditionsOf(plan).map(({ condition }) => condition.metric));
  return Object.values(plan.metrics).filter(({ name }) => names.has(name));
}

/** Whether a condition compares a metric with what it was before exposure. */
export function needsBaselines(plan: Plan): boolean {
  return conditionsOf(plan).some(({ condition }) => hasMovingBaseline(plan, condition));
}

interface TooMany {
  readonly samples: number;
  readonly samplesMax: number;
  readonly grid: Grid;
  readonly metrics: number;
}

function tooMany({ samples, samplesMax, grid, metrics }: TooMany): Prepared {
  const stepMs = Math.ceil(((grid.to - grid.from) * metrics) / samplesMax / 10_000) * 10_000;
  const fitsMs = Math.floor(samplesMax / metrics) * grid.everyMs;
  const number = (value: number): string => value.toLocaleString("en-US");
  return refused(
    `that is ${number(samples)} samples, and ${number(samplesMax)} is the most that are held`,
    `look at ${formatDuration(hours(fitsMs) - HOUR_MS)} or less, or sample every ${formatDuration(stepMs)}, with which a \`for\` is judged that much more coarsely`,
  );
}

const align = (at: number, everyMs: number): number => Math.floor(at / everyMs) * everyMs;
const hours = (ms: number): number => Math.ceil(ms / HOUR_MS) * HOUR_MS;
const refused = (reason: string, hint: string): Prepared => ({ ok: false, reason, hint });
