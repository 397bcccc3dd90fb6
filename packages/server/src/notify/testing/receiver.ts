import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A call as a receiver got it. */
export interface Received {
  /** `POST /v2/enqueue` */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** How a receiver answers: a status with headers or a body, or `hang`: never. */
export type Answering =
  | number
  | "hang"
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

/** A receiver of webhooks. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Answers the nth call, counted from 0. */
  answer: (call: Received, n: number) => Answering;
  /** Breaks off every call that hangs. */
  breakOff(): void;
}

/** Starts one on a port of its own; it ends with the test. */
export async function startReceiver(): Promise<Receiver> {
  const hanging = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      const call = {
        line: `${incoming.method} ${incoming.url}`,
        headers: incoming.headers,
        text: Buffer.concat(chunks).toString(),
      };
      receiver.received.push(call);
      const said = receiver.answer(call, receiver.received.length - 1);
      if (said === "hang") return void hanging.add(outgoing);
      const { status, headers = {}, body = "" } = typeof said === "number" ? { status: said } : said;
      outgoing.writeHead(status, headers).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: () => 200,
    breakOff: () => hanging.forEach((outgoing) => outgoing.destroy()),
  };
  return receiver;
}
