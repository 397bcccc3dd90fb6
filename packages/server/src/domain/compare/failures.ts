import { logNeeded } from "./epochs.ts";
import { EMPTY_MIXTURE, mixtureStep, type Mixture } from "./mixture.ts";
import type { BySide } from "./units.ts";

/** Windows of a second that an epoch of failures has: an hour. */
export const FAILURES_EPOCH_WINDOWS = 3600;
/** Odds ratios that are bet on, times the tolerated one. */
export const BETS: readonly number[] = [1.25, 1.5, 2, 3, 5, 8, 15, 40];
/** An alarm has at least so many distinct failing units on: a handful of users, never one unlucky one. */
export const FAILING_ON_UNITS_MIN = 5;
/** An epoch ends early after this many windows, with this many units seen, when more than this share of them have failed. */
const EARLY_WINDOWS_MIN = 60;
const EARLY_SEEN_MIN = 100;
const EARLY_FAILED_SHARE = 0.3;

/** What a test of failures is made for; fixed for its life. */
export interface FailuresSettings {
  /** False alarms that the fast layer of this metric may have in a whole rollout, 0…1. */
  readonly alpha: number;
  /** The tolerated odds ratio psi0 ≥ 1: 1 for any harm, 1.25 for `worseBy: 25%`. */
  readonly tolerated: number;
  readonly plannedEpochs: number;
  /** Delays an alarm until so many distinct units were seen in the epoch; validity needs none. */
  readonly unitsSeenMin?: number;
}

/** One window of a second, over the units whose cohort is known; the one that straddles the threshold is in neither. */
export interface FailuresWindow {
  /** Units with their first failure of the epoch. */
  readonly failed: BySide;
  /** Units seen for the first time in the epoch. */
  readonly seen: BySide;
}

/** Where the coin test of one metric stands: plain JSON. */
export interface FailuresState {
  readonly settings: FailuresSettings;
  /** The configured share rho of the epoch (`shareOf`). */
  readonly share: number;
  /** From 1. */
  readonly epoch: number;
  readonly mixture: Mixture;
  /** Distinct units that failed in the epoch, and that were seen in it. */
  readonly failed: BySide;
  readonly seen: BySide;
}

/** `share`: strictly between 0 and 1. */
export function startFailures(settings: FailuresSettings, share: number): FailuresState {
  return { settings, share, epoch: 1, mixture: EMPTY_MIXTURE, failed: NONE, seen: NONE };
}

const NONE: BySide = { on: 0, off: 0 };

/**
 * The epoch is over: every unit can fail "first" again. The caller empties its bitmaps, and the next `failuresWindow` begins the
 * next epoch by itself.
 */
export function isFailuresEpochOver({ mixture: { window }, failed, seen }: FailuresState): boolean {
  if (window >= FAILURES_EPOCH_WINDOWS) return true;
  const seenUnits = seen.on + seen.off;
  if (window < EARLY_WINDOWS_MIN || seenUnits < EARLY_SEEN_MIN) return false;
  return failed.on + failed.off > EARLY_FAILED_SHARE * seenUnits;
}

/** A new epoch right away, for a change of the percentage: `share` is the new one. The caller empties its bitmaps. */
export function nextFailuresEpoch({ settings, epoch }: FailuresState, share: number): FailuresState {
  return { ...startFailures(settings, share), epoch: epoch + 1 };
}

/**
 * Takes one window. If the flag changes nothing, each unit that fails was on with probability `share`, whatever the traffic, the
 * incidents and the clustering: a coin, against which is bet. (Lindon & Malek 2020; Lindon, Sanden & Shirikian, KDD 2022.)
 */
export function failuresWindow(state: FailuresState, { failed, seen }: FailuresWindow): FailuresState {
  const current = isFailuresEpochOver(state) ? nextFailuresEpoch(state, state.share) : state;
  const { settings, share } = current;
  const bets = coinBets(failed, share, settings.tolerated);
  const mixture = mixtureStep(current.mixture, bets, FAILURES_EPOCH_WINDOWS);
  return { ...current, mixture, failed: add(current.failed, failed), seen: add(current.seen, seen) };
}

const NO_NEWS: readonly number[] = BETS.map(() => 0);

function coinBets({ on, off }: BySide, share: number, tolerated: number): readonly number[] {
  const total = on + off;
  return total === 0 ? NO_NEWS : BETS.map((bet) => coinLog({ on, total, share, odds: bet * tolerated, tolerated }));
}

/** Of `total` units that failed `on` are on, at the configured share. */
export interface Coin {
  readonly on: number;
  readonly total: number;
  readonly share: number;
  /** psi and psi0. */
  readonly odds: number;
  readonly tolerated: number;
}

/**
 * `x·ln(psi/psi0) − m·ln((1 − rho + rho·psi)/(1 − rho + rho·psi0))`: the log likelihood ratio of x on among m that failed, at odds
 * psi against psi0.
 */
export function coinLog({ on, total, share, odds, tolerated }: Coin): number {
  const base = 1 - share + share * tolerated;
  return on * Math.log(odds / tolerated) - total * Math.log1p((share * (odds - tolerated)) / base);
}

/** What a sequential test says after its last window. */
export interface FastVerdict {
  /** `ln E`. */
  readonly logEvidence: number;
  /** `ln` of what this epoch needs. */
  readonly logNeeded: number;
  readonly alarm: boolean;
}

/** Alarm at the first evidence that reaches what the epoch needs, with enough distinct failing units on. */
export function failuresVerdict({ settings, epoch, mixture, failed, seen }: FailuresState): FastVerdict {
  const { alpha, plannedEpochs, unitsSeenMin = 0 } = settings;
  const needed = logNeeded({ alpha, epoch, plannedEpochs });
  const isEnough = failed.on >= FAILING_ON_UNITS_MIN && seen.on + seen.off >= unitsSeenMin;
  return { logEvidence: mixture.logEvidence, logNeeded: needed, alarm: isEnough && mixture.logEvidence >= needed };
}

const add = (left: BySide, right: BySide): BySide => ({ on: left.on + right.on, off: left.off + right.off });
