import {
  decodeUnits,
  type JsonValue,
  type Measuring,
  RUN_METRIC,
  type UnitEntries,
  type UnitsReport,
} from "@rampart/core";
import { type Cohorts, type CohortTotal, CohortRing } from "../domain/intake/cohort-ring.ts";
import { ReplayGuard } from "../domain/intake/replay-guard.ts";
import { newSeries, type Series } from "../domain/intake/series.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import { NO_FENCE } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import type { Measured, UnitIntake, UnitSums, UnitWindow } from "../ports/unit-intake.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Exchange, type HandedReport, type Sharing } from "./exchange.ts";
import { keyOf } from "./key.ts";
import type { MeasuredReport } from "./measured-report.ts";

/** Flags times metrics that are compared at once, in all environments: 0.6 MB each. */
export const SERIES_MAX = 128;

/** Flags times metrics whose plain counts are kept: up to 1 MB each. */
export const RINGS_MAX = 256;

/** The only server on its store has its units all the time. */
const SOLE_HOLDING = 1;

/** How often what no rollout measures any more is let go of. */
const SWEEP_EVERY_MS = 10_000;

/** What an intake works with. */
export interface IntakeParts {
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** What is measured of a flag now, and at which percentage; undefined: nothing. */
  readonly measuring: (environment: string, flag: string) => Measuring | undefined;
  /** Other servers are on the same store; missing: there are none. */
  readonly sharing?: Sharing;
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
  readonly #exchange: Exchange | undefined;
  readonly #guards = new Map<string, ReplayGuard>();
  readonly #series = new Map<string, { readonly measured: Measured; readonly held: Series }>();
  readonly #rings = new Map<string, { readonly measured: Measured; readonly ring: CohortRing }>();
  #stopSweeping: Cancel = () => undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#checkpoints = new Checkpoints(parts);
    const { sharing, timers, logger } = parts;
    this.#exchange =
      sharing &&
      new Exchange({
        ...sharing,
        timers,
        logger,
        receive: (handed) => this.#receive(handed),
        takeOver: (recent) => this.#takeOver(recent),
      });
  }

  /** Goes on from what was stored; beside other servers only once it is this one that evaluates. */
  async start(): Promise<void> {
    if (this.#exchange === undefined) await this.#load();
    this.#exchange?.start();
    this.#sweep();
    this.#stopSweeping = this.#parts.timers.every(SWEEP_EVERY_MS, () => this.#sweep());
  }

  /** Stores everything that a rollout still needs; beside other servers it hands the last of it on, for by now another one evaluates. */
  async stop(): Promise<void> {
    this.#stopSweeping();
    if (this.#exchange === undefined)
      for (const [key, { held }] of this.#series) if (held.kept !== undefined) this.#checkpoints.save(key, held);
    await this.#exchange?.stop();
    await this.#checkpoints.settled();
  }

  /** One exchange with the other servers; there is one each second. Never rejects. */
  async exchange(): Promise<void> {
    await this.#exchange?.go();
  }

  holding(): number | undefined {
    return this.#exchange === undefined ? SOLE_HOLDING : this.#exchange.holding;
  }

  take(environment: string, report: MeasuredReport): Taken {
    const decoded = unitsOf(report);
    const index = decoded.findIndex(({ entries }) => entries === undefined);
    if (index !== -1) return { kind: "unreadable", index };
    const { instanceId, seq } = report;
    if (!this.#guardOf(environment).isFirst(instanceId, seq)) return { kind: "replayed" };
    this.#handOn(environment, report);
    return {
      kind: "taken",
      noRoom: this.#addCohorts(environment, report) + this.#addUnits(environment, report, decoded),
    };
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
    if (this.#mayStore) this.#checkpoints.saveIfDue(keyOf(measured), held, this.#exchange?.holding);
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

  /** What is stored of units is the evaluating server's. */
  get #mayStore(): boolean {
    const holding = this.holding();
    return holding !== undefined && holding !== NO_FENCE;
  }

  /** What the other servers need of a report: what a rollout measures. */
  #handOn(environment: string, { instanceId, seq, runs, cohorts = [], units = [] }: MeasuredReport): void {
    if (this.#exchange === undefined) return;
    const isMeasured = ({ flag, metric = RUN_METRIC }: { readonly flag: string; readonly metric?: string }): boolean =>
      this.#isMeasured({ environment, flag, metric });
    const report: MeasuredReport = {
      instanceId,
      seq,
      runs: runs.filter(isMeasured),
      cohorts: cohorts.filter(isMeasured),
      units: units.filter(isMeasured),
    };
    if (report.runs.length + (report.cohorts?.length ?? 0) + (report.units?.length ?? 0) > 0)
      this.#exchange.handOn({ environment, report });
  }

  /** A report that came to another server, and was whole there. */
  #receive({ environment, report }: HandedReport): void {
    if (!this.#guardOf(environment).isFirst(report.instanceId, report.seq)) return;
    this.#addCohorts(environment, report);
    this.#addUnits(environment, report, unitsOf(report));
  }

  async #load(): Promise<void> {
    for (const { measured, held } of await this.#checkpoints.load())
      this.#series.set(keyOf(measured), { measured, held });
  }

  /** What is stored takes the place of what this server has; of the reports those count that are not in it yet. */
  async #takeOver(recent: AsyncIterable<HandedReport>): Promise<void> {
    await this.#load();
    for await (const { environment, report } of recent) this.#addUnits(environment, report, unitsOf(report));
  }

  /** Calls that there is no room to count. */
  #addCohorts(environment: string, { runs, cohorts = [] }: MeasuredReport): number {
    let noRoom = 0;
    for (const { flag, cohort, count, failures, latencyBins } of runs) {
      const measured = { environment, flag, metric: RUN_METRIC };
      if (!this.#count(measured, cohort, { count, failures, bins: latencyBins })) noRoom += count;
    }
    for (const { flag, metric, cohort, count, failures, valueBins } of cohorts) {
      const measured = { environment, flag, metric };
      if (!this.#count(measured, cohort, { count, failures, bins: valueBins })) noRoom += count;
    }
    return noRoom;
  }

  /** Units that there is no room to keep. Each series takes a report once, whatever becomes of it elsewhere. */
  #addUnits(environment: string, { instanceId, seq }: MeasuredReport, decoded: readonly DecodedUnits[]): number {
    let noRoom = 0;
    for (const { one, entries } of decoded) {
      if (entries === undefined) continue;
      const { flag, metric, thousandths } = one;
      const held = this.#seriesFor({ environment, flag, metric }, thousandths);
      if (held === "noRoom") noRoom += entries.units.length;
      else if (held?.guard.isFirst(instanceId, seq) === true) held.tally.add(entries);
    }
    return noRoom;
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
    if (this.#mayStore) this.#checkpoints.drop(key);
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

interface DecodedUnits {
  readonly one: UnitsReport;
  /** Undefined: they can't be read. */
  readonly entries: UnitEntries | undefined;
}

const unitsOf = ({ units = [] }: MeasuredReport): readonly DecodedUnits[] =>
  units.map((one) => ({ one, entries: decodeUnits(one.data) }));
