import { VALUE_BINS } from "@rampart/core";

/** Plain counts of one cohort: every call, whatever put its user there. */
export interface CohortCount {
  readonly count: number;
  readonly failures: number;
  /** `[bin, count]`. */
  readonly bins: readonly (readonly [bin: number, count: number])[];
}

/** What a ring has for a stretch of time. */
export interface CohortTotal {
  count: number;
  failures: number;
  /** Calls by bin of the whole scale. */
  readonly bins: Float64Array;
  /** When the newest of it arrived, epoch milliseconds; undefined: there is nothing. */
  newestAt: number | undefined;
}

/** Whose counts are asked for; `all`: both together. */
export type Cohorts = "on" | "off" | "all";

interface Tier {
  readonly slotMs: number;
  readonly slots: number;
}

/** Seconds for three minutes, ten seconds for an hour, five minutes for a day: the finest that goes back far enough is read. */
const TIERS: readonly Tier[] = [
  { slotMs: 1_000, slots: 180 },
  { slotMs: 10_000, slots: 360 },
  { slotMs: 300_000, slots: 288 },
];

/** A clock is corrected by less than this all the time. */
const BACKWARDS_MAX_MS = 2_000;

interface Cell {
  count: number;
  failures: number;
  /** Bin → count; only what occurs, for most values lie in some twenty of the bins. */
  readonly bins: Map<number, number>;
}

interface Slot {
  /** Number of the slot since the epoch: tells what was here a whole turn ago. */
  index: number;
  newestAt: number;
  on: Cell | undefined;
  off: Cell | undefined;
}

/** Calls by cohort and by the instant at which their report arrived, for the last day. */
export class CohortRing {
  readonly #tiers: readonly (Tier & { readonly held: (Slot | undefined)[] })[];
  #newestAt = -Infinity;

  constructor() {
    this.#tiers = TIERS.map((tier) => ({ ...tier, held: Array.from({ length: tier.slots }) }));
  }

  /** `at`: epoch milliseconds. */
  add(at: number, cohort: "on" | "off", more: CohortCount): void {
    // The clock was set back: what is there would come up again as new when the clock gets there once more.
    if (at < this.#newestAt - BACKWARDS_MAX_MS) for (const { held } of this.#tiers) held.fill(undefined);
    this.#newestAt = at;
    for (const { slotMs, slots, held } of this.#tiers) {
      const index = Math.floor(at / slotMs);
      const known = held[index % slots];
      const slot = known?.index === index ? known : { index, newestAt: at, on: undefined, off: undefined };
      held[index % slots] = slot;
      slot.newestAt = Math.max(slot.newestAt, at);
      count((slot[cohort] ??= { count: 0, failures: 0, bins: new Map() }), more);
    }
  }

  /** What arrived from `from` on and up to `to`, less what a slot may hold from before. At most a day. */
  total(from: number, to: number, cohorts: Cohorts): CohortTotal {
    const total: CohortTotal = { count: 0, failures: 0, bins: new Float64Array(VALUE_BINS), newestAt: undefined };
    const tier = this.#tiers.find(({ slotMs, slots }) => to - from <= slotMs * (slots - 1)) ?? this.#tiers.at(-1);
    if (tier === undefined) return total;
    const { slotMs, held } = tier;
    for (const slot of held) {
      if (slot === undefined || slot.index * slotMs < from || slot.index * slotMs > to) continue;
      for (const cohort of ["on", "off"] as const) {
        const cell = cohorts === "all" || cohorts === cohort ? slot[cohort] : undefined;
        if (cell === undefined) continue;
        addTo(total, cell);
        total.newestAt = Math.max(total.newestAt ?? 0, slot.newestAt);
      }
    }
    return total;
  }
}

function count(cell: Cell, more: CohortCount): void {
  cell.count += more.count;
  cell.failures += more.failures;
  for (const [bin, calls] of more.bins) cell.bins.set(bin, (cell.bins.get(bin) ?? 0) + calls);
}

function addTo(total: CohortTotal, cell: Cell): void {
  total.count += cell.count;
  total.failures += cell.failures;
  for (const [bin, calls] of cell.bins) total.bins[bin] = (total.bins[bin] ?? 0) + calls;
}
