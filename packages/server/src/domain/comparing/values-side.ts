import { binOfQuantile, RUN_METRIC, VALUE_BINS, valueOfBin } from "@rampart/core";
import {
  isLatencyEpochOver,
  latencyModel,
  latencyVerdict,
  latencyWindow,
  startLatency,
  type LatencyModel,
  type LatencyState,
} from "../compare/latency.ts";
import type { Arms } from "../compare/slow.ts";
import type { MetricUnit } from "../plan/types.ts";
import type { CohortPoint, ComparisonPoint, TestResult } from "../rollout/comparison.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";
import { fastResult } from "./fast-result.ts";
import type { TestSettings } from "./tests-of.ts";
import type { ComparedWindow } from "./window.ts";

/** Values of both cohorts at one percentage. Plain JSON. */
export interface ValuesSide {
  /** From 1, over the whole rollout. */
  readonly epoch: number;
  /** Control's values, by bin of the whole scale: what the bets are made of; missing until there are enough. */
  readonly reference?: readonly number[];
  /** By `testKey`; begun with the first window of an epoch, once there is a reference. */
  readonly tests: Dictionary<LatencyState>;
  /** First values of the epoch, by bin of the whole scale. */
  readonly counts: Histograms;
  /** Those of the epoch before; missing in the first one. */
  readonly before?: Histograms;
}

interface Histograms {
  readonly on: readonly number[];
  readonly off: readonly number[];
}

/** Values of control that bets can be made of: half a thousand put its quantiles where they are to within a bin or two. */
const REFERENCE_MIN = 500;

const EMPTY: readonly number[] = Array.from({ length: VALUE_BINS }, () => 0);
const NOTHING: Histograms = { on: EMPTY, off: EMPTY };

/** `reference`: what control was like at the percentage before. */
export function startValuesSide(epoch: number, reference?: readonly number[]): ValuesSide {
  return { epoch, tests: {}, counts: NOTHING, ...(reference && { reference }) };
}

/** Takes one window; `share`: strictly between 0 and 1. */
export function valuesSideAfter(
  side: ValuesSide,
  { values }: ComparedWindow,
  { settings, share }: { readonly settings: readonly TestSettings[]; readonly share: number },
): ValuesSide {
  const counts = { on: plus(side.counts.on, values.on), off: plus(side.counts.off, values.off) };
  const { reference } = side;
  if (reference === undefined) return { ...side, counts };
  const tests = settings.map((one) => {
    const test = own(side.tests, one.key) ?? { ...startLatency(share), epoch: side.epoch };
    return [one.key, latencyWindow(modelOf(reference, one), test, { values })];
  });
  return { ...side, counts, tests: Object.fromEntries(tests) };
}

/** The epoch is over, or what control is like is known by now: from the next window on every unit can have a value "first" again. */
export function isValuesSideOver({ reference, tests, counts }: ValuesSide): boolean {
  if (reference === undefined) return total(counts.off) >= REFERENCE_MIN;
  return Object.values(tests).some(isLatencyEpochOver);
}

/** What was only looked at to know control is no epoch: nothing was bet, and nothing of the budget is spent. */
export function nextValuesSide({ epoch, reference, counts }: ValuesSide): ValuesSide {
  const next = startValuesSide(reference === undefined ? epoch : epoch + 1, referenceAfter({ reference, counts }));
  return { ...next, before: counts };
}

/** What control was like before, where that is enough. */
export function referenceOf(counts: ArrayLike<number> | undefined): readonly number[] | undefined {
  const reference = counts && Array.from(counts);
  return reference && total(reference) >= REFERENCE_MIN ? reference : undefined;
}

/** What control is like by the newest epoch, where that is enough. */
export function referenceAfter({
  reference,
  counts,
}: Pick<ValuesSide, "counts"> & { readonly reference?: readonly number[] | undefined }): readonly number[] | undefined {
  return total(counts.off) >= REFERENCE_MIN ? counts.off : reference;
}

/** How far each test is. */
export function valuesResults(
  { tests, reference }: ValuesSide,
  settings: readonly TestSettings[],
): Dictionary<TestResult> {
  if (reference === undefined) return {};
  return Object.fromEntries(
    settings.flatMap((one) => {
      const test = own(tests, one.key);
      return test ? [[one.key, fastResult(latencyVerdict(modelOf(reference, one), test))]] : [];
    }),
  );
}

/** Each unit's first value of the fuller one of the last two epochs, as if a request had cost it: the ratio of the sums is that of the means. */
export function valuesArms({ counts, before = NOTHING }: ValuesSide): Arms {
  const fuller = total(counts.on) >= total(before.on) ? counts : before;
  return { on: armOf(fuller.on), off: armOf(fuller.off) };
}

function armOf(counts: readonly number[]): Arms["on"] {
  const values = counts.flatMap((count, bin) => Array.from({ length: count }, () => valueOfBin(bin)));
  return { requests: values.map(() => 1), failures: values };
}

/** `run` is measured in milliseconds, everything else in the unit of whoever tracks it. */
export function valuesPoint(
  { counts }: ValuesSide,
  { measured, unit, at }: { readonly measured: string; readonly unit: MetricUnit; readonly at: EpochMs },
): ComparisonPoint {
  const [on, off] = [meanOf(counts.on), meanOf(counts.off)];
  const scale = measured === RUN_METRIC && unit === "seconds" ? 1000 : 1;
  return {
    at,
    of: "values",
    unit,
    ...(on !== undefined && off !== undefined && { ratio: on / off }),
    on: cohort(counts.on, scale),
    off: cohort(counts.off, scale),
  };
}

function cohort(counts: readonly number[], scale: number): CohortPoint {
  const bin = binOfQuantile(counts, 0.95);
  return {
    users: total(counts),
    failing: 0,
    failingLately: 0,
    failures: 0,
    ...(bin !== undefined && { rate: valueOfBin(bin) / scale }),
  };
}

/** The geometric mean: of how many times longer it takes, not of how much. */
function meanOf(counts: readonly number[]): number | undefined {
  let all = 0;
  let weighted = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin] ?? 0;
    all += count;
    weighted += count * bin;
  }
  // Bins are of equal ratio, so the mean bin holds it.
  return all === 0 ? undefined : valueOfBin(weighted / all);
}

/** Models take milliseconds to make; they live as long as the reference that they are made of. */
const models = new WeakMap<readonly number[], Map<string, LatencyModel>>();

function modelOf(reference: readonly number[], settings: TestSettings): LatencyModel {
  const known = models.get(reference) ?? new Map<string, LatencyModel>();
  models.set(reference, known);
  const { key, fastAlpha, tolerated, plannedEpochs, unitsSeenMin } = settings;
  const model =
    known.get(key) ??
    latencyModel({
      alpha: fastAlpha,
      tolerated,
      plannedEpochs,
      reference,
      ...(unitsSeenMin !== undefined && { unitsSeenMin }),
    });
  known.set(key, model);
  return model;
}

function total(counts: readonly number[]): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) sum += counts[bin] ?? 0;
  return sum;
}

function plus(left: readonly number[], right: ArrayLike<number>): readonly number[] {
  const both = left.slice();
  for (let bin = 0; bin < both.length; bin++) {
    const more = right[bin] ?? 0;
    // Most bins of a second are empty.
    if (more !== 0) both[bin] = (both[bin] ?? 0) + more;
  }
  return both;
}
