import { unitOf, UNITS, unitSides, VALUE_BINS, valueBin } from "@rampart/core";
import type { Conduct, Traffic } from "../compare/traffic.ts";
import type { ComparedSums, ComparedWindow, EpochOf } from "../comparing/window.ts";

/** A number for each cohort, to be added to. */
interface Tally {
  on: number;
  off: number;
}

/** Counts made-up traffic by units as the intake of a server counts what clients report, at one percentage. */
export class CountedTraffic {
  readonly #traffic: Traffic;
  readonly #thousandths: number;
  readonly #onEnd: number;
  readonly #offStart: number;
  readonly #units: Uint16Array;
  readonly #groups: Uint8Array;
  readonly #exposed = new Uint8Array(UNITS);
  readonly #seen = new Uint8Array(UNITS);
  readonly #failed = new Uint8Array(UNITS);
  readonly #valued = new Uint8Array(UNITS);
  readonly #requests = new Uint32Array(UNITS);
  readonly #failures = new Uint32Array(UNITS);

  /**
   * `thousandths`: the percentage in thousandths of a percent. `groups`: for each user which conduct of those that `second` is told is
   * theirs; if not given, the first is that of users who are off, the second that of those who are on.
   */
  constructor(traffic: Traffic, thousandths: number, groups: Uint8Array = traffic.sides(thousandths)) {
    this.#traffic = traffic;
    this.#thousandths = thousandths;
    const { onEnd, offStart } = unitSides(thousandths);
    this.#onEnd = onEnd;
    this.#offStart = offStart;
    this.#units = Uint16Array.from(traffic.hashes, unitOf);
    this.#groups = groups;
  }

  /** Lives through one second. */
  second(conducts: readonly Conduct[]): ComparedWindow {
    const traffic = this.#traffic;
    const [exposed, seen, failed, requests, failures] = [tally(), tally(), tally(), tally(), tally()];
    const values = { on: new Uint32Array(VALUE_BINS), off: new Uint32Array(VALUE_BINS) };
    traffic.second(this.#groups, conducts, (user, hasFailed) => {
      const unit = this.#units[user] ?? 0;
      if (unit >= this.#onEnd && unit < this.#offStart) return;
      const side = unit < this.#onEnd ? "on" : "off";
      requests[side] += 1;
      this.#requests[unit] = (this.#requests[unit] ?? 0) + 1;
      if (isFirst(this.#exposed, unit)) exposed[side] += 1;
      if (isFirst(this.#seen, unit)) seen[side] += 1;
      if (isFirst(this.#valued, unit)) {
        const bin = valueBin(traffic.latencyMs(conducts[this.#groups[user] ?? 0]?.latency ?? 1));
        values[side][bin] = (values[side][bin] ?? 0) + 1;
      }
      if (!hasFailed) return;
      failures[side] += 1;
      this.#failures[unit] = (this.#failures[unit] ?? 0) + 1;
      if (isFirst(this.#failed, unit)) failed[side] += 1;
    });
    return { thousandths: this.#thousandths, exposed, seen, failed, values, requests, failures };
  }

  /** From the next second on every unit can fail, or have a value, "first" again. */
  begin(of: EpochOf): void {
    switch (of) {
      case "failures":
        this.#seen.fill(0);
        this.#failed.fill(0);
        return;
      case "values":
        this.#valued.fill(0);
        return;
    }
  }

  /** Not a copy: it changes with every second. */
  sums(): ComparedSums {
    return {
      onEnd: this.#onEnd,
      offStart: this.#offStart,
      requests: this.#requests,
      failures: this.#failures,
    };
  }
}

const tally = (): Tally => ({ on: 0, off: 0 });

function isFirst(bitmap: Uint8Array, unit: number): boolean {
  if (bitmap[unit] === 1) return false;
  bitmap[unit] = 1;
  return true;
}
