import type { HttpParts } from "./parts.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Route } from "./route.ts";
import { RollbackReceipts } from "./rollback-receipts.ts";
import { RolloutViews } from "./rollout-views.ts";
import { alertmanagerRoute } from "./routes/alertmanager.ts";
import { auditRoutes } from "./routes/audit.ts";
import { backtestRoute } from "./routes/backtest.ts";
import { channelRoutes } from "./routes/channels.ts";
import { changesRoute } from "./routes/changes.ts";
import { clientRoutes } from "./routes/client.ts";
import { configRoutes } from "./routes/configs.ts";
import { consoleRoutes } from "./routes/console.ts";
import { definitionRoutes } from "./routes/definitions.ts";
import { evaluationsRoute } from "./routes/evaluations.ts";
import { CLIENT_EVENTS, eventsRoute, SDK_EVENTS } from "./routes/events.ts";
import { evidenceRoute } from "./routes/evidence.ts";
import { environmentRoutes } from "./routes/environments.ts";
import { ofrepRoutes } from "./routes/ofrep.ts";
import { operationRoutes } from "./routes/operations.ts";
import { outboxRoutes } from "./routes/outbox.ts";
import { planRoutes } from "./routes/plans.ts";
import { rampRoutes } from "./routes/ramps.ts";
import { relayRoutes } from "./routes/relays.ts";
import { referenceRoutes } from "./routes/reference.ts";
import { rolloutCommandRoutes } from "./routes/rollout-commands.ts";
import { rolloutEventRoutes } from "./routes/rollout-events.ts";
import { rolloutRoutes } from "./routes/rollouts.ts";
import { sdkRoutes } from "./routes/sdk.ts";
import type { SdkReads } from "./sdk-reads.ts";
import { segmentRoutes } from "./routes/segments.ts";
import { drillRoutes } from "./routes/drills.ts";
import { signalRoute } from "./routes/signals.ts";
import { tokenRoutes } from "./routes/tokens.ts";

/** Every route of the server. `more` come from parts that `main` adds. */
export function allRoutes(
  parts: HttpParts,
  authenticator: Authenticator,
  reads: SdkReads,
  more: readonly Route[] = [],
): readonly Route[] {
  const views = new RolloutViews(parts.rollouts, new RollbackReceipts(parts));
  const routes = [
    ...definitionRoutes(parts),
    ...configRoutes(parts),
    evaluationsRoute(parts),
    ...rampRoutes(parts),
    ...planRoutes(parts),
    backtestRoute(parts),
    ...rolloutRoutes(parts, views),
    evidenceRoute(parts),
    ...rolloutCommandRoutes(parts, views),
    ...rolloutEventRoutes(parts),
    signalRoute(parts),
    ...drillRoutes(parts),
    alertmanagerRoute(parts),
    ...outboxRoutes(parts),
    ...channelRoutes(parts),
    ...segmentRoutes(parts),
    ...environmentRoutes(parts),
    ...tokenRoutes(parts, authenticator),
    ...auditRoutes(parts),
    ...sdkRoutes(parts, reads, eventsRoute(parts, SDK_EVENTS)),
    ...clientRoutes(parts, eventsRoute(parts, CLIENT_EVENTS)),
    ...ofrepRoutes(parts),
    ...relayRoutes(parts),
    changesRoute(parts),
    ...operationRoutes(parts),
    ...more,
  ];
  // The console's own are for its page alone: they are not in the reference.
  return [...routes, ...referenceRoutes(parts, routes), ...consoleRoutes(parts, authenticator)];
}
