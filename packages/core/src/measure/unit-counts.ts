import type { UnitsReport } from "./report.ts";
import { encodeUnits } from "./unit-codec.ts";
import { UnitTable } from "./unit-table.ts";

/** Flags times metrics that are counted by unit at once. With the memory of a table: 1.8 MB at most. */
export const UNIT_SERIES_MAX = 32;

/** Units in one report, of all series together: 218 kB in the worst case, some 60 kB as a rule. */
export const REPORTED_UNITS_MAX = 16_384;

interface Series {
  readonly flag: string;
  readonly metric: string;
  thousandths: number;
  readonly table: UnitTable;
}

/** One call, for a unit. */
export interface UnitCall {
  readonly unit: number;
  readonly thousandths: number;
  readonly failed: boolean;
  /** Of the call's value; undefined: it had none. */
  readonly bin: number | undefined;
}

/** Counts calls by flag, metric and unit between two reports, in bounded memory. */
export class UnitCounts {
  readonly #series = new Map<string, Map<string, Series>>();
  #seriesCount = 0;
  #units = 0;

  get isEmpty(): boolean {
    return this.#units === 0;
  }

  /** False: there was no room for it. */
  add(flag: string, metric: string, { unit, thousandths, failed, bin }: UnitCall): boolean {
    const series = this.#series.get(flag)?.get(metric) ?? this.#open(flag, metric, thousandths);
    if (series === undefined) return false;
    if (series.thousandths !== thousandths) {
      // What was counted at another percentage is of no use to the server any more.
      this.#units -= series.table.size;
      series.table.clear();
      series.thousandths = thousandths;
    }
    const before = series.table.size;
    if (this.#units >= REPORTED_UNITS_MAX && !series.table.has(unit)) return false;
    const isCounted = series.table.add(unit, failed, bin);
    this.#units += series.table.size - before;
    return isCounted;
  }

  /** Takes out what was counted. A series in which there was nothing gives its memory back. */
  take(): readonly UnitsReport[] {
    const reports: UnitsReport[] = [];
    for (const [flag, metrics] of this.#series) {
      for (const [metric, { thousandths, table }] of metrics) {
        if (table.size > 0) reports.push({ flag, metric, thousandths, data: encodeUnits(table.take()) });
        else if (metrics.delete(metric)) this.#seriesCount -= 1;
      }
      if (metrics.size === 0) this.#series.delete(flag);
    }
    this.#units = 0;
    return reports;
  }

  #open(flag: string, metric: string, thousandths: number): Series | undefined {
    if (this.#seriesCount >= UNIT_SERIES_MAX) return undefined;
    const series = { flag, metric, thousandths, table: new UnitTable() };
    const metrics = this.#series.get(flag) ?? new Map<string, Series>();
    this.#series.set(flag, metrics.set(metric, series));
    this.#seriesCount += 1;
    return series;
  }
}
