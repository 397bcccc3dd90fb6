import type { AuditEntry, FlagConfig, FlagDefinition, JsonValue, Segment, WireSegment } from "@rampart/core";
import { FIRST_PREVIOUS_HASH, sealEntry } from "../domain/audit.ts";
import type {
  AuditQuery,
  ChangeMeta,
  ConfigRecord,
  Created,
  Decision,
  EnvironmentChanges,
  EnvironmentContent,
  EnvironmentRecord,
  EpochMs,
  FlagRecord,
  SchemaVersions,
  SegmentRecord,
  Store,
  TokenRecord,
  Written,
} from "../ports/store.ts";
import type { Item, ItemKind, Subject } from "./changes.ts";
import { asJson, auditDraft, auditedToken, auditLimit, changedFields, sameKey, wireSegment } from "./changes.ts";
import { mintEpoch } from "./environments.ts";
import type { MemoryEnvironment } from "./memory-environments.ts";
import { byKey, firstEnvironments, servedIn } from "./memory-environments.ts";
import { MemoryTokens } from "./memory-tokens.ts";

type Around = Parameters<Parameters<Store["changeConfig"]>[2]>[1];

/** `random` gives that many random bytes; epochs are made of them. */
export interface MemoryStoreOptions {
  readonly random: (sizeBytes: number) => Uint8Array;
  /** The wall clock at the beginning, of which its epochs are; 0 unless given. */
  readonly now?: EpochMs;
  /** The rollout that ramps a flag, where rollouts are kept beside it. */
  readonly rolloutOn?: (environment: string, key: string) => string | undefined;
}

/** A store that forgets everything when the process ends: for tests, and the model that the others are compared with. */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options);
}

class MemoryStore implements Store {
  readonly #random: MemoryStoreOptions["random"];
  readonly #rolloutOn: NonNullable<MemoryStoreOptions["rolloutOn"]>;
  readonly #environments: ReadonlyMap<string, MemoryEnvironment>;
  readonly #flags = new Map<string, FlagRecord>();
  readonly #segments = new Map<string, SegmentRecord>();
  readonly #tokens = new MemoryTokens();
  readonly #tombstones = { flag: new Map<string, number>(), segment: new Map<string, number>() };
  readonly #audit: AuditEntry[] = [];

  constructor({ random, now = 0, rolloutOn = () => undefined }: MemoryStoreOptions) {
    this.#random = random;
    this.#rolloutOn = rolloutOn;
    this.#environments = firstEnvironments(random, now);
  }

  async schema(): Promise<SchemaVersions> {
    return { found: 1, known: 1 };
  }

  async close(): Promise<void> {}

  async environments(): Promise<readonly EnvironmentRecord[]> {
    return [...this.#environments.values()].map((environment) => environment.record);
  }

  async newEpoch(meta: ChangeMeta): Promise<readonly EnvironmentRecord[]> {
    for (const environment of this.#environments.values())
      environment.epoch = mintEpoch(this.#random, { at: meta.at, after: environment.record.epoch });
    const records = [...this.#environments.values()].map((environment) => environment.record);
    this.#record(meta, { target: "store", after: Object.fromEntries(records.map(({ key, epoch }) => [key, epoch])) });
    return records;
  }

  async content(key: string): Promise<EnvironmentContent | undefined> {
    const environment = this.#environments.get(key);
    if (environment === undefined) return undefined;
    return {
      ...environment.record,
      flags: [...this.#flags.keys()].toSorted().flatMap((flag) => servedIn(environment, this.#flags.get(flag)) ?? []),
      segments: [...this.#segments.keys()]
        .toSorted()
        .flatMap((segment) => this.#wireSegment(environment, segment) ?? []),
    };
  }

  async changesSince(key: string, from: number): Promise<EnvironmentChanges | undefined> {
    const environment = this.#environments.get(key);
    const lines = environment?.linesSince(from);
    if (environment === undefined || lines === undefined) return undefined;
    const keys = (kind: ItemKind): readonly string[] =>
      [...new Set(lines.filter((line) => line.kind === kind).map((line) => line.key))].toSorted();
    return {
      ...environment.record,
      from,
      flags: keys("flag").flatMap((flag) => servedIn(environment, this.#flags.get(flag)) ?? []),
      segments: keys("segment").flatMap((segment) => this.#wireSegment(environment, segment) ?? []),
      removedFlags: keys("flag").filter((flag) => !this.#flags.has(flag)),
      removedSegments: keys("segment").filter((segment) => !this.#segments.has(segment)),
      urgent: lines.some((line) => line.urgent),
      committedAt: lines.at(-1)?.at ?? 0,
    };
  }

  async flags(): Promise<readonly FlagRecord[]> {
    return byKey(this.#flags);
  }

  async flag(key: string): Promise<FlagRecord | undefined> {
    return this.#flags.get(key);
  }

  async createFlag(
    definition: FlagDefinition,
    configs: { readonly [environment: string]: FlagConfig },
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<FlagRecord>> {
    const { key } = definition;
    const there = this.#occupied("flag", key, this.#flags, options);
    if (there !== undefined) return there;
    for (const environment of this.#environments.keys()) {
      if (configs[environment] === undefined)
        throw new Error(`the new flag ${JSON.stringify(key)} has no configuration for ${environment}`);
    }
    const record: FlagRecord = { definition, createdAt: meta.at, updatedAt: meta.at };
    this.#flags.set(key, record);
    this.#tombstones.flag.delete(key);
    const revisions = this.#touchEverywhere({ kind: "flag", key }, meta, (environment) => {
      const config = configs[environment.key];
      if (config !== undefined) environment.put(meta, { key, config });
    });
    this.#record(meta, {
      target: `flag/${key}`,
      revisions,
      after: { definition: asJson(definition), configs: asJson(configs) },
    });
    return { kind: "created", record };
  }

  async changeFlag<P>(
    key: string,
    decide: (current: FlagDefinition) => Decision<FlagDefinition, P>,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>> {
    const before = this.#flags.get(key);
    if (before === undefined) return this.#missing("flag", key);
    const decision = decide(before.definition);
    if (decision.kind === "keep") return { kind: "kept", record: before };
    if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
    const after: FlagRecord = { ...before, definition: sameKey(key, decision.next), updatedAt: meta.at };
    this.#flags.set(key, after);
    const revisions = this.#touchEverywhere({ kind: "flag", key }, meta, (environment) => {
      const config = environment.configs.get(key);
      if (config !== undefined) environment.configs.set(key, { ...config, revision: environment.revision });
    });
    this.#record(meta, { target: `flag/${key}`, revisions, ...changedFields(before.definition, after.definition) });
    return { kind: "written", before, after };
  }

  async deleteFlag<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>> {
    const before = this.#flags.get(key);
    if (before === undefined) return this.#missing("flag", key);
    const all = this.#configs();
    const problem = refuse(all);
    if (problem !== undefined) return { kind: "refused", problem };
    this.#flags.delete(key);
    this.#tombstones.flag.set(key, meta.at);
    const revisions = this.#touchEverywhere({ kind: "flag", key }, meta, (environment) =>
      environment.configs.delete(key),
    );
    const configs = Object.fromEntries(
      all.filter((config) => config.key === key).map((one) => [one.environment, asJson(one.config)]),
    );
    this.#record(meta, {
      target: `flag/${key}`,
      revisions,
      before: { definition: asJson(before.definition), configs },
    });
    return { kind: "written", before, after: before };
  }

  async configs(
    filter: { readonly environment?: string; readonly key?: string } = {},
  ): Promise<readonly ConfigRecord[]> {
    return this.#configs().filter(
      (one) =>
        (filter.environment === undefined || one.environment === filter.environment) &&
        (filter.key === undefined || one.key === filter.key),
    );
  }

  async config(environment: string, key: string): Promise<ConfigRecord | undefined> {
    return this.#environments.get(environment)?.configs.get(key);
  }

  async changeConfig<P>(
    environmentKey: string,
    key: string,
    decide: (current: ConfigRecord, around: Around) => Decision<FlagConfig, P>,
    meta: ChangeMeta,
  ): Promise<Written<ConfigRecord, P>> {
    const environment = this.#environments.get(environmentKey);
    const flag = this.#flags.get(key);
    const before = environment?.configs.get(key);
    if (environment === undefined || flag === undefined || before === undefined) return this.#missing("flag", key);
    const decision = decide(before, {
      definition: flag.definition,
      others: () => byKey(environment.configs).filter((one) => one.key !== key),
      segments: () => [...this.#segments.keys()].toSorted(),
      rollout: () => this.#rolloutOn(environmentKey, key),
    });
    if (decision.kind === "keep") return { kind: "kept", record: before };
    if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
    environment.advance({ kind: "flag", key }, meta);
    const after = environment.put(meta, { key, config: decision.next });
    this.#record(meta, {
      target: `flag/${key}`,
      environment: environment.key,
      revision: environment.revision,
      ...changedFields(before.config, after.config),
    });
    return { kind: "written", before, after };
  }

  async segments(): Promise<readonly SegmentRecord[]> {
    return byKey(this.#segments);
  }

  async segment(key: string): Promise<SegmentRecord | undefined> {
    return this.#segments.get(key);
  }

  async createSegment(
    segment: Segment,
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<SegmentRecord>> {
    const there = this.#occupied("segment", segment.key, this.#segments, options);
    if (there !== undefined) return there;
    const record: SegmentRecord = { segment, createdAt: meta.at, updatedAt: meta.at };
    this.#segments.set(segment.key, record);
    this.#tombstones.segment.delete(segment.key);
    const revisions = this.#touchSegment(segment.key, meta);
    this.#record(meta, { target: `segment/${segment.key}`, revisions, after: asJson(segment) });
    return { kind: "created", record };
  }

  async changeSegment<P>(
    key: string,
    decide: (current: Segment) => Decision<Segment, P>,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>> {
    const before = this.#segments.get(key);
    if (before === undefined) return this.#missing("segment", key);
    const decision = decide(before.segment);
    if (decision.kind === "keep") return { kind: "kept", record: before };
    if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
    const after: SegmentRecord = { ...before, segment: sameKey(key, decision.next), updatedAt: meta.at };
    this.#segments.set(key, after);
    const revisions = this.#touchSegment(key, meta);
    this.#record(meta, { target: `segment/${key}`, revisions, ...changedFields(before.segment, after.segment) });
    return { kind: "written", before, after };
  }

  async deleteSegment<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>> {
    const before = this.#segments.get(key);
    if (before === undefined) return this.#missing("segment", key);
    const problem = refuse(this.#configs());
    if (problem !== undefined) return { kind: "refused", problem };
    this.#segments.delete(key);
    this.#tombstones.segment.set(key, meta.at);
    const revisions = this.#touchEverywhere({ kind: "segment", key }, meta, (environment) =>
      environment.segmentRevisions.delete(key),
    );
    this.#record(meta, { target: `segment/${key}`, revisions, before: asJson(before.segment) });
    return { kind: "written", before, after: before };
  }

  async tokens(): Promise<readonly TokenRecord[]> {
    return this.#tokens.all();
  }

  async token(id: string): Promise<TokenRecord | undefined> {
    return this.#tokens.get(id);
  }

  async tokenByHash(hash: string): Promise<TokenRecord | undefined> {
    return this.#tokens.byHash(hash);
  }

  async createToken(token: TokenRecord, meta: ChangeMeta): Promise<void> {
    this.#tokens.insert(token);
    this.#record(meta, { target: `token/${token.id}`, after: auditedToken(token) });
  }

  async revokeToken(id: string, meta: ChangeMeta): Promise<Written<TokenRecord, never>> {
    const before = this.#tokens.get(id);
    if (before === undefined) return { kind: "missing" };
    if (before.revokedAt !== undefined) return { kind: "kept", record: before };
    const after = this.#tokens.revoke(before, meta.at);
    this.#record(meta, { target: `token/${id}` });
    return { kind: "written", before, after };
  }

  async touchToken(id: string, at: number): Promise<void> {
    this.#tokens.touch(id, at);
  }

  async audit(query: AuditQuery): Promise<readonly AuditEntry[]> {
    const { after = 0, before = Infinity, environment, target, action, actor } = query;
    const found = this.#audit.filter(
      (entry) =>
        entry.seq > after &&
        entry.seq < before &&
        (environment === undefined ||
          entry.environment === environment ||
          entry.revisions?.[environment] !== undefined) &&
        (target === undefined || entry.target === target) &&
        (action === undefined || entry.action === action) &&
        (actor === undefined || entry.actor === actor),
    );
    return (query.order === "newest" ? found.toReversed() : found).slice(0, auditLimit(query));
  }

  async appendAudit(
    entry: { readonly target: string; readonly environment?: string; readonly after?: JsonValue },
    meta: ChangeMeta,
  ): Promise<AuditEntry> {
    return this.#record(meta, entry);
  }

  #configs(): readonly ConfigRecord[] {
    return [...this.#environments.values()].flatMap((environment) => byKey(environment.configs));
  }

  #occupied<R>(
    kind: ItemKind,
    key: string,
    records: ReadonlyMap<string, R>,
    options?: { readonly reuse?: boolean },
  ): Created<R> | undefined {
    const record = records.get(key);
    if (record !== undefined) return { kind: "exists", record };
    const deletedAt = this.#tombstones[kind].get(key);
    return deletedAt === undefined || options?.reuse === true ? undefined : { kind: "tombstone", deletedAt };
  }

  #missing(kind: ItemKind, key: string): { readonly kind: "missing"; readonly deletedAt?: number } {
    const deletedAt = this.#tombstones[kind].get(key);
    return deletedAt === undefined ? { kind: "missing" } : { kind: "missing", deletedAt };
  }

  #touchEverywhere(
    item: Item,
    meta: ChangeMeta,
    touch: (environment: MemoryEnvironment) => void,
  ): { readonly [environment: string]: number } {
    for (const environment of this.#environments.values()) {
      environment.advance(item, meta);
      touch(environment);
    }
    return Object.fromEntries([...this.#environments.values()].map(({ key, revision }) => [key, revision]));
  }

  #touchSegment(key: string, meta: ChangeMeta): { readonly [environment: string]: number } {
    return this.#touchEverywhere({ kind: "segment", key }, meta, (environment) =>
      environment.segmentRevisions.set(key, environment.revision),
    );
  }

  #record(meta: ChangeMeta, subject: Subject): AuditEntry {
    const last = this.#audit.at(-1);
    const { entry } = sealEntry(last?.hash ?? FIRST_PREVIOUS_HASH, auditDraft((last?.seq ?? 0) + 1, meta, subject));
    this.#audit.push(entry);
    return entry;
  }

  #wireSegment(environment: MemoryEnvironment, key: string): WireSegment | undefined {
    const record = this.#segments.get(key);
    const revision = environment.segmentRevisions.get(key);
    return record === undefined || revision === undefined ? undefined : wireSegment(record.segment, revision);
  }
}
