import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fleet } from "./fleet.ts";

/** Where the plan asks for the error rate. */
export type MetricSourceOfDemo =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "prometheus"; readonly url: string };

/** The sample service's own numbers over HTTP: `/metrics` for a Prometheus, `/stats` for a plain check. */
export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the fleet's totals on a free local port until it is closed. */
export async function serveMetrics(fleet: Fleet): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const totals = fleet.totals();
    if (request.url === "/metrics") {
      response
        .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
        .end(
          [
            "# HELP http_requests_total Requests that the sample service has answered.",
            "# TYPE http_requests_total counter",
            `http_requests_total{status="200"} ${totals.requests - totals.failures}`,
            `http_requests_total{status="500"} ${totals.failures}`,
            "",
          ].join("\n"),
        );
    } else if (request.url === "/stats") {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ errorRate: fleet.errorRate() }));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
