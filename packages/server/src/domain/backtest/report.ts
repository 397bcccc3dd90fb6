import type {
  BacktestConditionView,
  BacktestCriterionView,
  BacktestFiringView,
  BacktestGapView,
  BacktestMetricView,
  BacktestRolloutView,
  BacktestTriggerView,
  BacktestView,
} from "@rampart/core";
import { instantOf } from "../instant.ts";
import type { Pieces } from "../pieces.ts";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Condition, Metric, MetricUnit, Plan } from "../plan/types.ts";
import type { RolloutRecord } from "../rollout/effect.ts";
import { own } from "../rollout/lookup.ts";
import { causeView } from "../rollout/view/waiting.ts";
import { conclusion } from "./conclusion.ts";
import { samplingsOf, type Grid, type History } from "./history.ts";
import { stretchesOf } from "./past.ts";
import { playing, type PlayedRollout } from "./rollouts.ts";
import { needsBaselines, type Backtest } from "./settings.ts";
import type { Streak, Tally } from "./tally.ts";
import { watching, type Firing, type WatchedCriterion, type WatchedTrigger } from "./watch.ts";

/** Steps of all rollouts together: some ten seconds. What is left of them then is not played, and that is said. */
const ROLLOUT_STEPS_MAX = 100_000;

/** Firings of one trigger that are told one by one; more are not read line by line. */
const FIRINGS_MAX = 100;

/** The same of gaps in the data. */
const GAPS_MAX = 100;

/** What the plan would have made of the history, piece by piece. `stepsMax`: for the rollouts, where somebody waits for it. */
export function* backtesting(backtest: Backtest, history: History, stepsMax = ROLLOUT_STEPS_MAX): Pieces<BacktestView> {
  const { plan, grid, leftOut } = backtest;
  const watched = yield* watching(backtest, history);
  const { rollouts, notPlayed } = yield* playing(backtest, history, stepsMax);
  const { name, title, digest } = plan;
  const told = {
    plan: { name, title, digest },
    from: instantOf(grid.from),
    to: instantOf(grid.from + (samplingsOf(grid) - 1) * grid.everyMs),
    intervalMs: grid.everyMs,
    metrics: backtest.metrics.map((metric) => metricView(metric, history, grid)),
    triggers: watched.triggers.map((one) => triggerView(plan, one)),
    criteria: watched.criteria.map((one) => criterionView(plan, one)),
    gaps: watched.gaps.slice(0, GAPS_MAX).map((gap) => gapView(plan, gap)),
    rollouts: rollouts.map(rolloutView),
    leftOut,
  };
  return {
    ...told,
    summary: conclusion(told, backtest.intervalMs),
    notes: notesOn(backtest, { notPlayed, moreGaps: Math.max(0, watched.gaps.length - GAPS_MAX) }),
  };
}

function metricView({ name, unit }: Metric, history: History, grid: Grid): BacktestMetricView {
  const counts = { value: 0, noData: 0, error: 0 };
  let firstAt: number | undefined;
  let lastAt: number | undefined;
  for (const { at, count, sample } of stretchesOf(history, name, grid)) {
    counts[sample.kind] += count;
    if (sample.kind !== "value") continue;
    firstAt ??= at;
    lastAt = at + (count - 1) * grid.everyMs;
  }
  return {
    name,
    unit,
    samples: samplingsOf(grid),
    noData: counts.noData,
    errors: counts.error,
    ...(firstAt !== undefined && { firstAt: instantOf(firstAt) }),
    ...(lastAt !== undefined && { lastAt: instantOf(lastAt) }),
  };
}

function conditionView(
  plan: Plan,
  {
    condition,
    stages,
    tally,
  }: { readonly condition: Condition; readonly stages: readonly string[]; readonly tally: Tally },
  forMs: number,
): BacktestConditionView {
  const { samples, trueSamples, unknownSamples, streaks, extreme } = tally;
  const longest = streaks.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
  return {
    condition: condition.text,
    forMs,
    unit: unitOf(plan, condition.metric),
    stages,
    samples,
    trueSamples,
    unknownSamples,
    ...(longest && { longest: { since: instantOf(longest.since), ms: lengthOf(longest) } }),
    ...(extreme && { extreme: { ...extreme, at: instantOf(extreme.at) } }),
  };
}

function triggerView(plan: Plan, watched: WatchedTrigger): BacktestTriggerView {
  const { trigger, firings } = watched;
  const { name, action, severity, forMs } = trigger;
  return {
    name,
    action,
    severity,
    ...conditionView(plan, watched, forMs),
    fired: firings.length,
    firings: firings.slice(0, FIRINGS_MAX).map(firingView),
  };
}

function firingView({ at, streak: { since, lastAt, hasEnded, peak } }: Firing): BacktestFiringView {
  return {
    at: instantOf(at),
    since: instantOf(since),
    ...(hasEnded && { until: instantOf(lastAt) }),
    peak: peak.value,
    threshold: peak.threshold,
  };
}

const lengthOf = ({ since, lastAt }: Streak): number => lastAt - since;

function criterionView(plan: Plan, watched: WatchedCriterion): BacktestCriterionView {
  return { ...conditionView(plan, watched, watched.criterion.forMs), heldSamples: watched.tally.heldSamples };
}

function gapView(plan: Plan, { at, cause }: RolloutRecord): BacktestGapView {
  return {
    metric: cause?.subject ?? "",
    since: instantOf(cause?.since ?? at),
    at: instantOf(at),
    reason: cause?.reason ?? "",
    action: plan.noData,
  };
}

function rolloutView({ startAt, at, cause, ...rest }: PlayedRollout): BacktestRolloutView {
  return {
    startAt: instantOf(startAt),
    ...rest,
    ...(at !== undefined && { at: instantOf(at) }),
    ...(cause && { cause: causeView(cause) }),
  };
}

function notesOn(
  { plan, grid, granted }: Backtest,
  { notPlayed, moreGaps }: { readonly notPlayed: number; readonly moreGaps: number },
): readonly string[] {
  return [
    ...(granted.length === 0 ? [] : [`taken for granted: ${granted.join("; ")}`]),
    ...(needsBaselines(plan)
      ? [
          `what is compared with a baseline is compared with the ${formatDuration(plan.baselineWindowMs)} before ${instantOf(grid.from)}; of each rollout, with those before its start`,
        ]
      : []),
    ...(notPlayed === 0
      ? []
      : [`${notPlayed} rollouts were not played, as it takes too long: start fewer, or look at a shorter time`]),
    ...(moreGaps === 0 ? [] : [`${moreGaps} more gaps in the data are not listed`]),
  ];
}

const unitOf = (plan: Plan, metric: string): MetricUnit => own(plan.metrics, metric)?.unit ?? "none";
