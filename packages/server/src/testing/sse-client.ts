import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

/** One event as it came over the wire. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A stream read byte by byte, so that what is on the wire is what is tested. */
export interface SseClient {
  readonly socket: Socket;
  /** The status line and headers. Resolves when they are there. */
  head(): Promise<string>;
  /** The next event that was not taken yet. Rejects when the stream ends first. */
  next(): Promise<ReceivedEvent>;
  /** The next event of a name; others are passed over. */
  nextOf(event: string): Promise<ReceivedEvent>;
  /** All bytes of the body so far. */
  body(): string;
  /** Resolves when the connection is closed. */
  closed(): Promise<void>;
}

/** Opens a stream, by a `POST` where there is a body. It is closed with the test. */
export function openStream(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  version = "1.1",
  body?: object,
): SseClient {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const chunks: string[] = [];
  let headText: string | undefined;
  /** What came and was not taken yet; short, so that looking through it again with each chunk costs nothing. */
  let rest = "";
  let isClosed = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    rest += chunk;
    const end = headText === undefined ? rest.indexOf("\r\n\r\n") : -1;
    if (end !== -1) {
      headText = rest.slice(0, end);
      rest = rest.slice(end + 4);
      chunks.push(rest);
    } else if (headText !== undefined) chunks.push(chunk);
    wake();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  const text = body === undefined ? "" : JSON.stringify(body);
  const ofBody = { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    accept: "text/event-stream",
    ...(body === undefined ? {} : ofBody),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const method = body === undefined ? "GET" : "POST";
  socket.write(`${method} ${path} HTTP/${version}\r\n${lines.join("\r\n")}\r\n\r\n${text}`);
  const until = <T>(what: string, look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined && !isClosed) return;
        waiting.delete(check);
        if (found === undefined)
          reject(new Error(`the stream ended before ${what}; what is left: ${rest.slice(-500)}`));
        else resolve(found);
      };
      waiting.add(check);
      check();
    });
  const next = (): Promise<ReceivedEvent> =>
    until("another event", () => {
      const end = headText === undefined ? -1 : rest.indexOf("\n\n");
      if (end === -1) return undefined;
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      return parse(frame);
    });
  return {
    socket,
    head: () => until("its head", () => headText),
    next,
    async nextOf(event) {
      for (;;) {
        const received = await next();
        if (received.event === event) return received;
      }
    },
    body: () => chunks.join(""),
    async closed() {
      if (!isClosed) await once(socket, "close");
    },
  };
}

function parse(frame: string): ReceivedEvent {
  const field = (name: string): string | undefined =>
    frame
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return {
    id: field("id"),
    event: field("event") ?? "message",
    data: JSON.parse(field("data") ?? "null") as ReceivedEvent["data"],
  };
}
