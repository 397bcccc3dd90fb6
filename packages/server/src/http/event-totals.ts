/** What SDKs measured of one flag in one cohort. */
export interface RunTotals {
  readonly count: number;
  readonly failures: number;
  readonly latencySumMs: number;
}

/** A metric that SDKs tracked. */
export interface TrackTotals {
  readonly count: number;
  readonly sum: number;
}

/** What came in since the server started, as `GET …/events` shows it. */
export interface EventsView {
  /** By flag, then cohort. */
  readonly runs: { readonly [flag: string]: { readonly on?: RunTotals; readonly off?: RunTotals } };
  /** By metric. */
  readonly tracks: { readonly [metric: string]: TrackTotals };
  /** Calls that are in no total: SDKs could not keep or send them, or there was no room here. */
  readonly dropped: number;
}

/** Series kept of one environment: flags times cohorts, and metrics. Room for every flag, and a bound for a client that makes up names. */
const SERIES_MAX = 20_000;

type Cohort = "on" | "off";

/** What the SDKs of one environment reported since the server started, summed up. In memory only. */
export class EventTotals {
  readonly #runs = new Map<string, { on?: RunTotals; off?: RunTotals }>();
  readonly #tracks = new Map<string, TrackTotals>();
  #dropped = 0;

  /** Adds what was measured of a flag in a cohort. */
  ran(flag: string, cohort: Cohort, more: RunTotals): void {
    const cohorts = this.#runs.get(flag) ?? (this.#isFull() ? undefined : {});
    if (cohorts === undefined) return this.drop(more.count);
    const { count, failures, latencySumMs } = cohorts[cohort] ?? { count: 0, failures: 0, latencySumMs: 0 };
    cohorts[cohort] = {
      count: count + more.count,
      failures: failures + more.failures,
      latencySumMs: latencySumMs + more.latencySumMs,
    };
    this.#runs.set(flag, cohorts);
  }

  /** Adds to a metric. */
  tracked(metric: string, more: TrackTotals): void {
    const known = this.#tracks.get(metric) ?? (this.#isFull() ? undefined : { count: 0, sum: 0 });
    if (known === undefined) return this.drop(more.count);
    this.#tracks.set(metric, { count: known.count + more.count, sum: known.sum + more.sum });
  }

  /** Counts calls that are in no total. */
  drop(count: number): void {
    this.#dropped += count;
  }

  view(): EventsView {
    return { runs: Object.fromEntries(this.#runs), tracks: Object.fromEntries(this.#tracks), dropped: this.#dropped };
  }

  #isFull(): boolean {
    return 2 * this.#runs.size + this.#tracks.size >= SERIES_MAX;
  }
}
