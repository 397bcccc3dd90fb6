import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Snapshot } from "@rampart/core";

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A stream that a client opened. */
export class ServerStream {
  readonly asked: Asked;
  readonly #response: ServerResponse;

  constructor(asked: Asked, response: ServerResponse) {
    this.asked = asked;
    this.#response = response;
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  send(event: string, data: unknown): void {
    this.write(frameOf(event, data));
  }

  write(text: string | Uint8Array): void {
    this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }

  /** The connection breaks without a last chunk. */
  cut(): void {
    this.#response.destroy();
  }
}

/** The bytes of an event. */
export function frameOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

type Handler = (asked: Asked, response: ServerResponse) => void;

/** The least that speaks the SDK's wire over real sockets. What it does can be changed while it runs. */
export class FlagServer {
  /** What is there: a new stream begins with it, a poll is answered with it. */
  snapshot: Snapshot;
  readonly asked: Asked[] = [];
  readonly streams: ServerStream[] = [];
  onStream: Handler = (asked, response) => this.openStream(asked, response);
  onFlags: Handler = (asked, response) => this.#answerFlags(asked, response);
  onPost: Handler = (_asked, response) => void response.writeHead(202).end();
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get stream(): ServerStream {
    const stream = this.streams.at(-1);
    if (stream === undefined) throw new Error("no client opened a stream");
    return stream;
  }

  askedFor(path: string): readonly Asked[] {
    return this.asked.filter((asked) => asked.path.startsWith(path));
  }

  /** On the port that it had before, if it ran before. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#take(request, response));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** At once, with all its connections. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Answers with an event stream, without a word on it. */
  acceptStream(asked: Asked, response: ServerResponse): ServerStream {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const stream = new ServerStream(asked, response);
    this.streams.push(stream);
    return stream;
  }

  openStream(asked: Asked, response: ServerResponse): void {
    const stream = this.acceptStream(asked, response);
    const basis = new URLSearchParams(asked.path.split("?")[1]).get("basis");
    const { epoch, revision, digest } = this.snapshot;
    if (basis === `${epoch}:${revision}`) stream.send("heartbeat", { epoch, revision, digest, now: Date.now() });
    else stream.send("snapshot", this.snapshot);
  }

  #answerFlags(asked: Asked, response: ServerResponse): void {
    const etag = `"${this.snapshot.epoch}:${this.snapshot.revision}"`;
    if (asked.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { "content-type": "application/json", etag }).end(JSON.stringify(this.snapshot));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const asked = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.asked.push(asked);
    if (asked.path.startsWith("/sdk/v1/stream")) this.onStream(asked, response);
    else if (asked.path.startsWith("/sdk/v1/flags")) this.onFlags(asked, response);
    else this.onPost(asked, response);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
