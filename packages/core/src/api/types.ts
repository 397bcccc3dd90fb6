import type { FlagConfig, FlagDefinition, Segment } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";

/** Every instant in the API is RFC 3339 in UTC with milliseconds, `2026-01-05T02:00:00.000Z`. */
export type Instant = string;

/** `application/problem+json` (RFC 9457). `code` is stable and upper case; `hint` says what to do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint?: string;
  /** Every invalid field at once, by JSON pointer; in a text (a plan) also by line and column, from 1. */
  readonly errors?: readonly {
    readonly pointer: string;
    readonly detail: string;
    readonly hint?: string;
    readonly line?: number;
    readonly column?: number;
  }[];
  /** Names near the one that was not found. */
  readonly suggestions?: readonly string[];
  /** On 409: what is there now, and the fields in which it differs from what the caller had seen. */
  readonly current?: JsonValue;
  readonly differences?: readonly {
    readonly pointer: string;
    readonly yours: JsonValue;
    readonly current: JsonValue;
  }[];
}

/** A flag with a line for each environment. `GET /api/v1/flags/:key`; an item of `GET /api/v1/flags`. */
export interface FlagView extends FlagDefinition {
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly environments: { readonly [environment: string]: FlagStateView };
}

/** The state of a flag in one environment, in a line. */
export interface FlagStateView {
  readonly enabled: boolean;
  /** The fallthrough's percentage for a boolean flag (0 while disabled), else undefined. */
  readonly percentage?: number;
  readonly rules: number;
  readonly targets: number;
  readonly revision: number;
  /** When a program last asked for it, as far as is known here; missing: not in the last thirty days. */
  readonly lastEvaluatedAt?: Instant;
}

/** `GET/PATCH /api/v1/environments/:env/flags/:key`. `ETag` and `If-Match` carry `"<revision>"`. */
export interface FlagConfigView extends FlagConfig {
  readonly key: string;
  readonly environment: string;
  /** The environment's revision at which this configuration last changed. */
  readonly revision: number;
  readonly updatedAt: Instant;
  readonly updatedBy: string;
}

/** Answer of `…/rollout`, `…/kill`, `…/restore` and `POST /api/features/rollout`. */
export interface RampView {
  readonly feature: string;
  readonly environment: string;
  readonly enabled: boolean;
  readonly percentage?: number;
  readonly previousPercentage?: number;
  readonly revision: number;
  /** False when nothing had to change (the same percentage, an already killed flag). */
  readonly changed: boolean;
  readonly at: Instant;
  /** A kill that the connected clients have and the store could not take yet. */
  readonly unstored?: { readonly keptIn: "file" | "memory"; readonly detail: string };
}

/** What clients were told while nothing can be stored: answer 202 of a kill, and of a rollback. */
export interface UnstoredKill extends RampView {
  readonly unstored: NonNullable<RampView["unstored"]>;
}

/** A segment, as `GET /api/v1/segments/:key` gives it. */
export interface SegmentView extends Segment {
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Who may do what: people and programs by `kind`, people also by role (`engineering-lead`). */
export type TokenKind = "admin" | "operator" | "viewer" | "server" | "client" | "relay" | "ci";

/** A token without its secret part. */
export interface TokenView {
  readonly id: string;
  readonly kind: TokenKind;
  readonly name: string;
  /** Environments it is good for; `["*"]`: all. Keys (`server`, `client`, `relay`) have exactly one. */
  readonly environments: readonly string[];
  readonly roles: readonly string[];
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  readonly revokedAt?: Instant;
  readonly lastUsedAt?: Instant;
  /** The first characters, enough to recognise it by. */
  readonly prefix: string;
  /** Of client keys: origins whose pages may use it; missing: all. */
  readonly origins?: readonly string[];
  /** Of client keys: contexts must be signed. */
  readonly secure?: boolean;
}

/** Answer of `POST /api/v1/tokens`: the only time the token itself is shown. */
export interface CreatedToken extends TokenView {
  readonly token: string;
  /** What contexts are signed with, of a client key that demands it. */
  readonly secret?: string;
}

/** A connected or lately seen SDK. `GET /api/v1/environments/:env/clients`. */
export interface ClientView {
  readonly instanceId: string;
  /** `node/0.1.0`. */
  readonly sdk: string;
  readonly address: string;
  readonly transport: "stream" | "poll";
  readonly connectedAt: Instant;
  readonly lastContactAt: Instant;
  readonly epoch: string;
  /** What it was last sent (stream) or last said it has (acknowledgement, poll). */
  readonly revision: number;
  /** Revisions behind the environment. */
  readonly lag: number;
  /** The newest revision that it said it had applied, and when; missing while it was not asked. */
  readonly acknowledgedRevision?: number;
  readonly acknowledgedAt?: Instant;
  /** The server that has it, where there are several. */
  readonly replica?: string;
  /** The relays that it is behind, the outermost first, with slashes; missing: it is behind none. */
  readonly relay?: string;
}

/** Answer of `GET /api/v1/environments/:env/clients`. */
export interface ClientsView {
  readonly environment: string;
  readonly epoch: string;
  readonly revision: number;
  readonly clients: readonly ClientView[];
  readonly total: number;
  readonly current: number;
  /** Servers that have not said in time whom they have: their clients are neither listed nor counted. */
  readonly missing?: readonly string[];
}

/** One line of the audit: a hash chain over canonical JSON (RFC 8785), SHA-256. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: Instant;
  /** `token:<id>` with its name, `system`, or `dev`. */
  readonly actor: string;
  /** `flag.created`, `flag.updated`, `flag.deleted`, `config.changed`, `flag.ramped`, `flag.killed`, `flag.restored`, `segment.*`, `token.*`. */
  readonly action: string;
  /** `flag/<key>`, `segment/<key>`, `token/<id>`. */
  readonly target: string;
  readonly environment?: string;
  /** The environment's revision that the entry made. */
  readonly revision?: number;
  /** Instead of `environment` and `revision`, when one act is a change in every environment (a definition, a segment). */
  readonly revisions?: { readonly [environment: string]: number };
  readonly reason?: string;
  /** The trace of the call that asked for it, by its `traceparent`: 32 hex digits. */
  readonly traceId?: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  /** Hex SHA-256 of the entry before this one; 64 zeros for the first. */
  readonly previousHash: string;
  /** Hex SHA-256 of this entry's canonical JSON without `hash`. */
  readonly hash: string;
}

/** A page of a list. `next` is the cursor to ask for more, missing at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Answer of `POST /api/v1/environments/:env/evaluate`: the server's own evaluation, explained. */
export interface ExplainedEvaluation {
  readonly flagKey: string;
  readonly value: JsonValue;
  readonly variant?: string;
  readonly reason: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly revision: number;
  readonly ruleId?: string;
  readonly bucket?: number;
  /** What was asked in turn, and the answer, ending with what decided. */
  readonly steps: readonly { readonly step: string; readonly outcome: string }[];
}
