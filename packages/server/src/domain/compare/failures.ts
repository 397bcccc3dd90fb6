import { logNeeded } from "./epochs.ts";
import { EMPTY_MIXTURE, mixtureIdle, mixtureStep, type Mixture } from "./mixture.ts";

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

export interface FailuresSettings {
  /** False alarms that the fast layer of this metric may have in a whole rollout, 0…1. */
  readonly alpha: number;
  /** The tolerated odds ratio psi0 ≥ 1: 1 for any harm, 1.25 for `worseBy: 25%`. */
  readonly tolerated: number;
  readonly plannedEpochs: number;
  /** Delays an alarm until so many distinct units were seen in the epoch; validity needs none. */
  readonly unitsSeenMin?: number;
  /** Windows of an epoch; `FAILURES_EPOCH_WINDOWS` if not given. */
  readonly epochWindows?: number;
}

/** One window of a second, over the units whose cohort is known (`cohortOfUnit`). */
export interface FailuresWindow {
  /** Units with their first failure of the epoch in this window: those that are on, and all. */
  readonly on: number;
  readonly total: number;
  /** Distinct units seen since the epoch began, this window's among them. */
  readonly seen: number;
}

/** Where the coin test of one metric stands: plain JSON. */
export interface FailuresState {
  readonly settings: FailuresSettings;
  /** The configured share rho of the epoch (`shareOf`). */
  readonly share: number;
  /** From 1. */
  readonly epoch: number;
  readonly mixture: Mixture;
  /** Distinct units that failed in the epoch: those that are on, and all. */
  readonly on: number;
  readonly total: number;
  readonly seen: number;
}

/** `share`: `shareOf` the percentage, strictly between 0 and 1. */
export function startFailures(settings: FailuresSettings, share: number): FailuresState {
  return { settings, share, epoch: 1, mixture: EMPTY_MIXTURE, on: 0, total: 0, seen: 0 };
}

/**
 * The epoch is over: every unit can fail "first" again. The caller empties its bitmaps, and the next `failuresWindow` begins the
 * next epoch by itself.
 */
export function isFailuresEpochOver({ settings, mixture: { window }, total, seen }: FailuresState): boolean {
  if (window >= epochWindows(settings)) return true;
  return window >= EARLY_WINDOWS_MIN && seen >= EARLY_SEEN_MIN && total > EARLY_FAILED_SHARE * seen;
}

/** A new epoch right away, for a change of the percentage: `share` is the new one. The caller empties its bitmaps. */
export function nextFailuresEpoch(state: FailuresState, share: number = state.share): FailuresState {
  return { ...startFailures(state.settings, share), epoch: state.epoch + 1 };
}

/**
 * Takes one window. If the flag changes nothing, each unit that fails was on with probability `share`, whatever the traffic, the
 * incidents and the clustering: a coin, against which is bet. (Lindon & Malek 2020; Lindon, Sanden & Shirikian, KDD 2022.)
 */
export function failuresWindow(state: FailuresState, { on, total, seen }: FailuresWindow): FailuresState {
  const current = isFailuresEpochOver(state) ? nextFailuresEpoch(state) : state;
  const { settings, share } = current;
  const planned = epochWindows(settings);
  const mixture =
    total === 0
      ? mixtureIdle(current.mixture, 1, BETS.length, planned)
      : mixtureStep(current.mixture, coinBets({ on, total, share, tolerated: settings.tolerated }), planned);
  return { ...current, mixture, on: current.on + on, total: current.total + total, seen };
}

/** What a window brings to each bet. */
function coinBets(window: Omit<Coin, "odds">): readonly number[] {
  return BETS.map((bet) => coinLog({ ...window, odds: bet * window.tolerated }));
}

export interface Coin {
  readonly on: number;
  readonly total: number;
  readonly share: number;
  readonly odds: number;
  readonly tolerated: number;
}

/**
 * `x·ln(psi/psi0) − m·ln((1 − rho + rho·psi)/(1 − rho + rho·psi0))`: the log likelihood ratio of x on among m that failed, at odds
 * psi against psi0.
 */
export function coinLog({ on, total, share, odds, tolerated }: Coin): number {
  return (
    on * Math.log(odds / tolerated) - total * Math.log((1 - share + share * odds) / (1 - share + share * tolerated))
  );
}

/** What the test says after the last window. */
export interface FailuresVerdict {
  /** `ln E`. */
  readonly logEvidence: number;
  /** `ln` of what this epoch needs. */
  readonly logNeeded: number;
  readonly alarm: boolean;
}

/** Alarm at the first evidence that reaches what the epoch needs, with enough distinct failing units on. */
export function failuresVerdict({ settings, epoch, mixture, on, seen }: FailuresState): FailuresVerdict {
  const { alpha, plannedEpochs, unitsSeenMin = 0 } = settings;
  const needed = logNeeded({ alpha, epoch, plannedEpochs });
  const isEnough = on >= FAILING_ON_UNITS_MIN && seen >= unitsSeenMin;
  return {
    logEvidence: mixture.logEvidence,
    logNeeded: needed,
    alarm: isEnough && mixture.logEvidence >= needed,
  };
}

const epochWindows = (settings: FailuresSettings): number => settings.epochWindows ?? FAILURES_EPOCH_WINDOWS;
