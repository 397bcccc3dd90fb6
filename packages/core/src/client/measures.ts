import { METRIC_LENGTH_MAX } from "../check/limits.ts";
import type { Draw } from "../measure/draw.ts";
import type { EvaluationCounts, EvaluationsReport } from "../measure/evaluation-counts.ts";
import type { Cohort, CohortReport, UnitsReport } from "../measure/report.ts";
import { UnitCounts } from "../measure/unit-counts.ts";
import { RUN_METRIC } from "../measure/units.ts";
import { VALUE_BINS, valueBin } from "../measure/value-bins.ts";

/** Flags × cohorts and metrics that are kept apart between two reports. What comes beyond is counted as dropped. */
export const SERIES_MAX = 1_000;

/** One flag and cohort between two reports. */
export interface RunReport {
  readonly flag: string;
  readonly cohort: Cohort;
  readonly count: number;
  readonly failures: number;
  readonly latencySumMs: number;
  /** `[bin, count]` of the bins that are not empty; see `valueBin`. */
  readonly latencyBins: readonly (readonly [bin: number, count: number])[];
}

/** One metric between two reports. */
export interface TrackReport {
  readonly metric: string;
  readonly count: number;
  readonly sum: number;
}

/** What was measured since the last report: numbers of users' calls, never who they were. */
export interface MeasuresReport {
  readonly runs: readonly RunReport[];
  readonly tracks: readonly TrackReport[];
  /** Tracked metrics of flags under a rollout, by cohort; missing: there are none. */
  readonly cohorts?: readonly CohortReport[];
  /** Calls for flags under a rollout, by unit; missing: there are none. */
  readonly units?: readonly UnitsReport[];
  /** How often flags were asked for; missing: not at all, or it goes with another report. */
  readonly evaluations?: EvaluationsReport;
  /** Calls that are not in all that they should be in, or in a report that was lost. */
  readonly dropped: number;
}

/** How a call ended. `value`: what was measured of it, milliseconds for `run`; undefined: nothing. */
export interface Outcome {
  readonly failed: boolean;
  readonly value?: number | undefined;
}

interface Series {
  readonly flag: string;
  readonly metric: string;
  readonly cohort: Cohort;
  count: number;
  failures: number;
  sum: number;
  readonly bins: Uint32Array;
}

interface Track {
  count: number;
  sum: number;
}

/** Counts in bounded memory what `run`, `measure` and `track` see; evaluations are counted where they are made, and handed out with it. */
export class Measures {
  readonly #now: () => number;
  readonly #evaluations: EvaluationCounts | undefined;
  readonly #units = new UnitCounts();
  #series = new Map<string, Series>();
  #tracks = new Map<string, Track>();
  #dropped = 0;

  /** `now`: monotonic, milliseconds. */
  constructor(now: () => number, evaluations?: EvaluationCounts) {
    this.#now = now;
    this.#evaluations = evaluations;
  }

  get isEmpty(): boolean {
    return this.hasOnlyEvaluations && this.#evaluations?.isEmpty !== false;
  }

  /** Nothing but evaluations was counted, if those. */
  get hasOnlyEvaluations(): boolean {
    return this.#series.size === 0 && this.#tracks.size === 0 && this.#dropped === 0 && this.#units.isEmpty;
  }

  /**
   * Runs a branch and measures it; its result and its errors pass through. A promise is measured until it settles (the one
   * returned settles the same way); a thenable that is no promise is left alone, because asking it may start its work.
   */
  run<T>(flag: string, draw: Draw, branch: () => T): T {
    const startedMs = this.#now();
    const record = (failed: boolean) => this.ended(flag, RUN_METRIC, draw, { failed, value: this.#now() - startedMs });
    let result: T;
    try {
      result = branch();
    } catch (error) {
      record(true);
      throw error;
    }
    if (!(result instanceof Promise)) {
      record(false);
      return result;
    }
    const settled = result.then(
      (value: unknown) => {
        record(false);
        return value;
      },
      (error: unknown) => {
        record(true);
        throw error;
      },
    );
    return settled as T;
  }

  /** Begins to measure what can't be wrapped. What it returns ends it, once. */
  begin(flag: string, draw: Draw): (failed: boolean) => void {
    const startedMs = this.#now();
    let isOpen = true;
    return (failed) => {
      if (!isOpen) return;
      isOpen = false;
      this.ended(flag, RUN_METRIC, draw, { failed, value: this.#now() - startedMs });
    };
  }

  /** Counts a call of a user whom the flag put into a cohort: in the cohort, and by unit while the flag is measured by the metric. */
  ended(flag: string, metric: string, draw: Draw, { failed, value }: Outcome): void {
    if (!draw.isInCohort) return;
    const bin = value === undefined ? undefined : valueBin(value);
    const cohort = draw.isOn ? "on" : "off";
    const key = `${cohort}:${flag}:${metric}`;
    const series = this.#series.get(key) ?? this.#open(key, { flag, metric, cohort });
    if (series !== undefined) {
      series.count += 1;
      if (failed) series.failures += 1;
      if (value !== undefined && bin !== undefined) {
        series.sum += value;
        series.bins[bin] = (series.bins[bin] ?? 0) + 1;
      }
    }
    const { unit, thousandths, measures } = draw;
    if (unit === undefined || thousandths === 0 || measures?.includes(metric) !== true) return;
    if (!this.#units.add(flag, metric, { unit, thousandths, failed, bin })) this.#dropped += 1;
  }

  /** Counts an event, and adds up its value. A value that is no finite number is dropped: false. */
  track(metric: string, value: number): boolean {
    if (!Number.isFinite(value) || metric.length > METRIC_LENGTH_MAX) {
      this.#dropped += 1;
      return false;
    }
    const track = this.#tracks.get(metric) ?? this.#add(this.#tracks, metric, { count: 0, sum: 0 });
    if (track === undefined) return false;
    track.count += 1;
    track.sum += value;
    return true;
  }

  /** Takes out what was counted, and begins anew. */
  take({ withEvaluations = true }: { readonly withEvaluations?: boolean } = {}): MeasuresReport {
    const all = [...this.#series.values()];
    const cohorts = all.filter(({ metric }) => metric !== RUN_METRIC).map(cohortReportOf);
    const units = this.#units.take();
    const evaluations = withEvaluations && this.#evaluations?.isEmpty === false ? this.#evaluations.take() : undefined;
    const report: MeasuresReport = {
      runs: all.filter(({ metric }) => metric === RUN_METRIC).map(runReportOf),
      tracks: [...this.#tracks].map(([metric, { count, sum }]) => ({ metric, count, sum })),
      ...(cohorts.length === 0 ? {} : { cohorts }),
      ...(units.length === 0 ? {} : { units }),
      ...(evaluations === undefined ? {} : { evaluations }),
      dropped: this.#dropped,
    };
    this.#series = new Map();
    this.#tracks = new Map();
    this.#dropped = 0;
    return report;
  }

  /** A report did not arrive: all that was in it counts as dropped. */
  lost(report: MeasuresReport): void {
    const counted = [...report.runs, ...report.tracks].reduce((sum, { count }) => sum + count, 0);
    this.#dropped += counted + report.dropped;
    if (report.evaluations !== undefined) this.#evaluations?.lost(report.evaluations);
  }

  #open(key: string, series: Pick<Series, "flag" | "metric" | "cohort">): Series | undefined {
    return this.#add(this.#series, key, {
      ...series,
      count: 0,
      failures: 0,
      sum: 0,
      bins: new Uint32Array(VALUE_BINS),
    });
  }

  #add<V>(series: Map<string, V>, key: string, value: V): V | undefined {
    if (this.#series.size + this.#tracks.size >= SERIES_MAX) {
      this.#dropped += 1;
      return undefined;
    }
    series.set(key, value);
    return value;
  }
}

function runReportOf({ flag, cohort, count, failures, sum, bins }: Series): RunReport {
  return { flag, cohort, count, failures, latencySumMs: sum, latencyBins: filled(bins) };
}

function cohortReportOf({ flag, metric, cohort, count, failures, bins }: Series): CohortReport {
  return { flag, metric, cohort, count, failures, valueBins: filled(bins) };
}

function filled(bins: Uint32Array): readonly (readonly [bin: number, count: number])[] {
  return [...bins.entries()].filter(([, count]) => count > 0);
}
