import type { Mixture } from "./mixture.ts";

/** Windows of a second that an epoch of values has: ten minutes. */
export const LATENCY_EPOCH_WINDOWS = 600;

export interface LatencySettings {
  /** False alarms that the fast layer of this metric may have in a whole rollout, 0…1. */
  readonly alpha: number;
  /** The tolerated factor ≥ 1: 1 for any slowdown. Rounded up to whole bins. */
  readonly tolerated: number;
  readonly plannedEpochs: number;
  /** Values of control before the stage, at least ten minutes of them, one count for each bin. */
  readonly reference: readonly number[];
  /** Delays an alarm until so many distinct units had a value in the epoch; validity needs none. */
  readonly unitsSeenMin?: number;
}

/** One window of a second: first values of units in the epoch, a count for each bin, by cohort. */
export interface LatencyWindow {
  readonly on: readonly number[];
  readonly off: readonly number[];
}

/** Where the test stands: plain JSON. What is derived from the settings is not in it (`latencyModel`). */
export interface LatencyState {
  /** The configured share of the epoch (`shareOf`). */
  readonly share: number;
  /** From 1. */
  readonly epoch: number;
  readonly mixture: Mixture;
  /** Units with a value in the epoch: those that are on, and all. */
  readonly on: number;
  readonly total: number;
}

/** The tilts that are bet on: made of the settings once, not stored. */
export interface LatencyModel {
  readonly settings: LatencySettings;
  /** Whole bins by which values of the on cohort are lowered before they are compared. */
  readonly shift: number;
  /** `psi_s(b)` for each slowdown s, each bin b. */
  readonly tilts: readonly (readonly number[])[];
}

/** `edges`: the inner edges, rising, one fewer than bins; bin b holds values above edge b − 1 and up to edge b. */
export function latencyModel(_settings: LatencySettings, _edges: readonly number[]): LatencyModel {
  throw new Error("not yet");
}

/** `share`: `shareOf` the percentage, strictly between 0 and 1. */
export function startLatency(_share: number): LatencyState {
  throw new Error("not yet");
}

/** The epoch is over: the caller empties its bitmaps, and the next `latencyWindow` begins the next epoch by itself. */
export function isLatencyEpochOver(_state: LatencyState): boolean {
  throw new Error("not yet");
}

/** A new epoch right away, for a change of the percentage. */
export function nextLatencyEpoch(_state: LatencyState, _share?: number): LatencyState {
  throw new Error("not yet");
}

export function latencyWindow(_model: LatencyModel, _state: LatencyState, _window: LatencyWindow): LatencyState {
  throw new Error("not yet");
}

export interface LatencyVerdict {
  readonly logEvidence: number;
  readonly logNeeded: number;
  readonly alarm: boolean;
}

export function latencyVerdict(_model: LatencyModel, _state: LatencyState): LatencyVerdict {
  throw new Error("not yet");
}
