import type { ErrorCode, Reason } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";

/**
 * What browsers and the server say to each other under `/client/v1`. The server evaluates for one context and sends answers: no rule,
 * segment, id, salt or description, and of flags that are not `clientVisible` not even the key.
 *
 * All calls but the `GET` of the stream and beacons carry `Authorization: Bearer <client key>`, and may carry `x-rampart-instance` and
 * `x-rampart-sdk` as server SDKs do; a client that polls also sends `x-rampart-basis`, which counts as its receipt.
 *
 * | call | body | answer |
 * | --- | --- | --- |
 * | `POST /client/v1/evaluate` | `ClientRequest` | `ClientValues`; with `If-None-Match` of its `etag`, 304 when the values are the same |
 * | `POST /client/v1/stream` | `ClientRequest` | server-sent events; what a client that can read a `fetch` uses |
 * | `POST /client/v1/tickets` | `ClientRequest` | 201 with a `ClientTicket` |
 * | `GET /client/v1/stream?ticket=…` | – | the same events, for a native `EventSource`, which can't send headers; a ticket is good once, for 60 s |
 * | `POST /client/v1/ack` | `Acknowledgement` | 204 |
 * | `POST /client/v1/events` | `EventsBody`; as `text/plain` it may carry the client key as `key` (a beacon has no headers) | 204 |
 *
 * 200 and 304 of `evaluate` say in the header `x-rampart-basis` which `epoch:revision` the values are at: after a 304 what is held is
 * at that revision. Problems are `application/problem+json`: 401 `UNAUTHENTICATED`; 403 `ORIGIN_NOT_ALLOWED`, `SIGNATURE_REQUIRED`,
 * `SIGNATURE_EXPIRED`, `SIGNATURE_WRONG`; 400 `INVALID_CONTEXT`; 429 and 503 with `Retry-After` in whole seconds.
 */
export interface ClientRequest {
  /** At most 16 KiB of JSON, 20 levels, 200 keys. Without it: nobody in particular. */
  readonly context?: User;
  /** Proof that the context's key is who it says; needed when the client key demands it. */
  readonly secure?: ClientSignature;
  /** Streams only: `epoch:revision` of what the client holds for this very context, which counts as its receipt. */
  readonly basis?: string;
  /** Streams only: the `etag` of what is held. When the values are still the same the stream begins with a heartbeat, else with `values`. */
  readonly etag?: string;
}

/**
 * Made on the application's own server with the secret that was shown when the client key was made (`signContext` of the Node SDK):
 * HMAC-SHA256 over `<expires>:<targetingKey>` in UTF-8, as 64 hex digits. A context without a key signs the empty text.
 */
export interface ClientSignature {
  /** Epoch milliseconds. A stream is said goodbye to (`expired`) when it has passed. */
  readonly expires: number;
  readonly hash: string;
}

/** A flag's answer for the context. With `errorCode` there is none, and the caller's default is to be served. */
export type ClientFlag = ClientServed | ClientUnserved;

/** An answer with a value. */
export interface ClientServed {
  readonly value: JsonValue;
  readonly variant: string;
  readonly reason: Reason;
  /** The environment's revision at which the flag last changed, as of when this answer was sent. Not sent anew when only it moved. */
  readonly revision: number;
  /** Missing: nothing runs out, or the off variant is served already. */
  readonly lease?: ClientLease;
}

/** There is no value for the context, and why. */
export interface ClientUnserved {
  readonly reason: "ERROR";
  readonly errorCode: ErrorCode;
  readonly revision: number;
}

/** What to serve once there has been no contact with the server for longer than `ms`. */
export interface ClientLease {
  readonly ms: number;
  /** The off variant's value. */
  readonly value: JsonValue;
  /** The off variant. */
  readonly variant: string;
}

/**
 * Every flag that the browser may see. Answer of `evaluate`, data of the stream's `values` event: takes the place of all that was held. So it is in the event
 * `unconfirmed`, of a server that does not know whether this is still what is stored: it renews no lease.
 */
export interface ClientValues {
  readonly epoch: string;
  readonly revision: number;
  /** Names the answers, whatever the revision; quoted in `ETag` and `If-None-Match`, not here. */
  readonly etag: string;
  readonly flags: { readonly [key: string]: ClientFlag };
}

/**
 * Data of the stream's `changed` event: the flags whose answer for this context changed, applied wholly onto what the stream sent
 * before. What is then held has no `etag` known to the client.
 */
export interface ClientChanged {
  readonly epoch: string;
  /** What is held after it is at this revision. */
  readonly revision: number;
  readonly flags?: { readonly [key: string]: ClientFlag };
  /** Keys of flags that are no more, or no more for browsers. */
  readonly removed?: readonly string[];
  /** Asks for a receipt. Such an event comes even when nothing changed for this context. */
  readonly urgent?: true;
  /** Server's wall clock at the commit, epoch milliseconds. */
  readonly committedAt: number;
}

/**
 * Data of the stream's `heartbeat` event, every 5 s: everything up to this revision was sent, so that what the client holds is at it.
 * A change that is none for this context shows in the next heartbeat only.
 */
export interface ClientHeartbeat {
  readonly epoch: string;
  readonly revision: number;
  /** Server's wall clock when it was written, epoch milliseconds. */
  readonly now: number;
}

/** Data of the stream's `goodbye` event. `expired`: the signature's time is over, come back with a new one. */
export interface ClientGoodbye {
  readonly reason: "shutdown" | "revoked" | "slow" | "moved" | "expired";
  readonly retryAfterMs: number;
}

/** Answer of `POST /client/v1/tickets`. */
export interface ClientTicket {
  readonly ticket: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}
