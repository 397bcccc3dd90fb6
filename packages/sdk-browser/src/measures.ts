import type { EventsBody } from "@rampart/core";
import { VALUE_BINS, valueBin } from "@rampart/core";

/** Flags × cohorts and metrics that are kept apart between two reports; what comes beyond is counted as dropped. */
export const SERIES_MAX = 100;

type Series = {
  -readonly [F in keyof Omit<EventsBody["runs"][number], "latencyBins">]: EventsBody["runs"][number][F];
} & {
  readonly bins: number[];
};

/** Counts in bounded memory what `run` and `track` see between two reports. */
export class Measures {
  #runs = new Map<string, Series>();
  #tracks = new Map<string, { metric: string; count: number; sum: number }>();
  #dropped = 0;

  ran(flag: string, isOn: boolean, latencyMs: number, failed: boolean): void {
    const cohort = isOn ? "on" : "off";
    const series = this.#open(this.#runs, `${cohort}:${flag}`, () => ({
      flag,
      cohort,
      count: 0,
      failures: 0,
      latencySumMs: 0,
      bins: Array<number>(VALUE_BINS).fill(0),
    }));
    if (series === undefined) return;
    series.count += 1;
    series.failures += Number(failed);
    series.latencySumMs += latencyMs;
    const bin = valueBin(latencyMs);
    series.bins[bin] = (series.bins[bin] ?? 0) + 1;
  }

  track(metric: string, value: number): void {
    const series = Number.isFinite(value)
      ? this.#open(this.#tracks, metric, () => ({ metric, count: 0, sum: 0 }))
      : undefined;
    if (series === undefined) return;
    series.count += 1;
    series.sum += value;
  }

  /** Takes out what was counted; undefined: nothing was. */
  take(): Pick<EventsBody, "runs" | "tracks" | "dropped"> | undefined {
    const report = {
      runs: [...this.#runs.values()].map(({ bins, ...run }) => ({
        ...run,
        latencyBins: [...bins.entries()].filter(([, count]) => count > 0),
      })),
      tracks: [...this.#tracks.values()],
      dropped: this.#dropped,
    };
    this.#runs.clear();
    this.#tracks.clear();
    this.#dropped = 0;
    return report.runs.length + report.tracks.length + report.dropped > 0 ? report : undefined;
  }

  /** A report did not arrive: what was in it counts as dropped. */
  lost({ runs, tracks, dropped }: Pick<EventsBody, "runs" | "tracks" | "dropped">): void {
    this.#dropped += [...runs, ...tracks].reduce((sum, { count }) => sum + count, dropped);
  }

  #open<V>(all: Map<string, V>, key: string, make: () => V): V | undefined {
    const there = all.get(key);
    if (there !== undefined) return there;
    if (this.#runs.size + this.#tracks.size >= SERIES_MAX) {
      this.#dropped += 1;
      return undefined;
    }
    const made = make();
    all.set(key, made);
    return made;
  }
}
