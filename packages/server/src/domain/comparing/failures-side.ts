import { oddsOf } from "../compare/evidence.ts";
import {
  failuresVerdict,
  failuresWindow,
  isFailuresEpochOver,
  startFailures,
  type FailuresState,
} from "../compare/failures.ts";
import type { BySide } from "../compare/units.ts";
import type { CohortPoint, ComparisonPoint, TestResult } from "../rollout/comparison.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";
import { fastResult } from "./fast-result.ts";
import type { TestSettings } from "./tests-of.ts";
import type { ComparedWindow } from "./window.ts";

/** Failures of both cohorts at one percentage. Plain JSON. */
export interface FailuresSide {
  /** From 1, over the whole rollout. */
  readonly epoch: number;
  /** By `testKey`; begun with the first window of an epoch. */
  readonly tests: Dictionary<FailuresState>;
  /** Units of the epoch, and requests that failed in it. */
  readonly seen: BySide;
  readonly failed: BySide;
  readonly failures: BySide;
  /** The last half minute, in slices; the oldest first. */
  readonly recent: readonly Slice[];
}

interface Slice {
  readonly from: EpochMs;
  readonly requests: BySide;
  readonly failures: BySide;
  /** Units whose first failure of the epoch it was. */
  readonly failed: BySide;
}

/** What a cohort's rate is made of: long enough for a number, short enough to see two lines rise together. */
const RECENT_MS = 30_000;
const SLICE_MS = 5_000;

const NONE: BySide = { on: 0, off: 0 };

/** The failures' side of a comparison at the beginning of an epoch, which is counted from 0 in a rollout. */
export function startFailuresSide(epoch: number): FailuresSide {
  return { epoch, tests: {}, seen: NONE, failed: NONE, failures: NONE, recent: [] };
}

/** Takes one window; `share`: strictly between 0 and 1. */
export function failuresSideAfter(
  side: FailuresSide,
  window: ComparedWindow,
  {
    settings,
    share,
    now,
  }: { readonly settings: readonly TestSettings[]; readonly share: number; readonly now: EpochMs },
): FailuresSide {
  const tests = settings.map(({ key, fastAlpha, tolerated, plannedEpochs, unitsSeenMin }) => {
    const options = { alpha: fastAlpha, tolerated, plannedEpochs, ...(unitsSeenMin !== undefined && { unitsSeenMin }) };
    const test = own(side.tests, key) ?? { ...startFailures(options, share), epoch: side.epoch };
    return [key, failuresWindow(test, window)];
  });
  return {
    epoch: side.epoch,
    tests: Object.fromEntries(tests),
    seen: plus(side.seen, window.seen),
    failed: plus(side.failed, window.failed),
    failures: plus(side.failures, window.failures),
    recent: withSlice(side.recent, window, now),
  };
}

/** Every unit can fail "first" again from the next window on. */
export function isFailuresSideOver({ tests }: FailuresSide): boolean {
  return Object.values(tests).some(isFailuresEpochOver);
}

/** The next epoch: its tests begin anew, the curve of what was seen goes on. */
export function nextFailuresSide({ epoch, recent }: FailuresSide): FailuresSide {
  return { ...startFailuresSide(epoch + 1), recent };
}

/** How far each test is. */
export function failuresResults({ tests }: FailuresSide): Dictionary<TestResult> {
  return Object.fromEntries(Object.entries(tests).map(([key, test]) => [key, fastResult(failuresVerdict(test))]));
}

/** Beyond this an odds ratio is no better known than "very much". */
const ODDS_MAX = 64;

/** The odds ratio of failing with the flag against without, as one point for a chart. `share`: of the users that are on, 0…1. */
export function failuresPoint(side: FailuresSide, share: number, at: EpochMs): ComparisonPoint {
  const { estimate, low, high } = oddsOf(side.failed, share);
  return {
    at,
    of: "failures",
    unit: "ratio",
    ...(estimate !== undefined && { ratio: Math.min(estimate, ODDS_MAX) }),
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
    on: cohort(side, "on"),
    off: cohort(side, "off"),
  };
}

function cohort({ seen, failed, failures, recent }: FailuresSide, side: keyof BySide): CohortPoint {
  const requests = recent.reduce((sum, slice) => sum + slice.requests[side], 0);
  const broken = recent.reduce((sum, slice) => sum + slice.failures[side], 0);
  return {
    users: seen[side],
    failing: failed[side],
    failingLately: recent.reduce((sum, slice) => sum + slice.failed[side], 0),
    failures: failures[side],
    ...(requests > 0 && { rate: broken / requests }),
  };
}

function withSlice(
  recent: readonly Slice[],
  { requests, failures, failed }: ComparedWindow,
  now: EpochMs,
): readonly Slice[] {
  const kept = recent.filter(({ from }) => now - from < RECENT_MS);
  const last = kept.at(-1);
  if (last === undefined || now - last.from >= SLICE_MS) return [...kept, { from: now, requests, failures, failed }];
  return [
    ...kept.slice(0, -1),
    {
      from: last.from,
      requests: plus(last.requests, requests),
      failures: plus(last.failures, failures),
      failed: plus(last.failed, failed),
    },
  ];
}

const plus = (left: BySide, right: BySide): BySide => ({ on: left.on + right.on, off: left.off + right.off });
