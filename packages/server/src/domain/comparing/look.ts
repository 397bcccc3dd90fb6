import { mismatchLogEvidence, MISMATCH_EVIDENCE } from "../compare/mismatch.ts";
import { shareOf, type BySide } from "../compare/units.ts";
import type { Comparison, Standing } from "../rollout/comparison.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { own, type Dictionary } from "../rollout/lookup.ts";
import {
  failuresPoint,
  failuresResults,
  failuresSideAfter,
  isFailuresSideOver,
  nextFailuresSide,
  startFailuresSide,
  type FailuresSide,
} from "./failures-side.ts";
import { slowLooksAfter, withSlow, type SlowLooks } from "./slow-looks.ts";
import type { ComparedMetric, MeasuredMetric } from "./tests-of.ts";
import {
  isValuesSideOver,
  nextValuesSide,
  referenceAfter,
  referenceOf,
  startValuesSide,
  valuesPoint,
  valuesResults,
  valuesSideAfter,
  type ValuesSide,
} from "./values-side.ts";
import type { ComparedSums, ComparedWindow, EpochOf } from "./window.ts";

/** All that is remembered between two looks at what SDKs report under one name, at one percentage. Plain JSON. */
export interface Comparing {
  /** Of this form; what another version kept is not read. */
  readonly version: 1;
  /** Thousandths of a percent. */
  readonly thousandths: number;
  /** The first look at this percentage. */
  readonly since: EpochMs;
  /** When something was reported last; missing: nothing yet. */
  readonly heardAt?: EpochMs;
  readonly exposed: BySide;
  readonly failures: FailuresSide;
  readonly values: ValuesSide;
  readonly slow: SlowLooks;
}

/** What one look is taken at. */
export interface LookAt {
  readonly measured: MeasuredMetric;
  /** What the look before left; undefined: this is the first one. */
  readonly before: Comparing | undefined;
  /** Epochs that this rollout has begun already, by the plan's metric: its false alarms are spent over them. */
  readonly epochs: Dictionary<number>;
  /** The percentage that is set, in thousandths of a percent. */
  readonly thousandths: number;
  /** What came in; undefined: nothing was ever reported at this percentage. */
  readonly window: ComparedWindow | undefined;
  readonly sums: () => ComparedSums | undefined;
  /** Values of users without the flag before this percentage, by bin of the whole scale; asked for once. Missing: nobody knows. */
  readonly control?: () => ArrayLike<number> | undefined;
  readonly now: EpochMs;
}

/** What one look found. */
export interface Look {
  readonly comparing: Comparing;
  /** By the plan's metric. */
  readonly comparisons: Dictionary<Comparison>;
  /** What begins anew from the next window on. */
  readonly begins: readonly EpochOf[];
}

/** SDKs report every second while a rollout is compared; after this long without any report nobody knows how users fare. */
const STALE_AFTER_MS = 60_000;

/** One look, a second after the one before: takes what came in, and says how both cohorts stand. Pure, the same in production and in a simulation. */
export function look(at: LookAt): Look {
  const started = at.before?.thousandths === at.thousandths ? at.before : start(at);
  const share = shareOf(at.thousandths);
  const { window } = at;
  const isUsable = window !== undefined && window.thousandths === at.thousandths && share > 0 && share < 1;
  const taken = isUsable ? take(started, window, at, share) : started;
  const seen = { ...taken, slow: slowLooksAfter(taken, at) };
  const standing = standingOf(seen, share, at.now);
  const comparisons = at.measured.metrics.map((metric) => [metric.name, compare(seen, metric, standing, at)]);
  const begins: EpochOf[] = [
    ...(isFailuresSideOver(seen.failures) ? ["failures" as const] : []),
    ...(isValuesSideOver(seen.values) ? ["values" as const] : []),
  ];
  const comparing = {
    ...seen,
    failures: begins.includes("failures") ? nextFailuresSide(seen.failures) : seen.failures,
    values: begins.includes("values") ? nextValuesSide(seen.values) : seen.values,
  };
  return { comparing, comparisons: Object.fromEntries(comparisons), begins };
}

/** At another percentage everything begins anew, but the budget that is spent stays spent, and control is as it was. */
function start({ measured, before, epochs, thousandths, control, now }: LookAt): Comparing {
  const spent = (of: EpochOf): number =>
    Math.max(0, ...measured.metrics.flatMap((metric) => (metric.of === of ? (own(epochs, metric.name) ?? 0) : [])));
  return {
    version: 1,
    thousandths,
    since: now,
    exposed: { on: 0, off: 0 },
    failures: startFailuresSide(Math.max(before?.failures.epoch ?? 0, spent("failures")) + 1),
    values: startValuesSide(
      Math.max(before?.values.epoch ?? 0, spent("values")) + 1,
      (before && referenceAfter(before.values)) ?? referenceOf(control?.()),
    ),
    slow: { looks: 0, harms: {}, proofs: {} },
  };
}

function take(
  { heardAt, ...comparing }: Comparing,
  window: ComparedWindow,
  { measured, now }: LookAt,
  share: number,
): Comparing {
  const compares = (of: EpochOf) => measured.metrics.some((one) => one.of === of);
  const settings = (of: EpochOf) => measured.metrics.filter((one) => one.of === of).flatMap(({ tests }) => tests);
  const heard = window.requests.on + window.requests.off > 0 ? now : heardAt;
  const { exposed } = comparing;
  return {
    ...comparing,
    ...(heard !== undefined && { heardAt: heard }),
    exposed: { on: exposed.on + window.exposed.on, off: exposed.off + window.exposed.off },
    failures: compares("failures")
      ? failuresSideAfter(comparing.failures, window, { settings: settings("failures"), share, now })
      : comparing.failures,
    values: compares("values")
      ? valuesSideAfter(comparing.values, window, { settings: settings("values"), share })
      : comparing.values,
  };
}

function standingOf({ since, heardAt, exposed }: Comparing, share: number, now: EpochMs): Standing {
  if (share === 1) return { kind: "noControl" };
  if (now - (heardAt ?? since) > STALE_AFTER_MS) return { kind: "stale", since: heardAt ?? since };
  if (share === 0 || exposed.on + exposed.off === 0) return { kind: "tooFew" };
  const logEvidence = mismatchLogEvidence(exposed, share);
  if (logEvidence >= Math.log(MISMATCH_EVIDENCE))
    return { kind: "mismatch", evidence: Math.exp(Math.min(logEvidence, 600)) };
  return exposed.on === 0 || exposed.off === 0 ? { kind: "tooFew" } : { kind: "compared" };
}

function compare(
  { failures, values, slow, heardAt, thousandths }: Comparing,
  { of, unit, tests, proofs }: ComparedMetric,
  standing: Standing,
  { measured, now }: LookAt,
): Comparison {
  const fast = of === "failures" ? failuresResults(failures) : valuesResults(values, tests);
  const point =
    of === "failures"
      ? failuresPoint(failures, shareOf(thousandths), now)
      : valuesPoint(values, { measured: measured.measured, unit, at: now });
  const results = tests.flatMap(({ key }) => {
    const test = own(fast, key);
    return test ? [[key, withSlow(test, own(slow.harms, key))]] : [];
  });
  return {
    standing,
    epoch: of === "failures" ? failures.epoch : values.epoch,
    tests: Object.fromEntries(results),
    proofs: pick(
      slow.proofs,
      proofs.map(({ id }) => id),
    ),
    ...(heardAt !== undefined && { point }),
  };
}

/** The entries under these keys, where there are any. */
function pick<T>(map: Dictionary<T>, keys: readonly string[]): Dictionary<T> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => keys.includes(key)));
}
