import type { FlagConfig, FlagType, Segment, Variants } from "../model/flag.ts";

/**
 * A flag as server SDKs receive it: what evaluation needs and nothing else. Fields at their defaults are left out by the server
 * (see `encodeFlag`) and filled in by the parser.
 */
export interface WireFlag extends Omit<FlagConfig, "clientVisible"> {
  readonly key: string;
  /** The environment's revision at which this flag last changed. Feeds the digest. */
  readonly revision: number;
  readonly type: FlagType;
  readonly variants: Variants;
}

/** A segment as server SDKs receive it. */
export interface WireSegment extends Omit<Segment, "description"> {
  /** The environment's revision at which this segment last changed. Feeds the digest. */
  readonly revision: number;
}

/**
 * The whole of an environment at one revision. Body of `GET /sdk/v1/flags`, data of the stream's `snapshot` event, and of its `unconfirmed` event: what a
 * server has that does not know whether it is still what is stored. That is to be served, but it is no contact: it renews no lease.
 */
export interface Snapshot {
  readonly environment: string;
  readonly epoch: string;
  readonly revision: number;
  /** See `digestOf`. Eight hex digits. */
  readonly digest: string;
  readonly flags: readonly WireFlag[];
  readonly segments: readonly WireSegment[];
  /** Flags that are off by an `Emergency`. They are sent as off; who holds the revision already learns it from here. */
  readonly off?: readonly string[];
  /** Keys of what the frame held and this reader could not read: the last good ones of them stay. Filled in by the parser, never sent. */
  readonly unreadable?: { readonly flags: readonly string[]; readonly segments: readonly string[] };
}

/**
 * What changed between two revisions; applied wholly or not at all, and only onto `from`. Data of the stream's `delta` event.
 * `urgent` asks for a receipt (kill, rollback).
 */
export interface Delta {
  readonly epoch: string;
  readonly from: number;
  readonly revision: number;
  readonly digest: string;
  readonly flags: readonly WireFlag[];
  readonly segments: readonly WireSegment[];
  readonly removedFlags: readonly string[];
  readonly removedSegments: readonly string[];
  readonly urgent: boolean;
  /** Server's wall clock at the commit, epoch milliseconds. */
  readonly committedAt: number;
}

/**
 * Data of the stream's `heartbeat` event, every 5 s: proves contact, and shows a client that has drifted that it has. A server that does not know what is stored
 * sends `unconfirmed` instead, with `null`: the connection works, and that is all.
 */
export interface Heartbeat {
  readonly epoch: string;
  readonly revision: number;
  readonly digest: string;
  /** Server's wall clock when it was written, epoch milliseconds. */
  readonly now: number;
}

/**
 * Data of the stream's `emergency` event: flags that were taken back while nothing could be stored, so that no revision says so yet. Each is off
 * from now on, above what is held of it up to `revision`, until a later revision of the flag says otherwise. Repeating it changes nothing.
 */
export interface Emergency {
  readonly epoch: string;
  readonly revision: number;
  readonly off: readonly string[];
}

/** Data of the stream's `goodbye` event: the server is going away; come back after `retryAfterMs`. */
export interface Goodbye {
  readonly reason: "shutdown" | "revoked" | "slow" | "moved";
  readonly retryAfterMs: number;
}

/** `epoch:revision` of what a client holds, sent as `?basis=` with every connect. */
export interface Basis {
  readonly epoch: string;
  readonly revision: number;
}

/** Body of `POST /sdk/v1/ack`. */
export interface Acknowledgement {
  /** Random, for the life of the client. */
  readonly instanceId: string;
  readonly epoch: string;
  readonly revision: number;
  /** Client's wall clock when it was applied, epoch milliseconds. */
  readonly appliedAt: number;
  /** The client is being closed: from now on nobody has to wait for it. */
  readonly left?: boolean;
}

/**
 * Headers by which an SDK says who it is, on every request to `/sdk/v1/*`:
 * `x-rampart-instance` (random id of the client), `x-rampart-sdk` (`node/0.1.0`), `x-rampart-basis` (`epoch:revision`, polling only).
 */
export const INSTANCE_HEADER = "x-rampart-instance";
/** Name and version of the SDK. */
export const SDK_HEADER = "x-rampart-sdk";
/** What the client holds, when it polls. */
export const BASIS_HEADER = "x-rampart-basis";
