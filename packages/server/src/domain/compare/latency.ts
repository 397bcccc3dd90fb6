import { BIN_RATIO, comparedCounts, firstComparedBin } from "@rampart/core";
import { logNeeded } from "./epochs.ts";
import type { FastVerdict } from "./failures.ts";
import { EMPTY_MIXTURE, mixtureStep, type Mixture } from "./mixture.ts";
import { labelLog, poolLog } from "./kernels.ts";
import { SLOWDOWNS, tiltsOf } from "./tilts.ts";
import type { BySide } from "./units.ts";

/** Windows of a second that an epoch of values has: ten minutes. */
export const LATENCY_EPOCH_WINDOWS = 600;
/** From this share on, the few are those who are off, and the labels are bet on instead of the pool. */
const LABEL_SHARE_MIN = 0.5;

/** What a test of latencies is made for; fixed for its life. */
export interface LatencySettings {
  /** False alarms that the fast layer of this metric may have in a whole rollout, 0…1. */
  readonly alpha: number;
  /** The tolerated factor ≥ 1: 1 for any slowdown. Rounded up to whole bins. */
  readonly tolerated: number;
  readonly plannedEpochs: number;
  /** Values of control before the stage, at least ten minutes of them: a count for each bin of the whole scale. */
  readonly reference: ArrayLike<number>;
  /** Delays an alarm until so many distinct units had a value in the epoch; validity needs none. */
  readonly unitsSeenMin?: number;
}

/** One window of a second: first values of units in the epoch, a count for each bin of the whole scale. */
export interface LatencyWindow {
  readonly values: { readonly on: ArrayLike<number>; readonly off: ArrayLike<number> };
}

/** Where the test of one metric stands: plain JSON. What is made of the settings is not in it (`latencyModel`). */
export interface LatencyState {
  /** The configured share of the epoch (`shareOf`). */
  readonly share: number;
  /** From 1. */
  readonly epoch: number;
  readonly mixture: Mixture;
  /** Units with a value in the epoch. */
  readonly seen: BySide;
}

/** What is bet on: made of the settings, so not stored with the state. */
export interface LatencyModel {
  readonly settings: LatencySettings;
  /** The first compared bin of the scale. */
  readonly firstBin: number;
  /** Whole bins by which values of users who are on are lowered before they are compared. */
  readonly shift: number;
  /** `psi_s(b)`: for each slowdown, for each compared bin. */
  readonly tilts: readonly (readonly number[])[];
}

/** Some milliseconds of work; kept as long as the settings. */
export function latencyModel(settings: LatencySettings): LatencyModel {
  const firstBin = firstComparedBin(settings.reference);
  const reference = comparedCounts(settings.reference, firstBin);
  const bins = Math.log(settings.tolerated) / Math.log(BIN_RATIO);
  // A tolerance of exactly so many bins is not one more by rounding.
  return { settings, firstBin, shift: Math.ceil(bins - 1e-9), tilts: tiltsOf(reference) };
}

/** `share`: strictly between 0 and 1. */
export function startLatency(share: number): LatencyState {
  return { share, epoch: 1, mixture: EMPTY_MIXTURE, seen: { on: 0, off: 0 } };
}

/** The epoch is over: the caller empties its bitmap, and the next `latencyWindow` begins the next epoch by itself. */
export function isLatencyEpochOver({ mixture: { window } }: LatencyState): boolean {
  return window >= LATENCY_EPOCH_WINDOWS;
}

/** A new epoch right away, for a change of the percentage: `share` is the new one. The caller empties its bitmap. */
export function nextLatencyEpoch({ epoch }: LatencyState, share: number): LatencyState {
  return { ...startLatency(share), epoch: epoch + 1 };
}

/** Takes one window. */
export function latencyWindow(model: LatencyModel, state: LatencyState, { values }: LatencyWindow): LatencyState {
  const current = isLatencyEpochOver(state) ? nextLatencyEpoch(state, state.share) : state;
  const on = comparedCounts(values.on, model.firstBin + model.shift);
  const off = comparedCounts(values.off, model.firstBin);
  const seen = { on: sum(on), off: sum(off) };
  const bets = seen.on === 0 || seen.off === 0 ? NO_NEWS : tiltBets(model, { on, off }, current.share);
  const mixture = mixtureStep(current.mixture, bets, LATENCY_EPOCH_WINDOWS);
  return {
    ...current,
    mixture,
    seen: { on: current.seen.on + seen.on, off: current.seen.off + seen.off },
  };
}

const NO_NEWS: readonly number[] = SLOWDOWNS.map(() => 0);

function tiltBets(
  { tilts }: LatencyModel,
  { on, off }: { readonly on: Float64Array; readonly off: Float64Array },
  share: number,
): readonly number[] {
  const all = on.map((count, bin) => count + (off[bin] ?? 0));
  const kernel = share < LABEL_SHARE_MIN ? poolLog : labelLog;
  return tilts.map((tilt) => kernel(on, all, tilt));
}

/** Alarm at the first evidence that reaches what the epoch needs. */
export function latencyVerdict({ settings }: LatencyModel, { epoch, mixture, seen }: LatencyState): FastVerdict {
  const { alpha, plannedEpochs, unitsSeenMin = 0 } = settings;
  const needed = logNeeded({ alpha, epoch, plannedEpochs });
  const alarm = mixture.logEvidence >= needed && seen.on + seen.off >= unitsSeenMin;
  return { logEvidence: mixture.logEvidence, logNeeded: needed, alarm };
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin] ?? 0;
  return total;
}
