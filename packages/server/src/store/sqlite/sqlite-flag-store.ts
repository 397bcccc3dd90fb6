import type { AuditEntry, FlagConfig, FlagDefinition, JsonValue, Segment } from "@rampart/core";
import type {
  AuditQuery,
  ChangeMeta,
  ConfigRecord,
  Created,
  Decision,
  EnvironmentChanges,
  EnvironmentContent,
  EnvironmentRecord,
  FlagRecord,
  SchemaVersions,
  SegmentRecord,
  Store,
  TokenRecord,
  Written,
} from "../../ports/store.ts";
import { asJson, auditedToken, changedFields, sameKey, targetOf } from "../changes.ts";
import { mintEpoch } from "../environments.ts";
import { TOUCH_INTERVAL_MS } from "../limits.ts";
import type { Item } from "../changes.ts";
import { schemaVersions } from "./migrations.ts";
import type { Session } from "./session.ts";
import type { Tables } from "./tables.ts";
import { readChanges, readContent } from "./tables.ts";
import type { Writer } from "./writer.ts";

/** What a store is made of. */
export interface Parts {
  readonly session: Session;
  readonly tables: Tables;
  readonly writer: Writer;
  readonly random: (sizeBytes: number) => Uint8Array;
}

type Around = Parameters<Parameters<Store["changeConfig"]>[2]>[1];
type Revisions = { readonly [environment: string]: number };

/** Flags, segments, tokens and the audit in SQLite: each write is one transaction of the writer's. */
export class SqliteFlagStore implements Store {
  readonly #parts: Parts;
  readonly #tables: Tables;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#tables = parts.tables;
  }

  async schema(): Promise<SchemaVersions> {
    return schemaVersions(this.#parts.session.db);
  }

  async close(): Promise<void> {
    this.#parts.session.db.close();
  }

  async environments(): Promise<readonly EnvironmentRecord[]> {
    return this.#tables.environments.all();
  }

  newEpoch(meta: ChangeMeta): Promise<readonly EnvironmentRecord[]> {
    return this.#write(meta, () => {
      for (const { key, epoch } of this.#tables.environments.all())
        this.#tables.environments.setEpoch(key, mintEpoch(this.#parts.random, { at: meta.at, after: epoch }));
      const records = this.#tables.environments.all();
      this.#tables.audit.append(meta, {
        target: "store",
        after: Object.fromEntries(records.map(({ key, epoch }) => [key, epoch])),
      });
      return records;
    });
  }

  async content(environment: string): Promise<EnvironmentContent | undefined> {
    return this.#read(() => readContent(this.#tables, environment));
  }

  async changesSince(environment: string, from: number): Promise<EnvironmentChanges | undefined> {
    return this.#read(() => readChanges(this.#tables, environment, from));
  }

  async flags(): Promise<readonly FlagRecord[]> {
    return this.#tables.flags.all();
  }

  async flag(key: string): Promise<FlagRecord | undefined> {
    return this.#tables.flags.get(key);
  }

  createFlag(
    definition: FlagDefinition,
    configs: { readonly [environment: string]: FlagConfig },
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<FlagRecord>> {
    const item: Item = { kind: "flag", key: definition.key };
    return this.#write(meta, () => {
      const there = this.#occupied(item, this.#tables.flags.get(item.key), options);
      if (there !== undefined) return there;
      const record: FlagRecord = { definition, createdAt: meta.at, updatedAt: meta.at };
      this.#tables.flags.insert(record);
      this.#tables.tombstones.clear(item);
      const revisions = this.#everywhere(item, meta, (environment, revision) => {
        const config = configs[environment];
        if (config === undefined)
          throw new Error(`the new flag ${JSON.stringify(item.key)} has no configuration for ${environment}`);
        this.#tables.configs.insert({
          environment,
          key: item.key,
          config,
          revision,
          updatedAt: meta.at,
          updatedBy: meta.actor,
        });
      });
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        revisions,
        after: { definition: asJson(definition), configs: asJson(configs) },
      });
      return { kind: "created", record };
    });
  }

  changeFlag<P>(
    key: string,
    decide: (current: FlagDefinition) => Decision<FlagDefinition, P>,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>> {
    const item: Item = { kind: "flag", key };
    return this.#write<Written<FlagRecord, P>>(meta, () => {
      const before = this.#tables.flags.get(key);
      if (before === undefined) return this.#missing(item);
      const decision = decide(before.definition);
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const after: FlagRecord = { ...before, definition: sameKey(key, decision.next), updatedAt: meta.at };
      this.#tables.flags.update(after);
      const revisions = this.#everywhere(item, meta, (environment, revision) =>
        this.#tables.configs.stamp(environment, key, revision),
      );
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        revisions,
        ...changedFields(before.definition, after.definition),
      });
      return { kind: "written", before, after };
    });
  }

  deleteFlag<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>> {
    const item: Item = { kind: "flag", key };
    return this.#write<Written<FlagRecord, P>>(meta, () => {
      const record = this.#tables.flags.get(key);
      if (record === undefined) return this.#missing(item);
      const all = this.#tables.configs.list();
      const problem = refuse(all);
      if (problem !== undefined) return { kind: "refused", problem };
      this.#tables.flags.remove(key);
      this.#tables.tombstones.set(item, meta.at);
      const revisions = this.#everywhere(item, meta, () => {});
      const configs = Object.fromEntries(
        all.filter((one) => one.key === key).map((one) => [one.environment, asJson(one.config)]),
      );
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        revisions,
        before: { definition: asJson(record.definition), configs },
      });
      return { kind: "written", before: record, after: record };
    });
  }

  async configs(filter?: { readonly environment?: string; readonly key?: string }): Promise<readonly ConfigRecord[]> {
    return this.#tables.configs.list(filter);
  }

  async config(environment: string, key: string): Promise<ConfigRecord | undefined> {
    return this.#tables.configs.get(environment, key)?.record;
  }

  changeConfig<P>(
    environment: string,
    key: string,
    decide: (current: ConfigRecord, around: Around) => Decision<FlagConfig, P>,
    meta: ChangeMeta,
  ): Promise<Written<ConfigRecord, P>> {
    const item: Item = { kind: "flag", key };
    return this.#write<Written<ConfigRecord, P>>(meta, () => {
      const found = this.#tables.configs.get(environment, key);
      if (found === undefined) return this.#missing(item);
      const { record: before, definition } = found;
      const decision = decide(before, {
        definition,
        others: () => this.#tables.configs.list({ environment }).filter((one) => one.key !== key),
        segments: () => this.#tables.segments.keys(),
        rollout: () => this.#tables.rollouts.openOn(environment, key),
      });
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const revision = this.#tables.environments.advance(environment, item, meta);
      const after: ConfigRecord = {
        environment,
        key,
        config: decision.next,
        revision,
        updatedAt: meta.at,
        updatedBy: meta.actor,
      };
      this.#tables.configs.update(after);
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        environment,
        revision,
        ...changedFields(before.config, after.config),
      });
      return { kind: "written", before, after };
    });
  }

  async segments(): Promise<readonly SegmentRecord[]> {
    return this.#tables.segments.all();
  }

  async segment(key: string): Promise<SegmentRecord | undefined> {
    return this.#tables.segments.get(key);
  }

  createSegment(
    segment: Segment,
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<SegmentRecord>> {
    const item: Item = { kind: "segment", key: segment.key };
    return this.#write(meta, () => {
      const there = this.#occupied(item, this.#tables.segments.get(item.key), options);
      if (there !== undefined) return there;
      const record: SegmentRecord = { segment, createdAt: meta.at, updatedAt: meta.at };
      this.#tables.segments.insert(record);
      this.#tables.tombstones.clear(item);
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        revisions: this.#stampSegment(item, meta),
        after: asJson(segment),
      });
      return { kind: "created", record };
    });
  }

  changeSegment<P>(
    key: string,
    decide: (current: Segment) => Decision<Segment, P>,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>> {
    const item: Item = { kind: "segment", key };
    return this.#write<Written<SegmentRecord, P>>(meta, () => {
      const before = this.#tables.segments.get(key);
      if (before === undefined) return this.#missing(item);
      const decision = decide(before.segment);
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const after: SegmentRecord = { ...before, segment: sameKey(key, decision.next), updatedAt: meta.at };
      this.#tables.segments.update(after);
      const revisions = this.#stampSegment(item, meta);
      this.#tables.audit.append(meta, {
        target: targetOf(item),
        revisions,
        ...changedFields(before.segment, after.segment),
      });
      return { kind: "written", before, after };
    });
  }

  deleteSegment<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>> {
    const item: Item = { kind: "segment", key };
    return this.#write<Written<SegmentRecord, P>>(meta, () => {
      const record = this.#tables.segments.get(key);
      if (record === undefined) return this.#missing(item);
      const problem = refuse(this.#tables.configs.list());
      if (problem !== undefined) return { kind: "refused", problem };
      this.#tables.segments.remove(key);
      this.#tables.tombstones.set(item, meta.at);
      const revisions = this.#everywhere(item, meta, () => {});
      this.#tables.audit.append(meta, { target: targetOf(item), revisions, before: asJson(record.segment) });
      return { kind: "written", before: record, after: record };
    });
  }

  async tokens(): Promise<readonly TokenRecord[]> {
    return this.#tables.tokens.all();
  }

  async token(id: string): Promise<TokenRecord | undefined> {
    return this.#tables.tokens.get(id);
  }

  async tokenByHash(hash: string): Promise<TokenRecord | undefined> {
    return this.#tables.tokens.byHash(hash);
  }

  createToken(token: TokenRecord, meta: ChangeMeta): Promise<void> {
    return this.#write(meta, () => {
      this.#tables.tokens.insert(token);
      this.#tables.audit.append(meta, { target: `token/${token.id}`, after: auditedToken(token) });
    });
  }

  revokeToken(id: string, meta: ChangeMeta): Promise<Written<TokenRecord, never>> {
    return this.#write<Written<TokenRecord, never>>(meta, () => {
      const before = this.#tables.tokens.get(id);
      if (before === undefined) return { kind: "missing" };
      if (before.revokedAt !== undefined) return { kind: "kept", record: before };
      this.#tables.tokens.revoke(id, meta.at);
      this.#tables.audit.append(meta, { target: `token/${id}` });
      return { kind: "written", before, after: { ...before, revokedAt: meta.at } };
    });
  }

  /** A read must not fail because this can't be written: on a full or busy disk it is left out. */
  async touchToken(id: string, at: number): Promise<void> {
    const token = this.#tables.tokens.get(id);
    if (token === undefined || at - (token.lastUsedAt ?? -Infinity) < TOUCH_INTERVAL_MS) return;
    this.#parts.writer.attempt(() => this.#tables.tokens.touch(id, at));
  }

  async audit(query: AuditQuery): Promise<readonly AuditEntry[]> {
    return this.#tables.audit.query(query);
  }

  appendAudit(
    entry: { readonly target: string; readonly environment?: string; readonly after?: JsonValue },
    meta: ChangeMeta,
  ): Promise<AuditEntry> {
    return this.#write(meta, () => this.#tables.audit.append(meta, entry));
  }

  #write<T>(meta: ChangeMeta, body: () => T): Promise<T> {
    return this.#parts.writer.write(meta.urgent === true, body);
  }

  #read<T>(body: () => T): T {
    return this.#parts.session.db.transaction(body).deferred();
  }

  #occupied<R>(item: Item, record: R | undefined, options?: { readonly reuse?: boolean }): Created<R> | undefined {
    if (record !== undefined) return { kind: "exists", record };
    const deletedAt = this.#tables.tombstones.deletedAt(item);
    return deletedAt === undefined || options?.reuse === true ? undefined : { kind: "tombstone", deletedAt };
  }

  #missing(item: Item): { readonly kind: "missing"; readonly deletedAt?: number } {
    const deletedAt = this.#tables.tombstones.deletedAt(item);
    return deletedAt === undefined ? { kind: "missing" } : { kind: "missing", deletedAt };
  }

  /** A change of one thing in every environment: the revisions it makes. */
  #everywhere(item: Item, meta: ChangeMeta, touch: (environment: string, revision: number) => void): Revisions {
    const made = this.#tables.environments.all().map(({ key }) => {
      const revision = this.#tables.environments.advance(key, item, meta);
      touch(key, revision);
      return [key, revision] as const;
    });
    return Object.fromEntries(made);
  }

  #stampSegment(item: Item, meta: ChangeMeta): Revisions {
    return this.#everywhere(item, meta, (environment, revision) =>
      this.#tables.segments.stamp(environment, item.key, revision),
    );
  }
}
