import type { JsonValue } from "@rampart/core";
import type { UnitWindow } from "../domain/intake/unit-window.ts";

/** The flag of a rollout, and what is measured of it: a tracked metric, or `run`. */
export interface Measured {
  readonly environment: string;
  readonly flag: string;
  readonly metric: string;
}

export type { UnitWindow } from "../domain/intake/unit-window.ts";

/** Requests and failures of each unit since the percentage was set; its first `onEnd` units are on, those from `offStart` on are off. */
export interface UnitSums {
  readonly thousandths: number;
  readonly onEnd: number;
  readonly offStart: number;
  readonly requests: Uint32Array;
  readonly failures: Uint32Array;
}

/** What SDKs report of flags under a rollout, kept by unit. Calls are synchronous: a window, the step taken on it and `keep` are one turn. */
export interface UnitIntake {
  /**
   * Tells one time of looking after the units from another: with another number they came from another server, together with what was kept of
   * them, and what the caller remembers beside is of no use. Undefined: they are on their way; ask again.
   */
  holding(): number | undefined;
  /**
   * Takes out what came since the last call; undefined: nothing was ever reported at the flag's present percentage. When the percentage
   * was changed, everything begins anew: both epochs, the exposures and the sums.
   */
  drain(measured: Measured): UnitWindow | undefined;
  /** Every unit can fail, or have a value, "first" again. Call it after a drain. */
  beginEpoch(measured: Measured, of: "failures" | "values"): void;
  /** Not a copy: it changes with what comes in. Undefined: nothing was reported at the present percentage. */
  sums(measured: Measured): UnitSums | undefined;
  /**
   * Holds what the caller made of the windows so far, to be stored in one transaction with the units that it was made of: after a crash both
   * are back as they were at one moment, so that no unit's first failure counts twice. Keep it to some kilobytes: it is stored every ten seconds.
   */
  keep(measured: Measured, state: JsonValue): void;
  /** What was kept for the present percentage. */
  kept(measured: Measured): JsonValue | undefined;
}

/** An intake that nothing ever comes into. */
export const silentIntake: UnitIntake = {
  holding: () => 0,
  drain: () => undefined,
  beginEpoch: () => undefined,
  sums: () => undefined,
  keep: () => undefined,
  kept: () => undefined,
};
