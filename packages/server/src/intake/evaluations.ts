import type { EvaluationsReport } from "@rampart/core";
import { addedUp, EVALUATIONS_KEPT_MS, HOUR_MS, hourOf } from "../domain/evaluations.ts";
import type { EpochMs } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import { NO_VARIANT, type EvaluationRow, type EvaluationStore, type FlagIn } from "../ports/evaluation-store.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { Cancel, NextTurn, Timers } from "../ports/timers.ts";

/** How often what came in is added to the store: what a crash costs at most. */
const WRITE_EVERY_MS = 10_000;

/** Rows in one transaction: some milliseconds, so that no kill waits for longer. */
const BATCH_MAX = 250;

/** Flags times environments times outcomes that are counted at once, and rows that wait for a store that can't be written. */
const ROWS_MAX = 50_000;

/** Keys that no flag has and that are counted all the same, by environment and hour: a deleted flag that programs still ask for. */
export const UNKNOWN_FLAGS_MAX = 100;

/** What evaluations are counted with. */
export interface EvaluationsParts {
  readonly store: EvaluationStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly nextTurn: NextTurn;
  readonly logger: Logger;
  readonly meter: Pick<Meter, "evaluationsDropped">;
  /** Whether there is such a flag. */
  readonly isFlag: (environment: string, flag: string) => boolean;
}

interface Asked {
  lastAt: EpochMs;
  readonly counts: Map<string, number>;
}

/** Counts what flags were asked for, by the hour in which it is reported, and adds it to the store every ten seconds. */
export class Evaluations {
  readonly #parts: EvaluationsParts;
  /** Of the hour `#hour`: environment → flag → outcome. */
  readonly #asked = new Map<string, Map<string, Asked>>();
  /** Environment → keys that are no flag's and were counted in this hour. */
  readonly #unknown = new Map<string, Set<string>>();
  #hour = 0;
  #outcomes = 0;
  #unwritten = new Map<string, EvaluationRow>();
  #work: Promise<void> | undefined;
  #stopWriting: Cancel = () => undefined;

  constructor(parts: EvaluationsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopWriting = this.#parts.timers.every(WRITE_EVERY_MS, () => void this.write());
  }

  /** Stores what there is. */
  async stop(): Promise<void> {
    this.#stopWriting();
    await this.#work;
    await this.write();
  }

  /** What an SDK says that it has evaluated. */
  reported(environment: string, { counts, dropped }: EvaluationsReport): void {
    let lost = dropped;
    for (const [flag, variant, count] of counts) {
      if (!this.#count(environment, flag, variant ?? NO_VARIANT, count)) lost += count;
    }
    if (lost > 0) this.#parts.meter.evaluationsDropped(environment, lost);
  }

  /** What this server evaluated and handed out, each flag once; undefined: it could give no value. */
  served(environment: string, outcomes: Iterable<readonly [flag: string, variant: string | undefined]>): void {
    for (const [flag, variant] of outcomes)
      if (!this.#count(environment, flag, variant ?? NO_VARIANT, 1))
        this.#parts.meter.evaluationsDropped(environment, 1);
  }

  /** Of the hours that begin from `from` on and before `to`; more than one row may be of the same hour and variant. */
  async of(flag: FlagIn, range: { readonly from: EpochMs; readonly to: EpochMs }): Promise<readonly EvaluationRow[]> {
    const stored = await this.#parts.store.evaluations(flag, range);
    const own = this.#own(flag).filter(({ hour }) => hour >= range.from && hour < range.to);
    return [...stored, ...own];
  }

  /** When each was last asked for, in their order; undefined: not within what is kept. */
  async last(flags: readonly FlagIn[]): Promise<readonly (EpochMs | undefined)[]> {
    const oldest = this.#parts.clock.now() - EVALUATIONS_KEPT_MS - HOUR_MS;
    const stored = await this.#parts.store.lastEvaluations(flags);
    const waiting = new Map<string, EpochMs>();
    for (const { flag, environment, lastAt } of this.#unwritten.values()) waiting.set(`${environment}/${flag}`, lastAt);
    return flags.map(({ flag, environment }, index) => {
      const own = this.#asked.get(environment)?.get(flag)?.lastAt ?? waiting.get(`${environment}/${flag}`) ?? 0;
      const last = Math.max(stored[index] ?? 0, own);
      return last < oldest ? undefined : last;
    });
  }

  /** Adds what came in to the store. What it can't take is tried again the next time. Never rejects. */
  write(): Promise<void> {
    this.#work ??= this.#writeAll().finally(() => (this.#work = undefined));
    return this.#work;
  }

  async #writeAll(): Promise<void> {
    this.#gather();
    const rows = [...this.#unwritten.values()];
    this.#unwritten = new Map();
    for (let at = 0; at < rows.length; at += BATCH_MAX) {
      try {
        await this.#parts.store.addEvaluations(rows.slice(at, at + BATCH_MAX));
      } catch (error) {
        this.#parts.logger.warn({ err: error }, "counts of evaluations can't be stored; it is tried again");
        this.#keep(rows.slice(at));
        return;
      }
      await new Promise<void>((resolve) => this.#parts.nextTurn(resolve));
    }
  }

  /** False: there is no room for it. */
  #count(environment: string, flag: string, variant: string, count: number): boolean {
    const now = this.#parts.clock.now();
    if (hourOf(now) !== this.#hour) this.#turn(hourOf(now));
    let flags = this.#asked.get(environment);
    if (flags === undefined) this.#asked.set(environment, (flags = new Map<string, Asked>()));
    let asked = flags.get(flag);
    if (asked === undefined) {
      if (!this.#isWelcome(environment, flag)) return false;
      flags.set(flag, (asked = { lastAt: now, counts: new Map<string, number>() }));
    }
    const before = asked.counts.get(variant);
    if (before === undefined) {
      if (this.#outcomes >= ROWS_MAX) return false;
      this.#outcomes += 1;
    }
    asked.counts.set(variant, (before ?? 0) + count);
    asked.lastAt = now;
    return true;
  }

  #isWelcome(environment: string, flag: string): boolean {
    if (this.#parts.isFlag(environment, flag)) return true;
    const unknown = this.#unknown.get(environment) ?? new Set<string>();
    if (unknown.size >= UNKNOWN_FLAGS_MAX && !unknown.has(flag)) return false;
    this.#unknown.set(environment, unknown.add(flag));
    return true;
  }

  /** Another hour begins. */
  #turn(hour: EpochMs): void {
    this.#gather();
    this.#unknown.clear();
    this.#hour = hour;
  }

  /** What was counted becomes rows. */
  #gather(): void {
    this.#keep([...this.#asked].flatMap(([environment, flags]) => rowsOf(environment, this.#hour, flags)));
    this.#asked.clear();
    this.#outcomes = 0;
  }

  /** Rows that are still to be written, as many as there is room for. */
  #keep(rows: readonly EvaluationRow[]): void {
    const all = addedUp(this.#unwritten.values(), rows);
    for (const [key, { environment, count }] of [...all].slice(ROWS_MAX)) {
      all.delete(key);
      this.#parts.meter.evaluationsDropped(environment, count);
    }
    this.#unwritten = all;
  }

  #own(of: FlagIn): readonly EvaluationRow[] {
    const asked = this.#asked.get(of.environment)?.get(of.flag);
    const present = asked === undefined ? [] : rowsOf(of.environment, this.#hour, [[of.flag, asked]]);
    if (this.#unwritten.size === 0) return present;
    const waiting = [...this.#unwritten.values()];
    return [...present, ...waiting.filter((row) => row.flag === of.flag && row.environment === of.environment)];
  }
}

function rowsOf(
  environment: string,
  hour: EpochMs,
  flags: Iterable<readonly [flag: string, asked: Asked]>,
): readonly EvaluationRow[] {
  return [...flags].flatMap(([flag, { lastAt, counts }]) =>
    [...counts].map(([variant, count]) => ({ flag, environment, hour, variant, count, lastAt })),
  );
}
