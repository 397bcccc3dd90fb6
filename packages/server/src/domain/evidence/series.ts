import { instantOf } from "../instant.ts";
import type { EpochMs } from "../records.ts";
import type { Sample } from "../rollout/sample.ts";

/** Points of one series at most: enough for a curve across a screen, few enough for hundreds of metrics in one document. */
export const POINTS_MAX = 400;

interface Point {
  readonly at: EpochMs;
  samples: number;
  min: number;
  max: number;
  last: number;
}

/** What of a series is more than its points. */
export interface SeriesSummary {
  readonly samples: number;
  readonly noData: number;
  readonly errors: number;
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  readonly last?: number;
}

/**
 * A metric's samples in bounded space, however many come. When there is no room for another point, each two next to each other become one,
 * which keeps the least, the greatest and the last value of what it stands for: a spike of one sample never vanishes.
 */
export class Series {
  #points: Point[] = [];
  /** Samples that a point stands for. */
  #stride = 1;
  #samples = 0;
  #noData = 0;
  #errors = 0;
  #sum = 0;

  /** In the order of time. */
  add(at: EpochMs, sample: Sample): void {
    switch (sample.kind) {
      case "value":
        if (Number.isFinite(sample.value)) this.#addValue(at, sample.value);
        else this.#noData += 1;
        return;
      case "noData":
        this.#noData += 1;
        return;
      case "error":
        this.#errors += 1;
        return;
    }
  }

  get summary(): SeriesSummary {
    const counts = { samples: this.#samples, noData: this.#noData, errors: this.#errors };
    const last = this.#points.at(-1)?.last;
    if (last === undefined) return counts;
    return {
      ...counts,
      min: this.#points.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY),
      max: this.#points.reduce((greatest, { max }) => Math.max(greatest, max), Number.NEGATIVE_INFINITY),
      mean: this.#sum / this.#samples,
      last,
    };
  }

  get points(): readonly { at: string; samples: number; min: number; max: number; last: number }[] {
    return this.#points.map((point) => ({ ...point, at: instantOf(point.at) }));
  }

  #addValue(at: EpochMs, value: number): void {
    this.#samples += 1;
    this.#sum += value;
    const last = this.#points.at(-1);
    if (last !== undefined && last.samples < this.#stride) {
      last.samples += 1;
      last.min = Math.min(last.min, value);
      last.max = Math.max(last.max, value);
      last.last = value;
      return;
    }
    if (this.#points.length === POINTS_MAX) {
      this.#halve();
      this.#stride *= 2;
    }
    this.#points.push({ at, samples: 1, min: value, max: value, last: value });
  }

  #halve(): void {
    const halved: Point[] = [];
    for (let index = 0; index < this.#points.length; index += 2) {
      const [first, second] = this.#points.slice(index, index + 2);
      if (first === undefined) break;
      if (second === undefined) halved.push(first);
      else
        halved.push({
          at: first.at,
          samples: first.samples + second.samples,
          min: Math.min(first.min, second.min),
          max: Math.max(first.max, second.max),
          last: second.last,
        });
    }
    this.#points = halved;
  }
}
