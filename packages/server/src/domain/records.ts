import type { FlagConfig, FlagDefinition, Segment, TokenKind } from "@rampart/core";

/** Epoch milliseconds of the server's wall clock. Handed in by the caller: neither domain nor store has a clock. */
export type EpochMs = number;

/** Who changes what and why; becomes the audit entry of the same transaction. */
export interface ChangeMeta {
  readonly actor: string;
  /** `flag.ramped`, `flag.killed`, … (see `AuditEntry`). */
  readonly action: string;
  readonly reason?: string;
  readonly at: EpochMs;
  /** Of the call that asked for it, where that named one: 32 hex digits. */
  readonly traceId?: string;
  /** The change asks every client for a receipt (kill, rollback). */
  readonly urgent?: boolean;
}

/** A flag as it is stored. */
export interface FlagRecord {
  readonly definition: FlagDefinition;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** A flag's configuration in one environment, as it is stored. */
export interface ConfigRecord {
  readonly environment: string;
  readonly key: string;
  readonly config: FlagConfig;
  /** The environment's revision at which it last changed. */
  readonly revision: number;
  readonly updatedAt: EpochMs;
  readonly updatedBy: string;
}

/** A segment as it is stored. */
export interface SegmentRecord {
  readonly segment: Segment;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** An environment, and how far its history goes. */
export interface EnvironmentRecord {
  readonly key: string;
  /** Changes when history is not continuous (a restored backup). */
  readonly epoch: string;
  readonly revision: number;
}

/** The stored half of a token: never the token itself. */
export interface TokenRecord {
  readonly id: string;
  readonly kind: TokenKind;
  readonly name: string;
  readonly environments: readonly string[];
  readonly roles: readonly string[];
  /** Hex SHA-256 of the token's text. */
  readonly hash: string;
  readonly prefix: string;
  readonly createdAt: EpochMs;
  readonly expiresAt?: EpochMs;
  readonly revokedAt?: EpochMs;
  readonly lastUsedAt?: EpochMs;
  /** Of client keys that have some. */
  readonly browsers?: BrowserRules;
}

/** How a client key may be used by browsers. Their keys are public, so that this bounds what a copied one is good for. */
export interface BrowserRules {
  /** Origins whose pages may use the key; none named: all. */
  readonly origins: readonly string[];
  /** With it, contexts must be signed. Kept as it is, because checking a signature takes the secret itself. */
  readonly secret?: string;
}

/**
 * The answer of a pure decision made inside the transaction, on the record as it is there. `keep`: nothing to do, no
 * revision, no audit entry. `refuse`: roll back and hand `problem` to the caller.
 */
export type Decision<T, P> =
  | { readonly kind: "write"; readonly next: T }
  | { readonly kind: "keep" }
  | { readonly kind: "refuse"; readonly problem: P };

/** One immutable revision of a plan: the same document has the same digest, and is stored once. */
export interface PlanRecord {
  readonly name: string;
  /** 1, 2, … within the name. */
  readonly version: number;
  readonly digest: string;
  /** The YAML as it came, comments included; `${VARS}` are still names. */
  readonly text: string;
  readonly createdAt: EpochMs;
  readonly createdBy: string;
}
