import type { ClientsView, LinearRegex } from "@rampart/core";
import type { Variables } from "../domain/plan/view.ts";
import type { Scrub } from "../domain/secrets/scrub.ts";
import type { Runner } from "../gates/runner.ts";
import type { ChannelDesk } from "../ports/channels.ts";
import type { Clock } from "../ports/clock.ts";
import type { Evaluations } from "../intake/evaluations.ts";
import type { Intake } from "../intake/intake.ts";
import type { DrillBook } from "../ports/drill-book.ts";
import type { Emergency } from "../ports/emergency.ts";
import type { KeyBook } from "../ports/keys.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { MetricHistory } from "../ports/metric-history.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Signer } from "../ports/signer.ts";
import type { ChangeMeta, Store } from "../ports/store.ts";
import type { NextTurn, Timers } from "../ports/timers.ts";
import type { Feed } from "../stream/feed.ts";
import type { Hub } from "../stream/hub.ts";
import type { TrustedProxies } from "./address.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { EventStreams } from "./event-streams.ts";
import type { EventTotals } from "./event-totals.ts";
import type { Sessions } from "./session.ts";
import type { Tickets } from "./tickets.ts";

/** `draining`: it wants no more traffic, but answers what comes. `closing`: each answer is the last on its connection. */
export type Phase = "serving" | "draining" | "closing";

/** What serving SDKs, pages and relays takes, from a store or from another server. `main` hands it in. */
export interface ServingParts {
  /** By environment. */
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly hub: Hub;
  /** What is served, for relays. */
  readonly source: Pick<Store, "content" | "changesSince">;
  /** Whose keys there are, for relays. */
  readonly keys: KeyBook;
  readonly evaluations: Pick<Evaluations, "served">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Cryptographically strong, for tokens and ids. */
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
  /** The server's own metrics in Prometheus' text format. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly version: string;
  /** Of the management API, by one token. */
  readonly requestsPerSecond: number;
  /** Let anybody read the metrics. */
  readonly publicMetrics: boolean;
  readonly tickets: Tickets;
  readonly trustedProxies: TrustedProxies;
  readonly phase: () => Phase;
}

/** What the whole HTTP edge is made from, people's part included. */
export interface HttpParts extends ServingParts {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly runner: Runner;
  /** What a kill goes through that can't be stored. */
  readonly emergency: Emergency;
  readonly drills: DrillBook;
  readonly channels: ChannelDesk;
  /** What the plans' metrics said in the past. */
  readonly history: MetricHistory;
  /** Rollouts that somebody follows. */
  readonly eventStreams: EventStreams;
  /** What the plans' `${VARS}` stand for. */
  readonly variables: Variables;
  /** Who follows an environment, at all servers; `limit` of them are listed. */
  readonly clients: (environment: string, limit: number) => Promise<ClientsView | undefined>;
  /** By environment. */
  readonly events: ReadonlyMap<string, EventTotals>;
  readonly intake: Pick<Intake, "take">;
  readonly evaluations: Pick<Evaluations, "reported" | "served" | "of" | "last">;
  readonly nextTurn: NextTurn;
  /** Before each piece of slow work: one piece is done in a turn of the event loop, whoever asked for it. */
  readonly rest: () => Promise<void>;
  readonly regex: LinearRegex;
  /** Takes secrets out of what is shown of a rollout. */
  readonly scrub: Scrub;
  /** Signs audit exports and evidence. */
  readonly signer: Signer;
  readonly dev: boolean;
  readonly consoleFiles: ConsoleFiles;
  readonly sessions: Sessions;
  /** Where people's browsers reach the server, if that was configured. */
  readonly publicUrl: string | undefined;
}

/** The feed of an environment that was granted. */
export function feedOf({ feeds }: Pick<HttpParts, "feeds">, environment: string): Feed {
  const feed = feeds.get(environment);
  if (feed === undefined) throw new Error(`no feed for the granted environment ${JSON.stringify(environment)}`);
  return feed;
}

/** What a handler says of a change; the rest is known. */
export interface Change {
  readonly action: string;
  readonly reason?: string | undefined;
  readonly urgent?: boolean;
}

/** The meta of a change that a caller makes now. */
export function metaOf(
  parts: Pick<HttpParts, "clock">,
  { actor, traceId }: Pick<ChangeMeta, "actor" | "traceId">,
  { action, reason, urgent }: Change,
): ChangeMeta {
  return {
    actor,
    ...(traceId === undefined ? {} : { traceId }),
    action,
    at: parts.clock.now(),
    ...(reason === undefined ? {} : { reason }),
    ...(urgent === true ? { urgent } : {}),
  };
}

/**
 * Tells streams of what was committed, in one environment or in all, before the caller is answered: a flip reaches sockets soonest, and
 * the caller's next read sees it. Never rejects, for what is stored has not failed.
 */
export async function publish(
  parts: Pick<HttpParts, "feeds" | "meter">,
  action: string,
  environment?: string,
): Promise<void> {
  parts.meter.committed(action);
  const feeds = [...parts.feeds.values()].filter(
    (feed) => environment === undefined || feed.environment === environment,
  );
  await Promise.all(feeds.map((feed) => feed.catchUp()));
}
