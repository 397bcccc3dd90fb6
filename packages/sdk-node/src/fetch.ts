import type { IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";

/** The part of `fetch` that the SDK uses; the global one fits. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

/** A request, as `fetch` takes it. */
export interface FetchInit {
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly redirect: "manual";
}

/** An answer, as `fetch` gives it. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): BodyReader } | null;
}

/** Reads a body piece by piece. */
export interface BodyReader {
  read(): Promise<
    { readonly done: false; readonly value: Uint8Array } | { readonly done: true; readonly value?: unknown }
  >;
  cancel(): Promise<void>;
}

/**
 * `fetch` over `node:http(s)`. Unlike the global one its sockets do not keep the process alive: a program that has nothing left to do but
 * to listen for flags ends. Redirects are not followed, so that a key never goes to another server than the one it was given for.
 */
export const nodeFetch: Fetch = async (url, init) => {
  const { request } = await (url.startsWith("https:") ? import("node:https") : import("node:http"));
  const { method, headers, signal, body } = init;
  // Without an agent of the application's: a limit on its sockets must not stop a rollback, and the stream must not use one up.
  const options: RequestOptions = { method, headers: withLength(headers, body), signal, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming) => resolve(answerOf(incoming)));
    outgoing.on("socket", letProcessEnd);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
};

function withLength(headers: Record<string, string>, body: string | undefined): Record<string, string> {
  return body === undefined ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) };
}

function letProcessEnd(socket: Socket): void {
  socket.unref();
  // Where a name has several addresses, each try has a handle of its own.
  socket.once("connect", () => socket.unref());
}

function answerOf(incoming: IncomingMessage): FetchAnswer {
  return {
    status: incoming.statusCode ?? 0,
    headers: { get: (name) => textOf(incoming.headers[name.toLowerCase()]) },
    body: { getReader: () => readerOf(incoming) },
  };
}

function textOf(header: string | readonly string[] | undefined): string | null {
  return typeof header === "string" ? header : (header?.join(", ") ?? null);
}

function readerOf(incoming: IncomingMessage): BodyReader {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return {
    read: async () => {
      const next = await chunks.next();
      return next.done === true ? { done: true } : { done: false, value: next.value };
    },
    cancel: async () => void incoming.destroy(),
  };
}
