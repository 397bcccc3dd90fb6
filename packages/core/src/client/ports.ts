import type { LinearRegex } from "../clause/regex.ts";
import type { Failure } from "./machine-types.ts";

/** What a platform gives the client. Core decides, these act. */
export interface ClientPorts extends Clocks {
  /** Opens an event stream. Calls nothing before it has returned, and nothing after `close()` or `failed`. */
  openStream(request: StreamRequest, events: StreamEvents): StreamHandle;
  request(request: HttpRequest): PendingResponse;
  /** Calls back once, after `afterMs`, unless the answer is called first. With `keepAlive` a waiting process does not exit before. */
  setTimer(afterMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): () => void;
  /** Uniform in 0…1. */
  random(): number;
  /** Where values outlive the process. */
  readonly cache?: CachePort;
  /** Compiles patterns when the first clause needs one. */
  readonly regex?: LinearRegex;
}

/** Both clocks: one to measure with, one to tell instants with. */
export interface Clocks {
  /** Monotonic, milliseconds since anything. */
  now(): number;
  /** Epoch milliseconds. */
  wallNow(): number;
}

/** How a stream is asked for. */
export interface StreamRequest {
  readonly url: string;
  readonly headers: HttpHeaders;
  /** With one the request is a POST. */
  readonly body?: string;
}

/** What a platform tells of a stream; none of it throws. */
export interface StreamEvents {
  /** The response's headers came, with status 200. */
  opened(): void;
  /** Some bytes came, whole frame or not. */
  bytes(): void;
  /** A whole event came. */
  frame(event: string, data: string): void;
  /** The stream could not be opened, or is over. Nothing follows. */
  failed(failure: Failure & { readonly message: string }): void;
}

/** A stream that is open, or being opened. */
export interface StreamHandle {
  /** Ends the stream. Idempotent. */
  close(): void;
}

/** One exchange that is not a stream. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: HttpHeaders;
  readonly body?: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** A longer body of the answer is an error. */
  readonly bodyBytesMax: number;
}

/** A whole answer, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
  /** The raw `Retry-After` header. */
  readonly retryAfter?: string;
}

/** An answer that is waited for. */
export interface PendingResponse {
  /** Rejects when there is no whole answer in time. */
  readonly response: Promise<HttpResponse>;
  /** Idempotent; the response then rejects or never comes. */
  abort(): void;
}

/** By name; names are in lower case. */
export type HttpHeaders = Readonly<Record<string, string>>;

/** Keeps one text. Both may reject; the client then goes on without. */
export interface CachePort {
  load(): Promise<string | undefined>;
  /** All or nothing: after a crash there is the old text or the new one. */
  save(text: string): Promise<void>;
}
