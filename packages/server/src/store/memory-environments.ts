import type { ChangeMeta, ConfigRecord, EnvironmentRecord, EpochMs, FlagRecord, ServedFlag } from "../ports/store.ts";
import type { Item } from "./changes.ts";
import { servedFlag } from "./changes.ts";
import { FIRST_ENVIRONMENTS, mintEpoch } from "./environments.ts";
import { CHANGE_LOG_REVISIONS_MAX } from "./limits.ts";

/** One line of an environment's change log. Line n of the array stands for revision `revision - length + 1 + n`. */
type LogLine = Item & { readonly urgent: boolean; readonly at: number };

/** An environment in memory, with its configurations and its change log. */
export class MemoryEnvironment {
  readonly key: string;
  readonly configs = new Map<string, ConfigRecord>();
  readonly segmentRevisions = new Map<string, number>();
  readonly #log: LogLine[] = [];
  #epoch: string;
  #revision = 0;

  constructor(key: string, epoch: string) {
    this.key = key;
    this.#epoch = epoch;
  }

  get revision(): number {
    return this.#revision;
  }

  get record(): EnvironmentRecord {
    return { key: this.key, epoch: this.#epoch, revision: this.#revision };
  }

  set epoch(epoch: string) {
    this.#epoch = epoch;
  }

  /** The next revision, with its line in the change log. */
  advance(item: Item, meta: ChangeMeta): void {
    this.#revision += 1;
    this.#log.push({ ...item, urgent: meta.urgent === true, at: meta.at });
    if (this.#log.length > CHANGE_LOG_REVISIONS_MAX) this.#log.shift();
  }

  /** The lines after a revision; undefined when that is still to come, or too long ago. */
  linesSince(from: number): readonly LogLine[] | undefined {
    const count = this.#revision - from;
    return count < 0 || count > this.#log.length ? undefined : this.#log.slice(this.#log.length - count);
  }

  /** Puts a configuration in, as changed at the present revision. */
  put(meta: ChangeMeta, { key, config }: Pick<ConfigRecord, "key" | "config">): ConfigRecord {
    const stamp = { environment: this.key, revision: this.#revision, updatedAt: meta.at, updatedBy: meta.actor };
    const record: ConfigRecord = { ...stamp, key, config };
    this.configs.set(key, record);
    return record;
  }
}

/** The environments that a new store has, each with an epoch of its own. */
export function firstEnvironments(
  random: (sizeBytes: number) => Uint8Array,
  at: EpochMs,
): ReadonlyMap<string, MemoryEnvironment> {
  return new Map(FIRST_ENVIRONMENTS.map((key) => [key, new MemoryEnvironment(key, mintEpoch(random, { at }))]));
}

/** What is in a map, by key. */
export function byKey<R>(records: ReadonlyMap<string, R>): readonly R[] {
  const entries = [...records].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return entries.map(([, record]) => record);
}

/** A flag as it is served in an environment; undefined when there is no such flag. */
export function servedIn({ configs }: MemoryEnvironment, flag: FlagRecord | undefined): ServedFlag | undefined {
  const record = flag && configs.get(flag.definition.key);
  return record && flag && servedFlag(flag.definition, record.config, record.revision);
}
