import { comparedIn, comparedMetrics, testKey } from "../plan/compared.ts";
import type { CompareWithin, CompareWorse, Condition, Metric, MetricUnit, Plan } from "../plan/types.ts";
import type { Alarm, ComparisonPoint, KeptComparison, TestResult } from "./comparison.ts";
import type { EpochMs } from "./instant.ts";
import { own, type Dictionary } from "./lookup.ts";
import { unseenAfterMs } from "./reading.ts";
import { isExposed, type RolloutState } from "./state.ts";
import { openStage } from "./turn.ts";
import { isTrueOf, type Verdict } from "./verdict.ts";

/** The newest comparison of a metric, unless it is too old to stand for the present. */
export function comparisonOf(plan: Plan, state: RolloutState, metric: string, at: EpochMs): KeptComparison | undefined {
  const kept = own(state.comparisons ?? {}, metric);
  return kept && at - kept.at <= unseenAfterMs(plan) ? kept : undefined;
}

/** A comparison that rings. */
export interface Ringing {
  readonly alarm: Alarm;
  readonly test: TestResult;
  readonly kept: KeptComparison;
}

/** The comparison of a trigger, if it rings now; undefined: it doesn't, or can't be told. */
export function alarmOf(plan: Plan, state: RolloutState, compare: CompareWorse, at: EpochMs): Ringing | undefined {
  const kept = comparisonOf(plan, state, compare.metric, at);
  const key = testKey(compare);
  const alarm = kept && own(kept.alarms, key);
  const test = kept && own(kept.tests, key);
  return kept && alarm && test && { alarm, test, kept };
}

/**
 * What keeps the percentage down at `at`, by metric: the open stage compares it, and the cohorts can't be compared now. Where everybody
 * has the flag there is nobody to compare with; triggers rest then, and only criteria wait, in vain.
 */
export function uncompared(
  plan: Plan,
  state: RolloutState,
  at: EpochMs,
): readonly { readonly metric: string; readonly reason: string }[] {
  const stage = openStage(plan, state);
  if (!stage || !isExposed(state) || state.percentage === 100) return [];
  // A comparison that only tells people of something holds nothing up.
  const triggers = stage.triggers.filter(({ action }) => action !== "notify");
  return comparedIn({ ...stage, triggers }).flatMap((metric) => {
    const reason = whyNot(plan, state, metric, at);
    return reason === undefined ? [] : [{ metric, reason }];
  });
}

/** Why nothing can be said of a metric now; undefined: the cohorts are compared. */
export function whyNot(plan: Plan, state: RolloutState, metric: string, at: EpochMs): string | undefined {
  if (state.percentage === 100) return NO_CONTROL;
  if (!isExposed(state)) return "nobody has the flag";
  const kept = own(state.comparisons ?? {}, metric);
  if (!kept) return "not compared yet at this percentage";
  if (!comparisonOf(plan, state, metric, at)) return "not compared lately";
  switch (kept.standing.kind) {
    case "compared":
      return undefined;
    case "tooFew":
      return "too few users were seen with and without the flag";
    case "mismatch":
      return "the cohort is not what the percentage says: more or fewer of the users seen have the flag";
    case "noControl":
      return NO_CONTROL;
    case "stale":
      return "the SDKs report nothing of it";
  }
}

const NO_CONTROL = "nobody is without the flag by percentage, so there is nobody to compare with";

/** Control's rate has to be this many times what it usually is before an incident is called shared. */
const ELEVATED = 2;

/**
 * Whether the users without the flag fare so badly, too, that an upper limit is broken by them as well, while no test blames the flag. Where
 * the condition is about the very thing that is compared, being beyond the limit is enough; of another source's number (all traffic in
 * Prometheus) it has to be seen that control got worse, too.
 */
export function isShared(plan: Plan, state: RolloutState, condition: Condition, at: EpochMs): boolean {
  if (condition.operator !== ">" && condition.operator !== ">=") return false;
  const metric = own(plan.metrics, condition.metric);
  const kept = comparedMetrics(plan).flatMap((name) => {
    const one = comparisonOf(plan, state, name, at);
    return one?.standing.kind === "compared" ? [{ name, ...one }] : [];
  });
  if (!metric || kept.some(({ alarms }) => Object.keys(alarms).length > 0)) return false;
  return kept.some(({ name, point, series }) => {
    const rate = point && inUnit(point, metric.unit);
    if (rate === undefined || !isTrueOf(plan, state, condition, rate)) return false;
    return isSameMeasure(metric, own(plan.metrics, name)) || rate >= ELEVATED * usual(series, metric.unit);
  });
}

/** Control's rate as a number of a metric with this unit; undefined where that means nothing. */
function inUnit({ unit: from, off: { rate } }: ComparisonPoint, unit: MetricUnit): number | undefined {
  if (rate === undefined || unit === "none" || unit === "count") return undefined;
  if (from === unit) return rate;
  const factor = own(FACTORS, `${from} to ${unit}`);
  return factor === undefined ? undefined : rate * factor;
}

const FACTORS: Dictionary<number> = {
  "ratio to percent": 100,
  "seconds to milliseconds": 1000,
  "milliseconds to seconds": 0.001,
};

function isSameMeasure({ source }: Metric, other: Metric | undefined): boolean {
  return source.kind === "sdk" && other?.source.kind === "sdk" && source.metric === other.source.metric;
}

/** Control's rate in the calm tenth of the stage, which an incident of some length does not move; Infinity while nothing is known. */
function usual(series: readonly ComparisonPoint[], unit: MetricUnit): number {
  const rates = series.flatMap((point) => inUnit(point, unit) ?? []).toSorted((a, b) => a - b);
  return rates[Math.floor(rates.length / 10)] ?? Infinity;
}

/** Whether harm beyond a criterion's margin is ruled out. Never a failure: what is not proven may be so with more users. */
export function judgeProof(
  plan: Plan,
  state: RolloutState,
  criterion: { readonly id: string; readonly within: CompareWithin },
  at: EpochMs,
): Verdict {
  const { id, within } = criterion;
  const reason = whyNot(plan, state, within.metric, at);
  if (reason !== undefined) return { kind: "inconclusive", reason };
  const proof = own(comparisonOf(plan, state, within.metric, at)?.proofs ?? {}, id);
  if (proof === undefined) return { kind: "inconclusive", reason: "no verdict yet" };
  const { upper, isProven } = proof;
  if (isProven && upper !== undefined) return { kind: "pass", value: upper, threshold: within.within };
  return { kind: "inconclusive", reason: proof.reason, ...(upper !== undefined && { value: upper }) };
}
