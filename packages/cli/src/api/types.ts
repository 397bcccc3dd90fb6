import type { JsonValue } from "@rampart/core";
import type { CliError } from "../errors.ts";

/** Of a call of the API. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One call of the API. */
export interface Call {
  readonly method?: Method;
  /** From the server's root, every part percent-encoded: `/api/v1/flags/a%2Fb`. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | undefined };
  readonly body?: JsonValue;
  /** Media type of the answer; missing: JSON. */
  readonly accept?: string;
  /** The last server-sent event that is known: the stream goes on after it. */
  readonly lastEventId?: number;
  /** Ends a stream that is under way, as if the server had ended it. */
  readonly signal?: AbortSignal;
  /** Only write what was changed from this revision on. */
  readonly ifMatch?: number;
  /** How often to try again when the server can't be reached. Only for calls that may be made twice. */
  readonly retries?: number;
  /** Told before each new try. */
  readonly onRetry?: (attempt: number, reason: CliError) => void;
}

/** The server's HTTP API. Every call ends within its timeout; every refusal is a `CliError` that explains itself. */
export interface Api {
  readonly url: string;
  /** The answer's JSON. `T` is the API's own type of it. */
  request<T>(call: Call): Promise<T>;
  /** The answer's text as it arrives. The timeout counts for each piece. */
  stream(call: Call): AsyncGenerator<string>;
  /** The answer as it arrives, for what is not text. The timeout counts for each piece. */
  bytes(call: Call): AsyncGenerator<Uint8Array>;
}
