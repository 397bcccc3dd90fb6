/** Flags × cohorts and metrics that are kept apart between two reports. What comes beyond is counted as dropped. */
export const SERIES_MAX = 1_000;

/** A metric's name is at most this long. */
export const METRIC_LENGTH_MAX = 128;

export type Cohort = "on" | "off";

/** One flag and cohort between two reports. */
export interface RunReport {
  readonly flag: string;
  readonly cohort: Cohort;
  readonly count: number;
  readonly failures: number;
  readonly latencySumMs: number;
  /** `[bin, count]` of the bins that are not empty; see `latencyBin`. */
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
  /** Calls that are in no series, or in a report that was lost. */
  readonly dropped: number;
}

interface Run {
  readonly flag: string;
  readonly cohort: Cohort;
  count: number;
  failures: number;
  latencySumMs: number;
  readonly bins: Uint32Array;
}

interface Track {
  count: number;
  sum: number;
}

const BINS = 96;
const FIRST_BIN_MS = 0.1;
const BINS_PER_DOUBLING = 4;

/** Bins of equal ratio: bin 0 ends at 0.1 ms, each is 2^(1/4) times as wide as the one before, the last (95) takes what is above 23 min. */
export function latencyBin(latencyMs: number): number {
  if (!(latencyMs > FIRST_BIN_MS)) return 0;
  return Math.min(BINS - 1, Math.ceil(Math.log2(latencyMs / FIRST_BIN_MS) * BINS_PER_DOUBLING));
}

/** Counts in bounded memory what `run` and `track` see. */
export class Measures {
  readonly #now: () => number;
  #runs = new Map<string, Run>();
  #tracks = new Map<string, Track>();
  #dropped = 0;

  /** `now`: monotonic, milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0 && this.#tracks.size === 0 && this.#dropped === 0;
  }

  /**
   * Runs a branch and measures it; its result and its errors pass through. A promise is measured until it settles (the one
   * returned settles the same way); a thenable that is no promise is left alone, because asking it may start its work.
   */
  run<T>(flag: string, cohort: Cohort, branch: () => T): T {
    const startedMs = this.#now();
    const record = (failed: boolean) => this.#ran(flag, cohort, { latencyMs: this.#now() - startedMs, failed });
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

  /** Counts an event, and adds up its value. A value that is no finite number is dropped. */
  track(metric: string, value: number): void {
    if (!Number.isFinite(value) || metric.length > METRIC_LENGTH_MAX) {
      this.#dropped += 1;
      return;
    }
    const track = this.#tracks.get(metric) ?? this.#add(this.#tracks, metric, { count: 0, sum: 0 });
    if (track === undefined) return;
    track.count += 1;
    track.sum += value;
  }

  /** Takes out what was counted, and begins anew. */
  take(): MeasuresReport {
    const report: MeasuresReport = {
      runs: [...this.#runs.values()].map(({ bins, ...run }) => ({
        ...run,
        latencyBins: [...bins.entries()].filter(([, count]) => count > 0),
      })),
      tracks: [...this.#tracks].map(([metric, { count, sum }]) => ({ metric, count, sum })),
      dropped: this.#dropped,
    };
    this.#runs = new Map();
    this.#tracks = new Map();
    this.#dropped = 0;
    return report;
  }

  /** A report did not arrive: all that was in it counts as dropped. */
  lost(report: MeasuresReport): void {
    const counted = [...report.runs, ...report.tracks].reduce((sum, { count }) => sum + count, 0);
    this.#dropped += counted + report.dropped;
  }

  #ran(flag: string, cohort: Cohort, outcome: { readonly latencyMs: number; readonly failed: boolean }): void {
    const key = `${cohort}:${flag}`;
    const run =
      this.#runs.get(key) ??
      this.#add(this.#runs, key, { flag, cohort, count: 0, failures: 0, latencySumMs: 0, bins: new Uint32Array(BINS) });
    if (run === undefined) return;
    run.count += 1;
    if (outcome.failed) run.failures += 1;
    run.latencySumMs += outcome.latencyMs;
    const bin = latencyBin(outcome.latencyMs);
    run.bins[bin] = (run.bins[bin] ?? 0) + 1;
  }

  #add<V>(series: Map<string, V>, key: string, value: V): V | undefined {
    if (this.#runs.size + this.#tracks.size >= SERIES_MAX) {
      this.#dropped += 1;
      return undefined;
    }
    series.set(key, value);
    return value;
  }
}
