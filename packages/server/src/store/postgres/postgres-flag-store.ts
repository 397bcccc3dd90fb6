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
import { decideReading } from "./decide.ts";
import { schemaVersions } from "./migrations.ts";
import type { Pool } from "./pool.ts";
import { nothingChanged, readChanges, readContent, Tables } from "./tables.ts";
import type { Writer } from "./writer.ts";

/** What a store is made of. */
export interface Parts {
  readonly pool: Pool;
  readonly writer: Writer;
  readonly random: (sizeBytes: number) => Uint8Array;
}

type Around = Parameters<Parameters<Store["changeConfig"]>[2]>[1];
type Revisions = { readonly [environment: string]: number };

/** Flags, segments, tokens and the audit in PostgreSQL: each write is one transaction of the writer's. */
export class PostgresFlagStore implements Store {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async schema(): Promise<SchemaVersions> {
    return this.#parts.pool.run(schemaVersions);
  }

  async close(): Promise<void> {
    await this.#parts.pool.close();
  }

  environments(): Promise<readonly EnvironmentRecord[]> {
    return this.#read((tables) => tables.environments.all());
  }

  newEpoch(meta: ChangeMeta): Promise<readonly EnvironmentRecord[]> {
    return this.#write(meta, async (tables) => {
      for (const { key, epoch } of await tables.environments.all())
        await tables.environments.setEpoch(key, mintEpoch(this.#parts.random, { at: meta.at, after: epoch }));
      const records = await tables.environments.all();
      await tables.audit.append(meta, {
        target: "store",
        after: Object.fromEntries(records.map(({ key, epoch }) => [key, epoch])),
      });
      return records;
    });
  }

  async content(environment: string): Promise<EnvironmentContent | undefined> {
    return this.#snapshot((tables) => readContent(tables, environment));
  }

  async changesSince(environment: string, from: number): Promise<EnvironmentChanges | undefined> {
    // Asked every second by every server, and nearly always in vain.
    const now = await this.#read((tables) => tables.environments.get(environment));
    if (now === undefined || now.revision < from) return undefined;
    if (now.revision === from) return nothingChanged(now);
    return this.#snapshot((tables) => readChanges(tables, environment, from));
  }

  flags(): Promise<readonly FlagRecord[]> {
    return this.#read((tables) => tables.flags.all());
  }

  flag(key: string): Promise<FlagRecord | undefined> {
    return this.#read((tables) => tables.flags.get(key));
  }

  createFlag(
    definition: FlagDefinition,
    configs: { readonly [environment: string]: FlagConfig },
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<FlagRecord>> {
    const item: Item = { kind: "flag", key: definition.key };
    return this.#write(meta, async (tables) => {
      const there = await this.#occupied(tables, item, await tables.flags.get(item.key), options);
      if (there !== undefined) return there;
      const record: FlagRecord = { definition, createdAt: meta.at, updatedAt: meta.at };
      await tables.flags.insert(record);
      await tables.tombstones.clear(item);
      const revisions = await this.#everywhere(tables, item, meta, async (environment, revision) => {
        const config = configs[environment];
        if (config === undefined)
          throw new Error(`the new flag ${JSON.stringify(item.key)} has no configuration for ${environment}`);
        await tables.configs.insert({
          environment,
          key: item.key,
          config,
          revision,
          updatedAt: meta.at,
          updatedBy: meta.actor,
        });
      });
      await tables.audit.append(meta, {
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
    return this.#write<Written<FlagRecord, P>>(meta, async (tables) => {
      const before = await tables.flags.get(key);
      if (before === undefined) return this.#missing(tables, item);
      const decision = decide(before.definition);
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const after: FlagRecord = { ...before, definition: sameKey(key, decision.next), updatedAt: meta.at };
      await tables.flags.update(after);
      const revisions = await this.#everywhere(tables, item, meta, (environment, revision) =>
        tables.configs.stamp(environment, key, revision),
      );
      await tables.audit.append(meta, {
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
    return this.#write<Written<FlagRecord, P>>(meta, async (tables) => {
      const record = await tables.flags.get(key);
      if (record === undefined) return this.#missing(tables, item);
      const all = await tables.configs.list();
      const problem = refuse(all);
      if (problem !== undefined) return { kind: "refused", problem };
      await tables.flags.remove(key);
      await tables.tombstones.set(item, meta.at);
      const revisions = await this.#everywhere(tables, item, meta, async () => undefined);
      const configs = Object.fromEntries(
        all.filter((one) => one.key === key).map((one) => [one.environment, asJson(one.config)]),
      );
      await tables.audit.append(meta, {
        target: targetOf(item),
        revisions,
        before: { definition: asJson(record.definition), configs },
      });
      return { kind: "written", before: record, after: record };
    });
  }

  configs(filter?: { readonly environment?: string; readonly key?: string }): Promise<readonly ConfigRecord[]> {
    return this.#read((tables) => tables.configs.list(filter));
  }

  config(environment: string, key: string): Promise<ConfigRecord | undefined> {
    return this.#read(async (tables) => (await tables.configs.get(environment, key))?.record);
  }

  changeConfig<P>(
    environment: string,
    key: string,
    decide: (current: ConfigRecord, around: Around) => Decision<FlagConfig, P>,
    meta: ChangeMeta,
  ): Promise<Written<ConfigRecord, P>> {
    const item: Item = { kind: "flag", key };
    return this.#write<Written<ConfigRecord, P>>(meta, async (tables) => {
      const found = await tables.configs.get(environment, key);
      if (found === undefined) return this.#missing(tables, item);
      const { record: before, definition } = found;
      const decision = await decideReading((around) =>
        decide(before, {
          definition,
          others: () =>
            around.get("others", () => tables.configs.list({ environment })).filter((one) => one.key !== key),
          segments: () => around.get("segments", () => tables.segments.keys()),
          rollout: () => around.get("rollout", () => tables.rollouts.openOn(environment, key)),
        }),
      );
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const revision = await tables.environments.advance(environment, item, meta);
      const after: ConfigRecord = {
        environment,
        key,
        config: decision.next,
        revision,
        updatedAt: meta.at,
        updatedBy: meta.actor,
      };
      await tables.configs.update(after);
      await tables.audit.append(meta, {
        target: targetOf(item),
        environment,
        revision,
        ...changedFields(before.config, after.config),
      });
      return { kind: "written", before, after };
    });
  }

  segments(): Promise<readonly SegmentRecord[]> {
    return this.#read((tables) => tables.segments.all());
  }

  segment(key: string): Promise<SegmentRecord | undefined> {
    return this.#read((tables) => tables.segments.get(key));
  }

  createSegment(
    segment: Segment,
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<SegmentRecord>> {
    const item: Item = { kind: "segment", key: segment.key };
    return this.#write(meta, async (tables) => {
      const there = await this.#occupied(tables, item, await tables.segments.get(item.key), options);
      if (there !== undefined) return there;
      const record: SegmentRecord = { segment, createdAt: meta.at, updatedAt: meta.at };
      await tables.segments.insert(record);
      await tables.tombstones.clear(item);
      await tables.audit.append(meta, {
        target: targetOf(item),
        revisions: await this.#stampSegment(tables, item, meta),
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
    return this.#write<Written<SegmentRecord, P>>(meta, async (tables) => {
      const before = await tables.segments.get(key);
      if (before === undefined) return this.#missing(tables, item);
      const decision = decide(before.segment);
      if (decision.kind === "keep") return { kind: "kept", record: before };
      if (decision.kind === "refuse") return { kind: "refused", problem: decision.problem };
      const after: SegmentRecord = { ...before, segment: sameKey(key, decision.next), updatedAt: meta.at };
      await tables.segments.update(after);
      const revisions = await this.#stampSegment(tables, item, meta);
      await tables.audit.append(meta, {
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
    return this.#write<Written<SegmentRecord, P>>(meta, async (tables) => {
      const record = await tables.segments.get(key);
      if (record === undefined) return this.#missing(tables, item);
      const problem = refuse(await tables.configs.list());
      if (problem !== undefined) return { kind: "refused", problem };
      await tables.segments.remove(key);
      await tables.tombstones.set(item, meta.at);
      const revisions = await this.#everywhere(tables, item, meta, async () => undefined);
      await tables.audit.append(meta, { target: targetOf(item), revisions, before: asJson(record.segment) });
      return { kind: "written", before: record, after: record };
    });
  }

  tokens(): Promise<readonly TokenRecord[]> {
    return this.#read((tables) => tables.tokens.all());
  }

  token(id: string): Promise<TokenRecord | undefined> {
    return this.#read((tables) => tables.tokens.get(id));
  }

  tokenByHash(hash: string): Promise<TokenRecord | undefined> {
    return this.#read((tables) => tables.tokens.byHash(hash));
  }

  createToken(token: TokenRecord, meta: ChangeMeta): Promise<void> {
    return this.#write(meta, async (tables) => {
      await tables.tokens.insert(token);
      await tables.audit.append(meta, { target: `token/${token.id}`, after: auditedToken(token) });
    });
  }

  revokeToken(id: string, meta: ChangeMeta): Promise<Written<TokenRecord, never>> {
    return this.#write<Written<TokenRecord, never>>(meta, async (tables) => {
      const before = await tables.tokens.get(id);
      if (before === undefined) return { kind: "missing" };
      if (before.revokedAt !== undefined) return { kind: "kept", record: before };
      await tables.tokens.revoke(id, meta.at);
      await tables.audit.append(meta, { target: `token/${id}` });
      return { kind: "written", before, after: { ...before, revokedAt: meta.at } };
    });
  }

  /** A read must not fail because this can't be written: where the database is full or busy it is left out. */
  async touchToken(id: string, at: number): Promise<void> {
    const token = await this.token(id);
    if (token === undefined || at - (token.lastUsedAt ?? -Infinity) < TOUCH_INTERVAL_MS) return;
    await this.#parts.writer.plain((tx) => new Tables(tx).tokens.touch(id, at)).catch(() => undefined);
  }

  audit(query: AuditQuery): Promise<readonly AuditEntry[]> {
    return this.#read((tables) => tables.audit.query(query));
  }

  appendAudit(
    entry: { readonly target: string; readonly environment?: string; readonly after?: JsonValue },
    meta: ChangeMeta,
  ): Promise<AuditEntry> {
    return this.#write(meta, (tables) => tables.audit.append(meta, entry));
  }

  #write<T>(meta: ChangeMeta, body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#parts.writer.audited(meta.urgent === true, (tx) => body(new Tables(tx)));
  }

  #read<T>(body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#parts.pool.run((session) => body(new Tables(session)));
  }

  #snapshot<T>(body: (tables: Tables) => Promise<T>): Promise<T> {
    return this.#parts.pool.read((session) => body(new Tables(session)));
  }

  async #occupied<R>(
    tables: Tables,
    item: Item,
    record: R | undefined,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<R> | undefined> {
    if (record !== undefined) return { kind: "exists", record };
    const deletedAt = await tables.tombstones.deletedAt(item);
    return deletedAt === undefined || options?.reuse === true ? undefined : { kind: "tombstone", deletedAt };
  }

  async #missing(tables: Tables, item: Item): Promise<{ readonly kind: "missing"; readonly deletedAt?: number }> {
    const deletedAt = await tables.tombstones.deletedAt(item);
    return deletedAt === undefined ? { kind: "missing" } : { kind: "missing", deletedAt };
  }

  /** A change of one thing in every environment: the revisions it makes. */
  async #everywhere(
    tables: Tables,
    item: Item,
    meta: ChangeMeta,
    touch: (environment: string, revision: number) => Promise<void>,
  ): Promise<Revisions> {
    const made: { [environment: string]: number } = {};
    for (const { key } of await tables.environments.all()) {
      const revision = await tables.environments.advance(key, item, meta);
      await touch(key, revision);
      made[key] = revision;
    }
    return made;
  }

  #stampSegment(tables: Tables, item: Item, meta: ChangeMeta): Promise<Revisions> {
    return this.#everywhere(tables, item, meta, (environment, revision) =>
      tables.segments.stamp(environment, item.key, revision),
    );
  }
}
