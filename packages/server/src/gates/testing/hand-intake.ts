import { RUN_METRIC, unitEntries, type JsonValue } from "@rampart/core";
import { UnitTally } from "../../domain/intake/unit-tally.ts";
import type { Measured, UnitIntake, UnitSums, UnitWindow } from "../../ports/unit-intake.ts";

/** What SDKs would report of one flag, said by hand: which units made a request, and which of them failed. Outlives the process that asks. */
export class HandIntake implements UnitIntake {
  #tally: UnitTally | undefined;
  #kept: JsonValue | undefined;
  /** How often every unit could fail, or have a value, "first" again. */
  readonly begun: ("failures" | "values")[] = [];
  /** As another server's looking after it would tell. */
  held: number | undefined = 1;

  holding(): number | undefined {
    return this.held;
  }

  /** Requests of units, one each, at a percentage. */
  report(percentage: number, requests: readonly { readonly unit: number; readonly failed: boolean }[]): void {
    const thousandths = Math.round(percentage * 1000);
    if (this.#tally?.thousandths !== thousandths) {
      this.#tally = new UnitTally(thousandths);
      this.#kept = undefined;
    }
    const entries = unitEntries(requests.length);
    for (const [place, { unit, failed }] of requests.toSorted((a, b) => a.unit - b.unit).entries()) {
      entries.units[place] = unit;
      entries.requests[place] = 1;
      entries.failures[place] = failed ? 1 : 0;
    }
    this.#tally.add(entries);
  }

  drain({ metric }: Measured): UnitWindow | undefined {
    return metric === RUN_METRIC ? this.#tally?.drain() : undefined;
  }

  beginEpoch(_: Measured, of: "failures" | "values"): void {
    this.begun.push(of);
    this.#tally?.beginEpoch(of);
  }

  sums(): UnitSums | undefined {
    return this.#tally;
  }

  keep(_: Measured, state: JsonValue): void {
    // Through text, as a checkpoint would.
    this.#kept = JSON.parse(JSON.stringify(state)) as JsonValue;
  }

  kept(): JsonValue | undefined {
    return this.#kept;
  }
}
