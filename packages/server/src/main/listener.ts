import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Server as NetServer } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import { getRequestListener } from "@hono/node-server";
import type { Failure } from "../http/problem.ts";
import { problemReply } from "../http/problem.ts";
import type { Timers } from "../ports/timers.ts";
import { pause } from "../ports/timers.ts";
import { StartError } from "./start-error.ts";

/** Connections that may wait to be accepted: a fleet that comes back. The system's `somaxconn` may allow less. */
const BACKLOG = 16_384;

/** Connections beyond the streams: people, polls, receipts. */
const CONNECTIONS_BESIDE_STREAMS_MAX = 5_000;

/** A client may take this long to send a request's head, and the whole of it: longer is somebody holding connections open. */
const HEAD_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** Longer than any load balancer keeps its side, so that it is never this server that closes a connection as it is used again. */
const KEEP_ALIVE_MS = 75_000;

/** Connections that break these times are looked for this often. */
const TIMEOUTS_CHECKED_EVERY_MS = 5_000;

/** A request that is on its way when the server stops listening has this long to arrive. */
const LAST_REQUESTS_MS = 300;

/** Requests that are not answered by then are cut off. */
const LAST_ANSWERS_MAX_MS = 10_000;

/** Where to listen, and within which limits. */
export interface ListenerOptions {
  /** Answers what needs no routing; false leaves it to `fetch`. */
  readonly front: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;
  readonly fetch: (request: Request, bindings: HttpBindings) => Response | Promise<Response>;
  readonly streamsMax: number;
}

/** Node's server around the application. */
export function createListener({ front, fetch, streamsMax }: ListenerOptions): Server {
  const listener = getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
    // The SDK may live in this process, and has a right to the platform's own.
    overrideGlobalObjects: false,
    errorHandler: () => badRequestResponse(),
  });
  const server = createServer(
    {
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS,
      noDelay: true,
    },
    (incoming, outgoing) => {
      if (!front(incoming, outgoing)) void listener(incoming, outgoing);
    },
  );
  server.maxConnections = streamsMax + CONNECTIONS_BESIDE_STREAMS_MAX;
  server.on("clientError", (_error, socket) => refuse(socket as Socket));
  return server;
}

/** Resolves with the port. Rejects with a `StartError` that says what is in the way. */
export function listen(
  server: Server,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(startErrorOf(cause, { port, host })));
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.removeAllListeners("error");
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Stops taking connections, lets those that are open have what they asked for, and resolves when all are closed. Node's own `close` would
 * cut off connections on which a request is on its way but has not arrived: they look idle. So they get a while to show what they are
 * for, and each answer in that time tells its client that it is the last.
 */
export async function closeListener(server: Server, timers: Timers): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
  await Promise.race([closed, pause(timers, LAST_REQUESTS_MS)]);
  server.close();
  const cancel = timers.after(LAST_ANSWERS_MAX_MS, () => server.closeAllConnections());
  await closed;
  cancel();
}

/** How this machine reaches itself where it listens at `host`. */
export function hostForUrl(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function startErrorOf(
  cause: NodeJS.ErrnoException,
  { port, host }: { readonly port: number; readonly host: string },
): Error {
  switch (cause.code) {
    case "EADDRINUSE":
      return new StartError("PORT_IN_USE", {
        message: `port ${port} on ${host} is in use by another program`,
        hint: "Stop it, or choose another port with --port or RAMPART_PORT.",
        cause,
      });
    case "EACCES":
      return new StartError("PORT_FORBIDDEN", {
        message: `this user may not listen on port ${port}`,
        hint: "Choose a port from 1024 up with --port or RAMPART_PORT.",
        cause,
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new StartError("HOST_UNKNOWN", {
        message: `${host} is no address of this machine`,
        hint: "Choose one with --host or RAMPART_HOST: 127.0.0.1 for this machine alone, 0.0.0.0 for all.",
        cause,
      });
    case undefined:
    default:
      return cause;
  }
}

const BAD_REQUEST: Failure = {
  code: "BAD_REQUEST",
  detail: "The request's head can't be read.",
  hint: "Check its target, its headers and its length.",
};

function badRequestResponse(): Response {
  const { status, headers, body } = problemReply(BAD_REQUEST);
  return new Response(String(body), { status, headers: headers as Record<string, string> });
}

/** What can't be parsed never becomes a request. Where something was sent already, more would be taken for a part of it. */
function refuse(socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const body = String(problemReply(BAD_REQUEST).body);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
