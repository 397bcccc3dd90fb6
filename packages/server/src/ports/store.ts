import type { AuditEntry, FlagConfig, FlagDefinition, JsonValue, Segment, WireFlag, WireSegment } from "@rampart/core";
import type {
  ChangeMeta,
  ConfigRecord,
  Decision,
  EnvironmentRecord,
  EpochMs,
  FlagRecord,
  SegmentRecord,
  TokenRecord,
} from "../domain/records.ts";

export type {
  BrowserRules,
  ChangeMeta,
  ConfigRecord,
  Decision,
  EnvironmentRecord,
  EpochMs,
  FlagRecord,
  SegmentRecord,
  TokenRecord,
} from "../domain/records.ts";

/** What came of a change. `kept`: it is as wanted already; `refused`: the decision said no. */
export type Written<R, P> =
  | { readonly kind: "written"; readonly before: R; readonly after: R }
  | { readonly kind: "kept"; readonly record: R }
  | { readonly kind: "refused"; readonly problem: P }
  | { readonly kind: "missing"; readonly deletedAt?: EpochMs };

/** What came of making something. `exists`: the key is taken. */
export type Created<R> =
  | { readonly kind: "created"; readonly record: R }
  | { readonly kind: "exists"; readonly record: R }
  /** The key belonged to something that was deleted; it is not given out again unless `reuse` is set. */
  | { readonly kind: "tombstone"; readonly deletedAt: EpochMs };

/** A flag as it is served: what server SDKs get of it, and whether browsers may know of it, which none of them is told. */
export interface ServedFlag extends WireFlag {
  readonly clientVisible: boolean;
}

/** What a server says beside what is stored, where it is another server that was asked and not the store. */
export interface Relayed {
  /** From the question to the moment that the answer stands for, milliseconds; below 0: that was before the question. */
  readonly asOfMs: number;
  /** Flags that are off before the store says so. */
  readonly off: readonly string[];
}

/** Everything of one environment at one revision, read in one transaction. */
export interface EnvironmentContent extends EnvironmentRecord {
  /** Missing: the store itself answered. */
  readonly relayed?: Relayed;
  readonly flags: readonly ServedFlag[];
  readonly segments: readonly WireSegment[];
}

/** What changed after a revision, with each item as it is now; coalesced. */
export interface EnvironmentChanges extends EnvironmentRecord {
  /** Missing: the store itself answered. */
  readonly relayed?: Relayed;
  readonly from: number;
  readonly flags: readonly ServedFlag[];
  readonly segments: readonly WireSegment[];
  readonly removedFlags: readonly string[];
  readonly removedSegments: readonly string[];
  readonly urgent: boolean;
  /** The newest of the coalesced commits. */
  readonly committedAt: EpochMs;
}

/** Which entries are asked for. */
export interface AuditQuery {
  /** Entries after this sequence number. */
  readonly after?: number;
  /** Entries before this sequence number (for newest first). */
  readonly before?: number;
  readonly order?: "oldest" | "newest";
  /** 1…1000. */
  readonly limit: number;
  readonly environment?: string;
  readonly target?: string;
  readonly action?: string;
  readonly actor?: string;
}

/** Versions of the schema; 0: there is none. */
export interface SchemaVersions {
  /** What is there. A newer server can have taken it on since this one started. */
  readonly found: number;
  /** The newest that this program knows. */
  readonly known: number;
}

/**
 * Where everything is kept. Each write is one transaction that holds the record, the environment's next revision, the change-log
 * line and the audit entry. Methods name intentions; there is no `transaction(callback)`, because SQLite's are synchronous and
 * PostgreSQL's are not. `decide` functions are pure and may run more than once.
 *
 * All implementations pass `store.contract.ts`.
 */
export interface Store {
  /** As it is stored now: a trivial read. Rejects when nothing can be read. */
  schema(): Promise<SchemaVersions>;
  close(): Promise<void>;

  environments(): Promise<readonly EnvironmentRecord[]>;
  /** History is not continuous any more (a backup was restored): every environment gets a new epoch, and keeps its revision. */
  newEpoch(meta: ChangeMeta): Promise<readonly EnvironmentRecord[]>;
  content(environment: string): Promise<EnvironmentContent | undefined>;
  /** Undefined when `from` is newer than the environment, or too old for the change log: send a snapshot. Equal: `from === revision`, nothing changed. */
  changesSince(environment: string, from: number): Promise<EnvironmentChanges | undefined>;

  flags(): Promise<readonly FlagRecord[]>;
  flag(key: string): Promise<FlagRecord | undefined>;
  /** One configuration for each environment; counts as a change in each of them. */
  createFlag(
    definition: FlagDefinition,
    configs: { readonly [environment: string]: FlagConfig },
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<FlagRecord>>;
  /** A change of the definition is a change in every environment. */
  changeFlag<P>(
    key: string,
    decide: (current: FlagDefinition) => Decision<FlagDefinition, P>,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>>;
  /** Leaves a tombstone. `decide` may refuse (another flag's prerequisite). */
  deleteFlag<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<FlagRecord, P>>;

  /** Configurations of all environments, or of one. */
  configs(filter?: { readonly environment?: string; readonly key?: string }): Promise<readonly ConfigRecord[]>;
  config(environment: string, key: string): Promise<ConfigRecord | undefined>;
  /** `others`: the configurations of the same environment, for prerequisites. `rollout`: the one that ramps the flag now, if any. */
  changeConfig<P>(
    environment: string,
    key: string,
    decide: (
      current: ConfigRecord,
      around: {
        readonly definition: FlagDefinition;
        readonly others: () => readonly ConfigRecord[];
        readonly segments: () => readonly string[];
        readonly rollout: () => string | undefined;
      },
    ) => Decision<FlagConfig, P>,
    meta: ChangeMeta,
  ): Promise<Written<ConfigRecord, P>>;

  segments(): Promise<readonly SegmentRecord[]>;
  segment(key: string): Promise<SegmentRecord | undefined>;
  /** Segments are the same in every environment: each write is a change in all of them. */
  createSegment(
    segment: Segment,
    meta: ChangeMeta,
    options?: { readonly reuse?: boolean },
  ): Promise<Created<SegmentRecord>>;
  changeSegment<P>(
    key: string,
    decide: (current: Segment) => Decision<Segment, P>,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>>;
  deleteSegment<P>(
    key: string,
    refuse: (allConfigs: readonly ConfigRecord[]) => P | undefined,
    meta: ChangeMeta,
  ): Promise<Written<SegmentRecord, P>>;

  tokens(): Promise<readonly TokenRecord[]>;
  token(id: string): Promise<TokenRecord | undefined>;
  tokenByHash(hash: string): Promise<TokenRecord | undefined>;
  createToken(token: TokenRecord, meta: ChangeMeta): Promise<void>;
  /** Idempotent. */
  revokeToken(id: string, meta: ChangeMeta): Promise<Written<TokenRecord, never>>;
  /** Not audited; at most once a minute for each token. */
  touchToken(id: string, at: EpochMs): Promise<void>;

  audit(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /** An entry without a record of its own (a denied call, a login). */
  appendAudit(
    entry: { readonly target: string; readonly environment?: string; readonly after?: JsonValue },
    meta: ChangeMeta,
  ): Promise<AuditEntry>;
}
