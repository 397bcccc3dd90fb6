import type { EnvironmentRecord, SchemaVersions } from "../../ports/store.ts";
import { presenceFor } from "../../stream/presence.ts";
import type { HttpParts, ServingParts } from "../parts.ts";
import { json } from "../reply.ts";
import type { Reply } from "../reply.ts";
import type { Route } from "../route.ts";
import { openRoute, route } from "../route.ts";
import { health, readiness } from "../schemas.ts";

const TAG = "Operations";

/** The store is asked at most this often, however often somebody asks about it. */
const LOOK_FRESH_MS = 1_000;

/** A store that takes longer to answer than this is not there. */
const LOOK_TIMEOUT_MS = 2_000;

/** What orchestrators, monitors and Prometheus ask. */
export function operationRoutes(parts: HttpParts): readonly Route[] {
  const look = looker(parts);
  return [
    ...["/health", "/api/healthz"].map((path) => healthRoute(parts, path, look)),
    readyRoute(parts, look),
    liveRoute(),
    ...["/metrics", "/api/public/metrics.prom"].map((path) => metricsRoute(parts, path)),
  ];
}

/** What the store says of itself; undefined: it does not answer. */
type Look = () => Promise<Seen | undefined>;

interface Seen {
  readonly schema: SchemaVersions;
  readonly environments: readonly EnvironmentRecord[];
}

function looker({ store, clock, meter, timers }: HttpParts): Look {
  let askedMs = Number.NEGATIVE_INFINITY;
  let answer: Promise<Seen | undefined> = Promise.resolve(undefined);
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - askedMs < LOOK_FRESH_MS) return answer;
    askedMs = nowMs;
    answer = new Promise((resolve) => {
      const cancel = timers.after(LOOK_TIMEOUT_MS, () => resolve(undefined));
      Promise.all([store.schema(), store.environments()])
        .then(
          ([schema, environments]) => resolve({ schema, environments }),
          () => {
            meter.storeFailed("look");
            resolve(undefined);
          },
        )
        .finally(cancel);
    });
    return answer;
  };
}

function healthRoute({ version, clock }: HttpParts, path: string, look: Look): Route {
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
      const connected = (await look()) !== undefined;
      return json(connected ? 200 : 503, {
        status: connected ? "healthy" : "unhealthy",
        version,
        timestamp: new Date(clock.now()).toISOString(),
        dependencies: { database: connected ? "connected" : "disconnected" },
      });
    },
  );
}

function readyRoute(parts: HttpParts, look: Look): Route {
  return openRoute(
    "orchestrators have no token",
    {
      method: "get",
      path: "/ready",
      tag: TAG,
      summary: "Should the server get traffic?",
      description:
        "Not while the store does not answer or is not the one that this server needs, what is served is older than what is stored, or the server is shutting down.",
      lane: "open",
      answers: {
        200: { description: "Ready", schema: readiness },
        503: { description: "Not ready", schema: readiness },
      },
    },
    async () => {
      const seen = await look();
      const checks = {
        database: seen === undefined ? "failed" : "ok",
        schema: seen === undefined ? "unknown" : schemaCheck(seen.schema),
        fanout: await fanoutCheck(parts, seen?.environments ?? []),
        shutdown: parts.phase() === "serving" ? "ok" : parts.phase(),
      };
      const ready = Object.values(checks).every((check) => check === "ok");
      return json(ready ? 200 : 503, { ready, checks, notes: notesOf(parts, seen) });
    },
  );
}

/** A newer schema suits this version too: what a migration leaves does, for as long as the two run side by side. */
function schemaCheck({ found, known }: SchemaVersions): string {
  if (found === 0) return "missing";
  return found < known ? `older: version ${found}, and this server needs ${known}` : "ok";
}

async function fanoutCheck({ feeds, timers }: HttpParts, stored: readonly EnvironmentRecord[]): Promise<string> {
  const stale = [...feeds.values()].filter((feed) => !feed.isFresh);
  if (stale.length > 0) return `stale: ${stale.map(({ environment }) => environment).join(", ")}`;
  const checked = stored.map(async (record) => {
    const feed = feeds.get(record.key);
    if (feed === undefined) return [];
    // What was stored this very moment is on its way.
    await presenceFor(feed, record, timers);
    return feed.isBehind(record) ? [`${record.key} at ${feed.revision} of ${record.revision}`] : [];
  });
  const behind = (await Promise.all(checked)).flat();
  return behind.length === 0 ? "ok" : `behind: ${behind.join(", ")}`;
}

function notesOf({ hub }: HttpParts, seen: Seen | undefined): readonly string[] {
  const { found = 0, known = 0 } = seen?.schema ?? {};
  const notes =
    found > known
      ? [`the schema has version ${found}, this server knows ${known}: a newer one migrated it, upgrade this one too`]
      : [];
  switch (hub.refusing) {
    case undefined:
      return notes;
    case "full":
      return [...notes, "no further streams: there are as many as --streams-max allows"];
    case "storm":
      return [...notes, "many streams come back at once: some are told to come later"];
    case "draining":
      return [...notes, "no further streams: the server is going away"];
  }
}

/** Whether the process turns. */
export function liveRoute(): Route {
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

/** What the process counts about itself. */
export function metricsRoute(parts: Pick<ServingParts, "metrics" | "publicMetrics">, path: string): Route {
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
