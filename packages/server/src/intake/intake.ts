import {
  decodeUnits,
  type CohortReport,
  type JsonValue,
  type Measuring,
  RUN_METRIC,
  type RunReport,
  type UnitsReport,
} from "@rampart/core";
import { type Cohorts, type CohortTotal, CohortRing } from "../domain/intake/cohort-ring.ts";
import { ReplayGuard } from "../domain/intake/replay-guard.ts";
import { newSeries, type Series } from "../domain/intake/series.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import type { Logger } from "../ports/logger.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import type { Measured, UnitIntake, UnitSums, UnitWindow } from "../ports/unit-intake.ts";
import { Checkpoints } from "./checkpoints.ts";
import { keyOf } from "./key.ts";

/** Flags times metrics that are compared at once, in all environments: 0.6 MB each. */
export const SERIES_MAX = 128;

/** Flags times metrics whose plain counts are kept: up to 1 MB each. */
export const RINGS_MAX = 256;

/** How often what no rollout measures any more is let go of. */
const SWEEP_EVERY_MS = 10_000;

export interface IntakeParts {
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** What is measured of a flag now, and at which percentage; undefined: nothing. */
  readonly measuring: (environment: string, flag: string) => Measuring | undefined;
}

/** What one SDK reports at a time, as far as it is taken in here. */
export interface MeasuredReport {
  readonly instanceId: string;
  readonly seq: number;
  readonly runs: readonly RunReport[];
  readonly cohorts?: readonly CohortReport[] | undefined;
  readonly units?: readonly UnitsReport[] | undefined;
}

/** `replayed`: it was counted before. `unreadable`: nothing of it was counted; `index` is the place of the units that can't be read. */
export type Taken =
  | { readonly kind: "replayed" }
  | { readonly kind: "unreadable"; readonly index: number }
  /** `noRoom`: calls and units that there is no room to keep. */
  | { readonly kind: "taken"; readonly noRoom: number };

/** Takes in what SDKs report of flags under a rollout, and keeps it for those who judge by it. Everything goes by the instant of its arrival. */
export class Intake implements UnitIntake, CohortCounts {
  readonly #parts: IntakeParts;
  readonly #checkpoints: Checkpoints;
  readonly #guards = new Map<string, ReplayGuard>();
  readonly #series = new Map<string, { readonly measured: Measured; readonly held: Series }>();
  readonly #rings = new Map<string, { readonly measured: Measured; readonly ring: CohortRing }>();
  #stopSweeping: Cancel = () => undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#checkpoints = new Checkpoints(parts);
  }

  /** Goes on from what was stored. */
  async start(): Promise<void> {
    for (const { measured, held } of await this.#checkpoints.load())
      this.#series.set(keyOf(measured), { measured, held });
    this.#sweep();
    this.#stopSweeping = this.#parts.timers.every(SWEEP_EVERY_MS, () => this.#sweep());
  }

  /** Stores everything that a rollout still needs. */
  async stop(): Promise<void> {
    this.#stopSweeping();
    for (const [key, { held }] of this.#series) if (held.kept !== undefined) this.#checkpoints.save(key, held);
    await this.#checkpoints.settled();
  }

  take(environment: string, report: MeasuredReport): Taken {
    const { instanceId, seq, runs, cohorts = [], units = [] } = report;
    const decoded = units.map(({ data }) => decodeUnits(data));
    const index = decoded.indexOf(undefined);
    if (index !== -1) return { kind: "unreadable", index };
    if (!this.#guardOf(environment).isFirst(instanceId, seq)) return { kind: "replayed" };
    let noRoom = 0;
    for (const { flag, cohort, count, failures, latencyBins } of runs) {
      const measured = { environment, flag, metric: RUN_METRIC };
      if (!this.#count(measured, cohort, { count, failures, bins: latencyBins })) noRoom += count;
    }
    for (const { flag, metric, cohort, count, failures, valueBins } of cohorts) {
      const measured = { environment, flag, metric };
      if (!this.#count(measured, cohort, { count, failures, bins: valueBins })) noRoom += count;
    }
    for (const [place, entries] of decoded.entries()) {
      const one = units[place];
      if (one === undefined || entries === undefined) continue;
      const { flag, metric, thousandths } = one;
      const held = this.#seriesFor({ environment, flag, metric }, thousandths);
      if (held === "noRoom") noRoom += entries.units.length;
      else if (held?.guard.isFirst(instanceId, seq) === true) held.tally.add(entries);
    }
    return { kind: "taken", noRoom };
  }

  drain(measured: Measured): UnitWindow | undefined {
    return this.#present(measured)?.tally.drain();
  }

  beginEpoch(measured: Measured, of: "failures" | "values"): void {
    this.#present(measured)?.tally.beginEpoch(of);
  }

  sums(measured: Measured): UnitSums | undefined {
    return this.#present(measured)?.tally;
  }

  keep(measured: Measured, state: JsonValue): void {
    const held = this.#present(measured);
    if (held === undefined) return;
    held.kept = state;
    this.#checkpoints.saveIfDue(keyOf(measured), held);
  }

  kept(measured: Measured): JsonValue | undefined {
    return this.#present(measured)?.kept;
  }

  total(
    measured: Measured,
    { from, to }: { readonly from: number; readonly to: number },
    cohorts: Cohorts,
  ): CohortTotal | undefined {
    return this.#rings.get(keyOf(measured))?.ring.total(from, to, cohorts);
  }

  #guardOf(environment: string): ReplayGuard {
    const known = this.#guards.get(environment);
    if (known !== undefined) return known;
    const guard = new ReplayGuard();
    this.#guards.set(environment, guard);
    return guard;
  }

  /** False: there is no room for it. */
  #count(measured: Measured, cohort: "on" | "off", more: Parameters<CohortRing["add"]>[2]): boolean {
    if (!this.#isMeasured(measured)) return true;
    const key = keyOf(measured);
    const known = this.#rings.get(key);
    if (known === undefined && this.#rings.size >= RINGS_MAX) return false;
    const ring = known?.ring ?? new CohortRing();
    if (known === undefined) this.#rings.set(key, { measured, ring });
    ring.add(this.#parts.clock.now(), cohort, more);
    return true;
  }

  /** Undefined: an SDK that has not heard of the present percentage yet divides the users otherwise, and what it says is left out. */
  #seriesFor(measured: Measured, thousandths: number): Series | "noRoom" | undefined {
    if (this.#thousandthsOf(measured) !== thousandths) return undefined;
    const present = this.#present(measured);
    if (present !== undefined) return present;
    if (this.#series.size >= SERIES_MAX) return "noRoom";
    const held = newSeries(thousandths);
    this.#series.set(keyOf(measured), { measured, held });
    return held;
  }

  /** What is held of the percentage that the flag has now. What another one left is let go of. */
  #present(measured: Measured): Series | undefined {
    const key = keyOf(measured);
    const held = this.#series.get(key)?.held;
    if (held === undefined || held.tally.thousandths === this.#thousandthsOf(measured)) return held;
    this.#series.delete(key);
    this.#checkpoints.drop(key);
    return undefined;
  }

  #isMeasured({ environment, flag, metric }: Measured): boolean {
    return this.#parts.measuring(environment, flag)?.metrics.includes(metric) === true;
  }

  #thousandthsOf(measured: Measured): number | undefined {
    return this.#isMeasured(measured)
      ? this.#parts.measuring(measured.environment, measured.flag)?.thousandths
      : undefined;
  }

  #sweep(): void {
    for (const { measured } of this.#series.values()) this.#present(measured);
    for (const [key, { measured }] of this.#rings) if (!this.#isMeasured(measured)) this.#rings.delete(key);
  }
}
