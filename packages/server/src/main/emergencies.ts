import { kill } from "../domain/ramp.ts";
import type { ConfigRecord } from "../domain/records.ts";
import type { Clock } from "../ports/clock.ts";
import type { Emergency, ToldKill, UrgentKill } from "../ports/emergency.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { Cancel, Timers } from "../ports/timers.ts";
import { pause } from "../ports/timers.ts";
import type { EmergencyFile } from "../store/emergency-file.ts";
import type { Feed } from "../stream/feed.ts";

/** A write that takes longer is not waited for: clients are told. A commit takes milliseconds. */
export const LATE_MS = 1_000;

/** Between two attempts to store what was told. */
const RETRY_MS = 1_000;

/** Kills that wait for the store; of more than this the clients are told, and nobody tries again. */
const PENDING_MAX = 1_000;

/**
 * Clocks of servers on one store part by no more than this: of a change that another server stored, while this one could not, its time alone tells whether it came
 * after the kill. In doubt the kill counts.
 */
export const CLOCKS_APART_MS = 5_000;

/** What kills without a store are made with. */
export interface EmergenciesParts {
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly store: Pick<Store, "changeConfig">;
  readonly file: Pick<EmergencyFile, "read" | "reserve" | "write">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Called when the store has it, so that a rollout on the flag sees it. */
  readonly onStored: (environment: string, flag: string) => Promise<void>;
}

/** A kill that clients were told of and the store was not. */
interface Pending extends UrgentKill {
  readonly epoch: string;
  /** The flag's revision at the kill: a later one is a newer decision. */
  readonly flagRevision: number;
  readonly told: ToldKill;
}

/** Tells clients of kills that can't be stored, and stores them as soon as that is possible, over a restart too. */
export class Emergencies implements Emergency {
  readonly #parts: EmergenciesParts;
  readonly #pending = new Map<string, Pending>();
  #stopRetrying: Cancel | undefined;
  #retrying: Promise<void> | undefined;

  constructor(parts: EmergenciesParts) {
    this.#parts = parts;
  }

  /**
   * Takes up what a process before this one could not store, and tries again at once. Call it before anybody is let in and before rollouts go on,
   * so that no step of theirs comes first.
   */
  start(): void {
    const { file, feeds, logger } = this.#parts;
    for (const one of readPending(file.read())) {
      const feed = feeds.get(one.environment);
      // A restored backup is a newer decision; whether a later change of the flag is one, the store tells with the next attempt.
      if (feed?.epoch !== one.epoch) continue;
      if (feed.ruleset.flagRevision(one.flag) === one.flagRevision) feed.overrule(one.flag);
      this.#pending.set(keyOf(one), one);
      logger.warn({ environment: one.environment, flag: one.flag }, "a kill of before the restart is not stored yet");
    }
    if (!file.reserve())
      logger.warn({}, "no space to keep kills in that can't be stored: they would be in memory alone");
    this.#retryLater();
    if (this.#pending.size > 0) this.#retryNow();
  }

  /** Resolves when the attempt under way, if any, is over. */
  async stop(): Promise<void> {
    this.#stopRetrying?.();
    await this.#retrying;
  }

  async watch(write: Promise<unknown>, kill: UrgentKill): Promise<ToldKill | undefined> {
    const stored = write.then(
      () => true,
      () => false,
    );
    const inTime = await Promise.race([stored, pause(this.#parts.timers, LATE_MS).then(() => false)]);
    const told = inTime ? undefined : this.#tell(kill);
    // It may come through after all. Looked at in that moment, nothing that is decided later can be taken for older.
    if (told !== undefined) void stored.then((isStored) => isStored && this.#retryNow());
    return told;
  }

  #tell(kill: UrgentKill): ToldKill | undefined {
    const { feeds, clock, logger, file } = this.#parts;
    const feed = feeds.get(kill.environment);
    const flagRevision = feed?.ruleset.flagRevision(kill.flag);
    if (feed === undefined || flagRevision === undefined) return undefined;
    const known = this.#pending.get(keyOf(kill));
    // One of an earlier revision of the flag is over, and only not looked at yet.
    const first = known?.flagRevision === flagRevision ? known : undefined;
    feed.overrule(kill.flag);
    const said = { at: clock.now(), revision: feed.revision };
    // Asked for again, it is as new as the last time: others may have decided in between.
    const pending: Pending = { ...(first ?? kill), epoch: feed.epoch, flagRevision, told: { ...said, keptIn: "file" } };
    const others = [...this.#pending.values()].filter((one) => one !== known);
    const isKept = others.length < PENDING_MAX && file.write(JSON.stringify([...others, pending]));
    const told: ToldKill = { ...said, keptIn: isKept ? "file" : "memory" };
    if (others.length < PENDING_MAX) this.#pending.set(keyOf(kill), { ...pending, told });
    if (first !== undefined) return told;
    logger.error(
      { environment: kill.environment, flag: kill.flag, actor: kill.actor, reason: kill.reason, keptIn: told.keptIn },
      "a kill can't be stored; connected clients have it, and it is tried again every second",
    );
    this.#retryLater();
    return told;
  }

  #retryLater(): void {
    if (this.#stopRetrying !== undefined || this.#pending.size === 0) return;
    this.#stopRetrying = this.#parts.timers.every(RETRY_MS, () => this.#retryNow());
  }

  #retryNow(): void {
    this.#retrying ??= this.#retry().finally(() => (this.#retrying = undefined));
  }

  async #retry(): Promise<void> {
    const { file, logger, onStored } = this.#parts;
    for (const [key, one] of this.#pending) {
      if (!(await this.#isStored(one))) return;
      if (this.#pending.get(key) === one) this.#pending.delete(key);
      file.write(JSON.stringify([...this.#pending.values()]));
      logger.warn({ environment: one.environment, flag: one.flag }, "a kill that could not be stored before is stored");
      await onStored(one.environment, one.flag);
    }
    if (this.#pending.size > 0) return;
    this.#stopRetrying?.();
    this.#stopRetrying = undefined;
  }

  async #isStored(one: Pending): Promise<boolean> {
    const { feeds, store, clock } = this.#parts;
    const { environment, flag, actor, action, reason, again } = one;
    const feed = feeds.get(environment);
    try {
      await feed?.catchUp();
      if (feed?.epoch !== one.epoch) return true;
      if (again !== undefined && !(await again())) return false;
      const meta = { actor, action, at: clock.now(), urgent: true, ...(reason !== undefined && { reason }) };
      const others = feed.isShared;
      await store.changeConfig(
        environment,
        flag,
        (record, { rollout }) => (isNewer(record, one, { rollout, others }) ? { kind: "keep" } : kill(record)),
        meta,
      );
      await feed.catchUp();
      return true;
    } catch {
      return false;
    }
  }
}

/** What a flag's record does not tell. */
interface Around {
  /** The rollout that is open on it. */
  readonly rollout: () => string | undefined;
  /** Other servers write to the store, too. */
  readonly others: boolean;
}

/**
 * Whether a person who changed the flag since the kill has decided anew. A rollout's step has not, nor who asked for one: neither did know, and the kill ends the
 * rollout. Nor has who changed it at another server before the kill, while this one could not see that.
 */
function isNewer(record: ConfigRecord, { flagRevision, told }: Pending, { rollout, others }: Around): boolean {
  if (record.revision === flagRevision || record.updatedBy.startsWith("rollout:") || rollout() !== undefined)
    return false;
  return !others || record.updatedAt > told.at + CLOCKS_APART_MS;
}

const keyOf = ({ environment, flag }: UrgentKill): string => `${environment}/${flag}`;

/** The file holds what this class wrote there, whole or not at all. */
function readPending(text: string | undefined): readonly Pending[] {
  return text === undefined || text === "" ? [] : (JSON.parse(text) as readonly Pending[]);
}
