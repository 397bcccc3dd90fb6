import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

const TRICKLE_EVERY_MS = 50;

/** A server that answers queries, of instants and of ranges, as Prometheus does. */
export interface MetricsServer {
  readonly url: string;
  /** What each query gives; one that is not here gives no series. `undefined`: the server breaks the connection off. */
  readonly values: Map<string, number | undefined>;
  /** What each query gave at an instant of the past, in epoch milliseconds; undefined: no series. */
  readonly past: Map<string, (at: number) => number | undefined>;
  /** Answers about the past wait for it. */
  released: Promise<void>;
  /** Queries whose answer comes byte by byte, and never to an end. */
  readonly trickling: Set<string>;
  /** The queries that were asked, in order. */
  readonly asked: string[];
  /** The last request's `authorization`. */
  authorization: string | undefined;
}

/** Starts one on a port of its own; it ends with the test. `now`: the wall clock of what it says. */
export async function startMetricsServer(now: () => number): Promise<MetricsServer> {
  const metrics = {
    values: new Map<string, number | undefined>(),
    past: new Map<string, (at: number) => number | undefined>(),
    released: Promise.resolve(),
    trickling: new Set<string>(),
    asked: [] as string[],
    authorization: undefined as string | undefined,
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      const asked = new URLSearchParams(Buffer.concat(chunks).toString());
      const query = asked.get("query") ?? "";
      metrics.asked.push(query);
      metrics.authorization = incoming.headers.authorization;
      if (metrics.trickling.has(query)) {
        const timer = setInterval(() => outgoing.write(" "), TRICKLE_EVERY_MS);
        outgoing.on("close", () => clearInterval(timer));
        return;
      }
      const then = metrics.past.get(query);
      if (incoming.url === "/api/v1/query_range" && then !== undefined) {
        outgoing.setHeader("content-type", "application/json");
        const data = { resultType: "matrix", result: seriesOf(asked, then) };
        void metrics.released.then(() => outgoing.end(JSON.stringify({ status: "success", data })));
        return;
      }
      const value = metrics.values.get(query);
      if (metrics.values.has(query) && value === undefined) {
        outgoing.destroy();
        return;
      }
      const result = value === undefined ? [] : [{ metric: {}, value: [now() / 1000, String(value)] }];
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(metrics, { url: `http://127.0.0.1:${port}` });
}

function seriesOf(asked: URLSearchParams, then: (at: number) => number | undefined): readonly object[] {
  const [start = 0, end = 0, step = 1] = ["start", "end", "step"].map((name) => Number(asked.get(name)));
  const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
    .map((at) => [at, then(at * 1000)] as const)
    .flatMap(([at, value]) => (value === undefined ? [] : [[at, String(value)] as const]));
  return values.length === 0 ? [] : [{ metric: {}, values }];
}
