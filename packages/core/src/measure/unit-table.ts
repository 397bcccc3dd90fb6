import { unitEntries, type UnitEntries } from "./unit-entries.ts";

const SLOTS_MIN = 64;

/** Slots that a table grows to: with seven bytes each, 56 KiB. */
export const SLOTS_MAX = 8_192;

/** A table is never fuller than this, so that looking a unit up stays a matter of one or two slots. */
const FILL_MAX = 0.75;

const COUNT_MAX = 65_535;

/** Counts calls by unit between two reports, in memory that is kept and reused: an open-addressed table that grows with what comes in. */
export class UnitTable {
  #slots = 0;
  #size = 0;
  #units = new Uint16Array(0);
  /** 0: the slot is free. */
  #requests = new Uint16Array(0);
  #failures = new Uint16Array(0);
  #firstBins = new Uint8Array(0);

  constructor() {
    this.#allocate(SLOTS_MIN);
  }

  /** Units counted. */
  get size(): number {
    return this.#size;
  }

  has(unit: number): boolean {
    return this.#requests[this.#slotOf(unit)] !== 0;
  }

  /** Counts a call. `bin`: of its value; undefined: it had none. False: there was no room for it. */
  add(unit: number, failed: boolean, bin: number | undefined): boolean {
    let slot = this.#slotOf(unit);
    const before = this.#requests[slot] ?? 0;
    if (before === 0) {
      if (this.#size >= this.#slots * FILL_MAX) {
        if (this.#slots >= SLOTS_MAX) return false;
        this.#grow();
        slot = this.#slotOf(unit);
      }
      this.#units[slot] = unit;
      this.#size += 1;
    }
    if (before === COUNT_MAX) return false;
    this.#requests[slot] = before + 1;
    if (failed) this.#failures[slot] = (this.#failures[slot] ?? 0) + 1;
    if (bin !== undefined && this.#firstBins[slot] === 0) this.#firstBins[slot] = bin + 1;
    return true;
  }

  /** Takes out what was counted, by rising unit, and begins anew. */
  take(): UnitEntries {
    const entries = unitEntries(this.#size);
    let place = 0;
    for (let slot = 0; slot < this.#slots; slot++)
      if (this.#requests[slot] !== 0) entries.units[place++] = this.#units[slot] ?? 0;
    entries.units.sort();
    for (place = 0; place < this.#size; place++) {
      const slot = this.#slotOf(entries.units[place] ?? 0);
      entries.requests[place] = this.#requests[slot] ?? 0;
      entries.failures[place] = this.#failures[slot] ?? 0;
      entries.firstBins[place] = this.#firstBins[slot] ?? 0;
    }
    this.clear();
    return entries;
  }

  clear(): void {
    this.#size = 0;
    this.#requests.fill(0);
    this.#failures.fill(0);
    this.#firstBins.fill(0);
  }

  /** The unit's slot, or the free one that it would get. */
  #slotOf(unit: number): number {
    const mask = this.#slots - 1;
    let slot = (Math.imul(unit, 0x9e3779b1) >>> 16) & mask;
    while (this.#requests[slot] !== 0 && this.#units[slot] !== unit) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [units, requests, failures, firstBins] = [this.#units, this.#requests, this.#failures, this.#firstBins];
    this.#allocate(this.#slots * 2);
    for (const [from, unit] of units.entries()) {
      if (requests[from] === 0) continue;
      const slot = this.#slotOf(unit);
      this.#units[slot] = unit;
      this.#requests[slot] = requests[from] ?? 0;
      this.#failures[slot] = failures[from] ?? 0;
      this.#firstBins[slot] = firstBins[from] ?? 0;
    }
  }

  #allocate(slots: number): void {
    this.#slots = slots;
    this.#units = new Uint16Array(slots);
    this.#requests = new Uint16Array(slots);
    this.#failures = new Uint16Array(slots);
    this.#firstBins = new Uint8Array(slots);
  }
}
