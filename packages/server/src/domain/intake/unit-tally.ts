import { type UnitEntries, UNITS, unitSides, type UnitSides, VALUE_BINS } from "@rampart/core";
import { Bitmap } from "./bitmap.ts";
import type { BySide, UnitWindow } from "./unit-window.ts";

/** A window that is being filled. */
type Filling = {
  readonly [K in keyof UnitWindow]: UnitWindow[K] extends object ? Writable<UnitWindow[K]> : UnitWindow[K];
};
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What is known of the units of one flag and metric at one percentage: who was seen, who failed and who had a value in its epoch (by OR, so
 * that the order and repetitions of reports change nothing), and each unit's sums (for which a report must come in once).
 */
export class UnitTally {
  readonly thousandths: number;
  /** Calls of each unit since the percentage was set. */
  readonly requests = new Uint32Array(UNITS);
  readonly failures = new Uint32Array(UNITS);
  readonly seen = new Bitmap(UNITS);
  readonly failed = new Bitmap(UNITS);
  readonly valued = new Bitmap(UNITS);
  readonly #sides: UnitSides;
  /** Of units that have their first value in this window, the lowest that was reported: of several clients' first ones no order tells which was. */
  readonly #firstBins = new Map<number, number>();
  #window: Filling;

  /** `thousandths`: above 0 and below 100,000. */
  constructor(thousandths: number) {
    this.thousandths = thousandths;
    this.#sides = unitSides(thousandths);
    this.#window = emptyWindow(thousandths);
  }

  get onEnd(): number {
    return this.#sides.onEnd;
  }

  get offStart(): number {
    return this.#sides.offStart;
  }

  /** Takes a report in. */
  add({ units, requests, failures, firstBins }: UnitEntries): void {
    for (let place = 0; place < units.length; place++) {
      const unit = units[place] ?? 0;
      const side = this.#sideOf(unit);
      // Who is in the unit that straddles the threshold can be either.
      if (side !== undefined)
        this.#count(unit, side, requests[place] ?? 0, failures[place] ?? 0, firstBins[place] ?? 0);
    }
  }

  /** Takes out what came since the last time. */
  drain(): UnitWindow {
    const window = this.#window;
    for (const [unit, bin] of this.#firstBins) {
      const side = this.#sideOf(unit);
      if (side !== undefined) window.values[side][bin] = (window.values[side][bin] ?? 0) + 1;
    }
    this.#firstBins.clear();
    this.#window = emptyWindow(this.thousandths);
    return window;
  }

  /** Every unit can fail, or have a value, "first" again. */
  beginEpoch(of: "failures" | "values"): void {
    if (of === "values") return this.valued.clear();
    this.seen.clear();
    this.failed.clear();
  }

  #sideOf(unit: number): "on" | "off" | undefined {
    if (unit < this.#sides.onEnd) return "on";
    return unit >= this.#sides.offStart ? "off" : undefined;
  }

  #count(unit: number, side: "on" | "off", requests: number, failures: number, firstBin: number): void {
    const window = this.#window;
    const before = this.requests[unit] ?? 0;
    if (before === 0) window.exposed[side] += 1;
    this.requests[unit] = saturated(before + requests);
    this.failures[unit] = saturated((this.failures[unit] ?? 0) + failures);
    window.requests[side] += requests;
    window.failures[side] += failures;
    if (this.seen.add(unit)) window.seen[side] += 1;
    if (failures > 0 && this.failed.add(unit)) window.failed[side] += 1;
    if (firstBin === 0) return;
    const bin = firstBin - 1;
    const known = this.#firstBins.get(unit);
    if (this.valued.add(unit) || (known !== undefined && bin < known)) this.#firstBins.set(unit, bin);
  }
}

const COUNT_MAX = 2 ** 32 - 1;

const saturated = (count: number): number => Math.min(COUNT_MAX, count);

function emptyWindow(thousandths: number): Filling {
  const none = (): Writable<BySide<number>> => ({ on: 0, off: 0 });
  return {
    thousandths,
    exposed: none(),
    seen: none(),
    failed: none(),
    values: { on: new Uint32Array(VALUE_BINS), off: new Uint32Array(VALUE_BINS) },
    requests: none(),
    failures: none(),
  };
}
