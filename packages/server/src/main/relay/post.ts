import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { StoreError } from "../../ports/store-error.ts";

/** Connections to the upstream server that are kept for the next call. */
const CONNECTIONS_KEPT_MAX = 64;

/** Connections at once; beyond it calls wait for one to be free, as long as they may. */
const CONNECTIONS_MAX = 256;

/** One call of the upstream server. */
export interface PostRequest {
  /** Begins with a slash. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: unknown;
  /** For all of it, milliseconds. */
  readonly timeoutMs: number;
  /** A longer answer ends the call. */
  readonly bodyBytesMax: number;
}

/** A whole answer, whatever its status. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string;
}

/** Posts JSON. Rejects with a `StoreError` when no whole answer comes in time. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

/** Posts to one server, over connections that are kept. `close` ends them. */
export function createPost(upstream: string): { readonly post: Post; readonly close: () => void } {
  const base = upstream.replace(/\/+$/, "");
  const isSecure = base.startsWith("https:");
  const options = { keepAlive: true, maxFreeSockets: CONNECTIONS_KEPT_MAX, maxSockets: CONNECTIONS_MAX };
  const agent = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
  const send = isSecure ? httpsRequest : httpRequest;
  const post: Post = ({ path, headers, body, timeoutMs, bodyBytesMax }) =>
    new Promise<PostAnswer>((resolve, reject) => {
      const text = Buffer.from(JSON.stringify(body));
      const outgoing = send(
        `${base}${path}`,
        {
          method: "POST",
          agent,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            "user-agent": "rampart-relay",
            "content-type": "application/json",
            "content-length": text.length,
            ...headers,
          },
        },
        (incoming) => {
          readWhole(incoming, bodyBytesMax).then(resolve, reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(text);
    }).catch((cause: unknown) => {
      throw unreachable(`POST ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    });
  return { post, close: () => agent.destroy() };
}

/** The upstream server did not say what was asked. */
export function unreachable(what: string, cause?: unknown): StoreError {
  return new StoreError("STORE_UNREACHABLE", {
    message: `the upstream server gave no answer that can be used: ${what}`,
    hint: "Look whether it is up, and whether this relay can reach it; it is tried again all the time.",
    cause,
  });
}

async function readWhole(incoming: IncomingMessage, bytesMax: number): Promise<PostAnswer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const { "retry-after": retryAfter } = incoming.headers;
  return {
    status: incoming.statusCode ?? 0,
    body: Buffer.concat(chunks, sizeBytes).toString("utf8"),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
