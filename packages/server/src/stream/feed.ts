import type { Basis, Delta, Emergency, Heartbeat, LinearRegex, Snapshot, WireFlag } from "@rampart/core";
import { encodeDelta, formatBasis, isOlderEpoch, Ruleset } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { EnvironmentChanges, EnvironmentContent, EpochMs, Relayed, Store } from "../ports/store.ts";
import { Answers } from "./browsers/answers.ts";
import { EncodedContent } from "./content.ts";
import type { EncodedSnapshot } from "./encoded-snapshot.ts";
import { encodedSnapshot } from "./encoded-snapshot.ts";
import { encodeEvent, UNCONFIRMED } from "./frame.ts";
import { Freshness } from "./freshness.ts";
import type { HeldLease } from "./leases.ts";
import { HiddenFlags } from "./hidden-flags.ts";
import { Leases } from "./leases.ts";

/** Resumes from this many different revisions are kept encoded; the rest are encoded again. A storm comes back from a handful. */
const RESUMES_CACHED_MAX = 64;

/** What a feed reads from and reports to. */
export interface FeedParts {
  readonly store: Pick<Store, "content" | "changesSince">;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly logger: Logger;
  readonly regex: LinearRegex;
  /** Other servers write to the same store. */
  readonly isShared?: boolean;
}

/** One step of the environment, encoded once for every stream. */
export interface FeedChange {
  readonly frame: Buffer;
  readonly committedAt: EpochMs;
  /** Flags that may answer differently now; undefined: all of them. */
  readonly keys?: readonly string[];
  /** It asks for receipts. */
  readonly urgent?: UrgentChange;
}

/** A change that asks for receipts. */
export interface UrgentChange {
  readonly revision: number;
  readonly committedAt: EpochMs;
  /** The flags that it took back. */
  readonly flags: readonly string[];
  /** What clients that have not heard of it hold; undefined: one of the flags has no lease. */
  readonly lease: HeldLease | undefined;
  /** Pages that hold this revision or a newer one could not be on: nothing of what changed is for them. Undefined: something is. */
  readonly hiddenSince?: number | undefined;
}

/**
 * One environment as it is sent to SDKs. It follows the store through `changesSince` and nothing else, whether a commit of this process
 * or the poll calls: what a crash kept from being published, and what another replica wrote, takes the same path as every other change.
 */
export class Feed {
  readonly environment: string;
  readonly ruleset: Ruleset;
  /** What the flags answer, encoded for those who are sent answers. */
  readonly answers: Answers;
  readonly #parts: FeedParts;
  readonly #content = new EncodedContent();
  readonly #leases = new Leases();
  readonly #hidden = new HiddenFlags();
  /** Flags that are off before the store says so, each with the revision above which that is. */
  readonly #overruled = new Map<string, number>();
  readonly #resumes = new Map<number, Promise<Buffer | undefined>>();
  #onChange: (change: FeedChange) => void = () => undefined;
  #snapshot: EncodedSnapshot | undefined;
  #urgent: UrgentChange | undefined;
  #running: Promise<void> | undefined;
  /** The look after the one that is under way. */
  #next: Promise<void> | undefined;
  readonly #freshness: Freshness;

  private constructor(environment: string, parts: FeedParts) {
    this.environment = environment;
    this.#parts = parts;
    this.#freshness = new Freshness(parts.clock);
    this.ruleset = new Ruleset({ regex: parts.regex });
    this.answers = new Answers(this.ruleset);
  }

  /** Reads the environment whole. Rejects when the store can't be read or has no such environment. */
  static async open(environment: string, parts: FeedParts): Promise<Feed> {
    const feed = new Feed(environment, parts);
    const answered = feed.#freshness.ask();
    answered((await feed.#reload())?.asOfMs);
    return feed;
  }

  /** Called with each change after it is in `ruleset`, in order. One listener: the hub. */
  set onChange(listener: (change: FeedChange) => void) {
    this.#onChange = listener;
  }

  get revision(): number {
    return this.ruleset.revision;
  }

  get epoch(): string {
    return this.ruleset.epoch ?? "";
  }

  get digest(): string {
    return this.ruleset.digest;
  }

  /** The newest change that asked for receipts. */
  get urgent(): UrgentChange | undefined {
    return this.#urgent;
  }

  /** Whether the store was read lately, so that what is served is what is stored. */
  get isFresh(): boolean {
    return this.#freshness.isFresh;
  }

  /**
   * Whether clients may take what it says for the present, and renew leases by it: it was read lately, or nobody else can have changed it. While it is not,
   * `heartbeat` and `whole` say so.
   */
  get isConfirmed(): boolean {
    return this.#parts.isShared !== true || this.isFresh;
  }

  /** For how long it has not been known what is stored, milliseconds; 0 where nobody else can have changed it. */
  get ageMs(): number {
    return this.#parts.isShared === true ? Math.max(0, this.#freshness.ageMs) : 0;
  }

  /** Other servers write to the same store, so that one of them may be ahead of this one. */
  get isShared(): boolean {
    return this.#parts.isShared === true;
  }

  /** Whether a client has heard of more than this feed. What it says may be wrong. */
  isBehind({ epoch, revision }: Basis): boolean {
    return epoch === this.epoch ? revision > this.revision : isOlderEpoch(this.epoch, epoch);
  }

  get snapshot(): EncodedSnapshot {
    this.#snapshot ??= encodedSnapshot(this.#content, this);
    return this.#snapshot;
  }

  /** Flags that are off before the store says so. */
  get overruled(): readonly string[] {
    return [...this.#overruled.keys()];
  }

  /**
   * Turns a flag off for everybody at once, above the present revision, and tells the streams; it stays until a later revision of the flag
   * comes from the store. False: there is no such flag.
   */
  overrule(flag: string): boolean {
    const { revision } = this;
    if (!this.ruleset.has(flag)) return false;
    if (this.#overruled.has(flag) || this.ruleset.wireFlags([flag])[0]?.enabled === false) return true;
    this.#overruled.set(flag, revision);
    const keys = this.#applyOverruled();
    this.#moved();
    const frame = this.emergency();
    if (frame !== undefined) this.#onChange({ frame, keys, committedAt: this.#parts.clock.now() });
    return true;
  }

  /** An `emergency` event with all that is off before the store says so; undefined: nothing is. */
  emergency(): Buffer | undefined {
    if (this.#overruled.size === 0) return undefined;
    const { epoch, revision, overruled } = this;
    const emergency: Emergency = { epoch, revision, off: overruled };
    return encodeEvent({ id: this.#id(), event: "emergency", json: JSON.stringify(emergency) });
  }

  /** Frames that bring a stream to the present, ending with `last`, and what is off above it. */
  present(last: Buffer): Buffer {
    const emergency = this.emergency();
    return emergency === undefined ? last : Buffer.concat([last, emergency]);
  }

  /** A `heartbeat` event for now; an empty `unconfirmed` where it is not known what is stored now. */
  heartbeat(): Buffer {
    if (!this.isConfirmed) return UNCONFIRMED;
    const { epoch, revision, digest } = this;
    const heartbeat: Heartbeat = { epoch, revision, digest, now: this.#parts.clock.now() };
    return encodeEvent({ id: this.#id(), event: "heartbeat", json: JSON.stringify(heartbeat) });
  }

  /** Everything, as a `snapshot` event; as `unconfirmed` where it is not known whether it is what is stored now. */
  whole(): Buffer {
    return this.isConfirmed ? this.snapshot.frame : this.snapshot.unconfirmed();
  }

  /**
   * The one `delta` event that takes a client from `basis` to the present; undefined when there is none and it needs the snapshot.
   * The present may move on while it is made: check `revision` before sending.
   */
  resume(basis: Basis): Promise<Buffer | undefined> {
    if (basis.epoch !== this.epoch || basis.revision > this.revision || !this.isConfirmed)
      return Promise.resolve(undefined);
    const cached = this.#resumes.get(basis.revision);
    if (cached !== undefined) return cached;
    const made = this.#resumeFrom(basis.revision);
    if (this.#resumes.size < RESUMES_CACHED_MAX) this.#resumes.set(basis.revision, made);
    return made;
  }

  /**
   * Takes over everything committed before the call. Never rejects: a write that is stored has not failed because it could not
   * be told yet, and the poll tells it within a second. Waits for two looks at most, whoever else calls meanwhile.
   */
  catchUp(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#look();
      return this.#running;
    }
    // The look that is under way may have begun before what this caller means was committed.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.catchUp();
    });
    return this.#next;
  }

  async #look(): Promise<void> {
    try {
      await this.#step();
    } catch (cause) {
      this.#parts.meter.storeFailed("changesSince");
      this.#parts.logger.error(
        { environment: this.environment, revision: this.revision, err: cause },
        "can't read changes from the store; streams stay at their revision until it works again",
      );
    }
    this.#running = undefined;
  }

  async #step(): Promise<void> {
    const answered = this.#freshness.ask();
    const changes = await this.#parts.store.changesSince(this.environment, this.revision);
    if (changes === undefined || changes.epoch !== this.epoch) {
      answered((await this.#reload())?.asOfMs);
      this.#onChange({ frame: this.snapshot.frame, committedAt: this.#parts.clock.now() });
      return;
    }
    const from = this.revision;
    const { asOfMs, off = [] } = changes.relayed ?? {};
    if (changes.revision === from) {
      answered(asOfMs);
      for (const flag of off) this.overrule(flag);
      return;
    }
    const applied = this.ruleset.apply({ ...changes, digest: "" });
    if (applied.kind !== "applied")
      throw new Error(`a delta from ${from} to ${changes.revision} does not fit onto ${from}: ${applied.kind}`);
    answered(asOfMs);
    this.#content.apply(changes);
    this.answers.apply(changes);
    // Other flags change with those that they depend on.
    const keys = [...new Set([...applied.changed, ...changes.flags.map(({ key }) => key), ...changes.removedFlags])];
    const urgent = changes.urgent ? this.#urgentOf(changes, keys) : undefined;
    if (urgent !== undefined) this.#urgent = urgent;
    this.#leases.apply(changes);
    this.#hidden.apply(changes);
    const frame = this.#encodeDelta(changes);
    for (const { key } of changes.flags) this.#overruled.delete(key);
    for (const key of changes.removedFlags) this.#overruled.delete(key);
    const overruled = this.#overruleAlso(off);
    this.#moved();
    this.#onChange({
      // What was taken back above the change is written with it: nobody is on in between.
      frame: overruled.length === 0 ? frame : this.present(frame),
      committedAt: changes.committedAt,
      keys: [...keys, ...overruled],
      ...(urgent === undefined ? {} : { urgent }),
    });
  }

  /** Takes over what another server has off before the store says so. */
  #overruleAlso(off: readonly string[]): readonly string[] {
    const more = this.ruleset.wireFlags(off).filter(({ key, enabled }) => enabled && !this.#overruled.has(key));
    for (const { key } of more) this.#overruled.set(key, this.revision);
    return more.length === 0 ? [] : this.#applyOverruled();
  }

  async #reload(): Promise<Relayed | undefined> {
    const { environment } = this;
    const content = await this.#parts.store.content(environment);
    if (content === undefined) throw new Error(`the store has no environment ${JSON.stringify(environment)}`);
    if (content.epoch === this.ruleset.epoch && content.revision < this.revision) {
      this.#parts.logger.error(
        { environment, stored: content.revision, served: this.revision },
        "the store went back to an older revision of the same epoch; clients keep the newer one until the revision passes it. Was a backup put in place under a running server?",
      );
    }
    if (content.epoch !== this.ruleset.epoch) this.#overruled.clear();
    this.ruleset.replace(snapshotOf(content));
    for (const [flag, revision] of this.#overruled) {
      if ((this.ruleset.flagRevision(flag) ?? Infinity) > revision) this.#overruled.delete(flag);
    }
    this.#content.replace(content);
    this.answers.replace(content.flags);
    this.#applyOverruled();
    this.#overruleAlso(content.relayed?.off ?? []);
    this.#leases.replace(content.flags);
    this.#hidden.replace(content.flags);
    this.#urgent = undefined;
    this.#moved();
    return content.relayed;
  }

  /** To be asked before leases and hidden flags follow the change: those who have not heard of it hold what was there before. */
  #urgentOf({ revision, committedAt, flags: changed }: EnvironmentChanges, keys: readonly string[]): UrgentChange {
    const takenBack = changed.filter(isOffForAll);
    const flags = (takenBack.length > 0 ? takenBack : changed).map(({ key }) => key);
    return { revision, committedAt, flags, lease: this.#leases.of(flags), hiddenSince: this.#hidden.sinceOf(keys) };
  }

  /** What is held of the flags that are off before the store says so, and what is sent of them, says off. */
  #applyOverruled(): readonly string[] {
    const off = this.overruled;
    const changed = this.ruleset.overrule(off, this.revision);
    this.#content.overrule(this.ruleset.wireFlags(off));
    return changed;
  }

  #moved(): void {
    this.#snapshot = undefined;
    this.#resumes.clear();
    this.#parts.meter.revision(this.environment, this.revision);
  }

  async #resumeFrom(revision: number): Promise<Buffer | undefined> {
    try {
      const changes = await this.#parts.store.changesSince(this.environment, revision);
      // A delta would bring back as it is stored what is off before the store says so.
      if (changes?.flags.some(({ key }) => this.#overruled.has(key)) === true) return undefined;
      // The store may be ahead of this feed, and the digest of what is ahead is not known here.
      if (changes === undefined || changes.epoch !== this.epoch || changes.revision !== this.revision) return undefined;
      return this.#encodeDelta(changes);
    } catch (cause) {
      this.#parts.meter.storeFailed("changesSince");
      this.#parts.logger.warn(
        { environment: this.environment, basis: revision, err: cause },
        "can't read changes from the store; a resuming stream gets the whole snapshot instead",
      );
      return undefined;
    }
  }

  #encodeDelta(changes: EnvironmentChanges): Buffer {
    const { epoch, from, revision, flags, segments, removedFlags, removedSegments, urgent, committedAt } = changes;
    const delta: Delta = {
      epoch,
      from,
      revision,
      digest: this.digest,
      flags,
      segments,
      removedFlags,
      removedSegments,
      urgent,
      committedAt,
    };
    return encodeEvent({ id: this.#id(), event: "delta", json: JSON.stringify(encodeDelta(delta)) });
  }

  #id(): string {
    return formatBasis({ epoch: this.epoch, revision: this.revision });
  }
}

/** By the kill, or by a percentage of 0; other changes can be told together with an urgent one. */
const isOffForAll = ({ enabled, fallthrough }: WireFlag): boolean =>
  !enabled || ("percentage" in fallthrough && fallthrough.percentage === 0);

function snapshotOf({ key, epoch, revision, flags, segments }: EnvironmentContent): Snapshot {
  return { environment: key, epoch, revision, digest: "", flags, segments };
}
