import type { ClientFlag, ClientServed, Cohort, EventsBody } from "@rampart/core";
import { METRIC_LENGTH_MAX, RUN_METRIC, valueBin } from "@rampart/core";

/** Flags × cohorts and metrics that are kept apart between two reports; what comes beyond is counted as dropped. */
export const SERIES_MAX = 100;

/** What is reported of the calls between two reports. */
export type Measured = Required<Pick<EventsBody, "runs" | "tracks" | "cohorts" | "dropped">>;

/** How a call ended. `value`: what was measured of it, milliseconds for `run`; undefined: nothing. */
export interface Outcome {
  readonly failed?: boolean | undefined;
  readonly value?: number | undefined;
}

/** Every flag's answer at the time of a call; undefined: there was none yet. */
export type Served = { readonly [key: string]: ClientFlag } | undefined;

type Filled = { -readonly [F in keyof Measured]: Measured[F] extends readonly (infer E)[] ? E[] : Measured[F] };

interface Series {
  readonly metric: string;
  /** Undefined: of all calls together. */
  readonly of: { readonly flag: string; readonly cohort: Cohort } | undefined;
  count: number;
  failures: number;
  sum: number;
  readonly bins: Map<number, number>;
}

/** Counts in bounded memory what `run`, `measure` and `track` see between two reports. */
export interface Measures {
  /** Counts a call of a user whom the flag put into a cohort. */
  ended(flag: string, isOn: boolean, metric: string, outcome: Outcome): void;
  /**
   * Counts an event, and once more in the cohort of each flag that may be under a rollout: the server knows which are, and takes those.
   * `silenceMs`: since the server was last heard of.
   */
  track(metric: string, outcome: Outcome, flags: Served, silenceMs: number): void;
  /** Takes out what was counted, and begins anew. */
  take(): Measured;
  /** A report did not arrive: what was in it counts as dropped. */
  lost(report: Measured): void;
}

/** Nothing was counted yet. */
export function createMeasures(): Measures {
  const all = new Map<string, Series>();
  let dropped = 0;

  const count = (metric: string, of: Series["of"], { failed, value }: Outcome): void => {
    const key = JSON.stringify([metric, of]);
    const series = all.get(key) ?? { metric, of, count: 0, failures: 0, sum: 0, bins: new Map() };
    if (series.count === 0 && all.size >= SERIES_MAX) {
      dropped += 1;
      return;
    }
    all.set(key, series);
    series.count += 1;
    if (failed === true) series.failures += 1;
    if (value === undefined) return;
    series.sum += value;
    const bin = valueBin(value);
    series.bins.set(bin, (series.bins.get(bin) ?? 0) + 1);
  };

  const ended: Measures["ended"] = (flag, isOn, metric, outcome) =>
    count(metric, { flag, cohort: isOn ? "on" : "off" }, outcome);

  return {
    ended,
    track: (metric, outcome, flags, silenceMs) => {
      const { value = 1 } = outcome;
      if (!Number.isFinite(value) || metric.length > METRIC_LENGTH_MAX) {
        dropped += 1;
        return;
      }
      count(metric, undefined, { value });
      if (metric === RUN_METRIC) return;
      for (const flag in flags) {
        // What has no value is of no type either.
        const { value: isOn, lease, reason } = flags[flag] as ClientServed;
        // At 100 % nobody is divided any more, but the lease still tells. Whoever is served an expired flag's off variant is in no cohort.
        const isInCohort = lease === undefined ? reason === "SPLIT" : silenceMs <= lease.ms;
        if (isInCohort && typeof isOn === "boolean") ended(flag, isOn, metric, outcome);
      }
    },
    take: () => {
      const report: Filled = { runs: [], tracks: [], cohorts: [], dropped };
      for (const [, { metric, of, count: calls, failures, sum, bins }] of all) {
        if (of === undefined) report.tracks.push({ metric, count: calls, sum });
        else if (metric === RUN_METRIC)
          report.runs.push({ ...of, count: calls, failures, latencySumMs: sum, latencyBins: [...bins] });
        else report.cohorts.push({ ...of, metric, count: calls, failures, valueBins: [...bins] });
      }
      all.clear();
      dropped = 0;
      return report;
    },
    lost: (report) => {
      dropped += report.dropped;
      for (const { count: calls } of [...report.runs, ...report.tracks]) dropped += calls;
    },
  };
}
