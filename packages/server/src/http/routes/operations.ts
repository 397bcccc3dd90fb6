import type { HttpParts } from "../parts.ts";
import { json } from "../reply.ts";
import type { Reply } from "../reply.ts";
import type { Route } from "../route.ts";
import { openRoute, route } from "../route.ts";
import { health, readiness } from "../schemas.ts";

const TAG = "Operations";

/** The store is asked at most this often, however often somebody asks about it. */
const PING_FRESH_MS = 1_000;

/** A store that takes longer to answer than this is not there. */
const PING_TIMEOUT_MS = 2_000;

/** What orchestrators, monitors and Prometheus ask. */
export function operationRoutes(parts: HttpParts): readonly Route[] {
  const isConnected = pinger(parts);
  return [
    ...["/health", "/api/healthz"].map((path) => healthRoute(parts, path, isConnected)),
    readyRoute(parts, isConnected),
    liveRoute(),
    ...["/metrics", "/api/public/metrics.prom"].map((path) => metricsRoute(parts, path)),
  ];
}

type IsConnected = () => Promise<boolean>;

function pinger({ store, clock, meter, timers }: HttpParts): IsConnected {
  let askedMs = Number.NEGATIVE_INFINITY;
  let answer: Promise<boolean> = Promise.resolve(false);
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - askedMs < PING_FRESH_MS) return answer;
    askedMs = nowMs;
    answer = new Promise((resolve) => {
      const cancel = timers.after(PING_TIMEOUT_MS, () => resolve(false));
      store
        .ping()
        .then(
          () => resolve(true),
          () => {
            meter.storeFailed("ping");
            resolve(false);
          },
        )
        .finally(cancel);
    });
    return answer;
  };
}

function healthRoute({ version, clock }: HttpParts, path: string, isConnected: IsConnected): Route {
  return openRoute(
    "load balancers and monitors have no token; it says nothing but whether the server works, and its version",
    {
      method: "get",
      path,
      tag: TAG,
      summary: "Is the server healthy?",
      lane: "open",
      answers: {
        200: { description: "Healthy", schema: health },
        503: { description: "The store does not answer", schema: health },
      },
    },
    async () => {
      const connected = await isConnected();
      return json(connected ? 200 : 503, {
        status: connected ? "healthy" : "unhealthy",
        version,
        timestamp: new Date(clock.now()).toISOString(),
        dependencies: { database: connected ? "connected" : "disconnected" },
      });
    },
  );
}

function readyRoute(parts: HttpParts, isConnected: IsConnected): Route {
  return openRoute(
    "orchestrators have no token",
    {
      method: "get",
      path: "/ready",
      tag: TAG,
      summary: "Should the server get traffic?",
      description:
        "Not while the store does not answer, what is served is older than what is stored, or the server is shutting down.",
      lane: "open",
      answers: {
        200: { description: "Ready", schema: readiness },
        503: { description: "Not ready", schema: readiness },
      },
    },
    async () => {
      const stale = [...parts.feeds.values()].filter((feed) => !feed.isFresh);
      const checks = {
        database: (await isConnected()) ? "ok" : "failed",
        fanout: stale.length === 0 ? "ok" : `stale: ${stale.map(({ environment }) => environment).join(", ")}`,
        shutdown: parts.phase() === "serving" ? "ok" : parts.phase(),
      };
      const ready = Object.values(checks).every((check) => check === "ok");
      return json(ready ? 200 : 503, { ready, checks });
    },
  );
}

function liveRoute(): Route {
  return openRoute(
    "orchestrators have no token",
    {
      method: "get",
      path: "/live",
      tag: TAG,
      summary: "Does the server turn?",
      description:
        "For what restarts a server that doesn't answer. It asks nothing of the store: a server without one can still tell its clients of a kill.",
      lane: "open",
      answers: { 204: { description: "It does" } },
    },
    () => ({ status: 204, headers: { "cache-control": "no-store" } }),
  );
}

function metricsRoute(parts: HttpParts, path: string): Route {
  const spec = {
    method: "get",
    path,
    tag: TAG,
    summary: "The server's own metrics",
    description: "In Prometheus' text format.",
    lane: "open",
    answers: { 200: { description: "Metrics", contentType: "text/plain" } },
  } as const;
  const reply = async (): Promise<Reply> => {
    const { contentType, text } = await parts.metrics();
    return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, body: text };
  };
  return parts.publicMetrics
    ? openRoute("the configuration opens them", spec, reply)
    : route({ scope: "metrics:read", reach: "some" }, spec, reply);
}
