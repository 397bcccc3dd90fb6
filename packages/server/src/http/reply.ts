import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

/** An answer as data. Every answer but a stream is one, and is written by `send`. */
export interface Reply {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** The handler has taken over the response itself (a stream, an export). */
export const TAKEN_OVER = Symbol("taken over");

/**
 * On every answer. The API shows nothing in a browser, so nothing may be loaded, framed or guessed from it; pages that are for
 * browsers bring a policy of their own.
 */
export const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** A JSON answer. What the API says is of one caller and one moment, so nobody in between keeps it. */
export function json(status: number, body: unknown, headers: OutgoingHttpHeaders = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

/** Writes an answer, once and whole. */
export function send(
  outgoing: ServerResponse,
  { status, headers, body }: Reply,
  options: { readonly close: boolean },
): void {
  const length = body === undefined ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.length;
  outgoing.writeHead(status, {
    ...SECURITY_HEADERS,
    ...headers,
    ...(status === 304 ? {} : { "content-length": length }),
    ...(options.close ? { connection: "close" } : {}),
  });
  outgoing.end(body);
}
