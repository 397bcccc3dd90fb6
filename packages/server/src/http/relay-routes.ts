import type { IncomingMessage, ServerResponse } from "node:http";
import type { Forwarder } from "../ports/relaying.ts";
import type { ServingParts } from "./parts.ts";
import { problemReply } from "./problem.ts";
import { json, send } from "./reply.ts";
import type { Route } from "./route.ts";
import { openRoute } from "./route.ts";
import { clientRoutes } from "./routes/client.ts";
import { CLIENT_EVENTS, SDK_EVENTS } from "./routes/events.ts";
import { forwardedEventsRoute } from "./routes/forwarded-events.ts";
import { ofrepRoutes } from "./routes/ofrep.ts";
import { liveRoute, metricsRoute } from "./routes/operations.ts";
import { relayRoutes } from "./routes/relays.ts";
import { sdkRoutes } from "./routes/sdk.ts";
import type { SdkReads } from "./sdk-reads.ts";

const TAG = "Operations";

/** Every route of a relay: what SDKs, pages and other relays call, and what orchestrators ask. */
export function allRelayRoutes(parts: ServingParts, reads: SdkReads, forwarder: Forwarder): readonly Route[] {
  return [
    ...sdkRoutes(parts, reads, forwardedEventsRoute(forwarder, SDK_EVENTS)),
    ...clientRoutes(parts, forwardedEventsRoute(forwarder, CLIENT_EVENTS)),
    ...ofrepRoutes(parts),
    ...relayRoutes(parts),
    healthRoute(parts),
    readyRoute(parts),
    liveRoute(),
    metricsRoute(parts, "/metrics"),
  ];
}

function healthRoute({ feeds, version, clock }: ServingParts): Route {
  return openRoute(
    "load balancers and monitors have no token; it says nothing but whether the relay works, and its version",
    {
      method: "get",
      path: "/health",
      tag: TAG,
      summary: "Is the relay healthy?",
      lane: "open",
      answers: { 200: { description: "Healthy" }, 503: { description: "It does not know what is stored now" } },
    },
    () => {
      const connected = [...feeds.values()].every(({ isFresh }) => isFresh);
      return json(connected ? 200 : 503, {
        status: connected ? "healthy" : "unhealthy",
        version,
        timestamp: new Date(clock.now()).toISOString(),
        dependencies: { upstream: connected ? "connected" : "disconnected" },
      });
    },
  );
}

function readyRoute({ feeds, phase }: ServingParts): Route {
  return openRoute(
    "orchestrators have no token",
    {
      method: "get",
      path: "/ready",
      tag: TAG,
      summary: "Should the relay get traffic?",
      lane: "open",
      answers: { 200: { description: "Ready" }, 503: { description: "Not ready" } },
    },
    () => {
      const stale = [...feeds.values()].filter(({ isFresh }) => !isFresh).map(({ environment }) => environment);
      const checks = {
        upstream: stale.length === 0 ? "ok" : `stale: ${stale.join(", ")}`,
        shutdown: phase() === "serving" ? "ok" : phase(),
      };
      const ready = Object.values(checks).every((check) => check === "ok");
      return json(ready ? 200 : 503, { ready, checks });
    },
  );
}

/** What a relay answers while it holds nothing yet: an empty environment would turn everything off, or to its defaults. */
export function answerNothingYet({ url = "" }: IncomingMessage, outgoing: ServerResponse): void {
  const failure = {
    code: "NOT_CURRENT",
    detail: "This relay has just started, and has not heard from its upstream server yet.",
    hint: "Ask again; another server may know. What is held meanwhile stays, as far as its leases go.",
  } as const;
  const isAlive = url === "/live";
  send(outgoing, isAlive ? { status: 204 } : problemReply(failure, { "retry-after": "2" }), { close: true });
}
