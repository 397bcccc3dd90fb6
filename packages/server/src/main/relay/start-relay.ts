import type { DestinationStream } from "pino";
import { createApp } from "../../http/app.ts";
import { Authenticator } from "../../http/authenticator.ts";
import type { Phase, ServingParts } from "../../http/parts.ts";
import { allRelayRoutes, answerNothingYet } from "../../http/relay-routes.ts";
import { SdkFront } from "../../http/sdk-front.ts";
import { SdkReads } from "../../http/sdk-reads.ts";
import { Tickets } from "../../http/tickets.ts";
import { Evaluations } from "../../intake/evaluations.ts";
import { outcomesOf } from "../../stream/browsers/values.ts";
import type { Feed } from "../../stream/feed.ts";
import { Hub } from "../../stream/hub.ts";
import { createPrometheusMeter } from "../../telemetry/prometheus-meter.ts";
import { closeListener, createListener, hostForUrl, listen } from "../listener.ts";
import { createLogger } from "../pino-logger.ts";
import type { Platform } from "../platform.ts";
import { realPlatform } from "../platform.ts";
import { VERSION } from "../version.ts";
import type { RelayConfig } from "./config.ts";
import { evaluationsUpstream } from "./evaluations.ts";
import { watchKeys } from "./keys.ts";
import { Links } from "./links.ts";
import { createPost } from "./post.ts";
import { Reporting } from "./reporting.ts";
import { UpstreamClock } from "./upstream-clock.ts";

/** What a relay is made of, each with what stands for the real thing. */
export interface RelayOptions {
  readonly platform?: Platform;
  readonly logs?: DestinationStream;
}

/** A relay that listens. */
export interface RunningRelay {
  readonly url: string;
  readonly port: number;
  /** Resolves once it serves; until then it answers 503. Rejects with a `StartError` when the upstream server refuses a key. */
  readonly serving: Promise<void>;
  /** Says goodbye to every stream, tells the upstream server the last, and ends. Idempotent. */
  close(): Promise<void>;
}

/** What answers requests. */
interface Served {
  readonly front: SdkFront;
  readonly app: ReturnType<typeof createApp>;
  readonly drain: () => Promise<void>;
}

/** Starts a relay: a server whose store is another server. Rejects with a `StartError` when it can't listen. */
export async function startRelay(config: RelayConfig, options: RelayOptions = {}): Promise<RunningRelay> {
  const own = options.platform ?? realPlatform;
  const clock = new UpstreamClock(own.clock);
  const platform: Platform = { ...own, clock };
  const logger = createLogger(config.logLevel, options.logs && { destination: options.logs });
  const upstream = createPost(config.upstream);
  const relay = { instanceId: Buffer.from(own.randomBytes(12)).toString("base64url"), name: config.name };
  const metrics = createPrometheusMeter(VERSION);
  const { meter } = metrics;
  const links = new Links({ ...platform, clock, meter, keys: config.keys, relay, logger, post: upstream.post });
  let phase: Phase = "serving";
  let served: Served | undefined;
  const server = createListener({
    front(incoming, outgoing) {
      if (served !== undefined) return served.front.serve(incoming, outgoing);
      answerNothingYet(incoming, outgoing);
      return true;
    },
    fetch: (request, bindings) => served?.app.fetch(request, bindings) ?? new Response(undefined, { status: 503 }),
    streamsMax: config.streamsMax,
  });
  const port = await listen(server, config);
  const url = `http://${hostForUrl(config.host)}:${port}`;
  logger.info({ url, version: VERSION, upstream: config.upstream, relay: config.name }, "listening");
  const begin = async (): Promise<void> => {
    const feeds = await links.connect();
    if (feeds === undefined || phase !== "serving") return;
    served = serve(config, { platform, logger, links, metrics, feeds, relay, phase: () => phase });
    logger.info({ environments: [...feeds.keys()] }, "serving");
  };
  const serving = begin();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    logger.info({}, "shutting down");
    phase = "draining";
    await served?.drain();
    phase = "closing";
    await closeListener(server, platform.timers);
    await links.stop();
    upstream.close();
    metrics.close();
    logger.info({}, "closed");
  };
  return { url, port, serving, close: () => (closing ??= close()) };
}

interface ServeParts extends Pick<ServingParts, "feeds" | "logger" | "phase"> {
  readonly platform: Platform;
  readonly links: Links;
  readonly metrics: ReturnType<typeof createPrometheusMeter>;
  readonly relay: { readonly instanceId: string };
  readonly feeds: ReadonlyMap<string, Feed>;
}

/** Builds what serves, from the same parts as a server's. */
function serve(config: RelayConfig, { platform, logger, links, metrics, feeds, relay, phase }: ServeParts): Served {
  const { timers, clock } = platform;
  const { meter } = metrics;
  const evaluations = new Evaluations({
    ...platform,
    store: evaluationsUpstream({ ...relay, clock, send: (environment, body) => links.sendEvents(environment, body) }),
    logger,
    meter,
    isFlag: (environment, flag) => feeds.get(environment)?.ruleset.has(flag) === true,
  });
  const { streamsMax, admission } = config;
  const hub = new Hub({
    ...platform,
    onServed: (environment, values) => evaluations.served(environment, outcomesOf(values)),
    feeds: feeds.values(),
    meter,
    limits: { streamsMax, admission },
  });
  const authenticator = new Authenticator({
    clock,
    timers,
    logger,
    meter,
    // Nobody signs in here, and the upstream server notes by itself when a key was looked up.
    sessions: { tokenId: () => undefined },
    store: {
      tokenByHash: (hash) => links.byHash(hash),
      token: async () => undefined,
      touchToken: async () => undefined,
    },
    dev: false,
  });
  const parts: ServingParts = {
    ...platform,
    ...config,
    requestsPerSecond: 1,
    feeds,
    hub,
    source: links.source,
    keys: links,
    evaluations,
    logger,
    meter,
    metrics: () => metrics.scrape(),
    version: VERSION,
    tickets: new Tickets(platform),
    phase,
  };
  const reads = new SdkReads(parts);
  const stopReporting = new Reporting({ hub, links: links.byEnvironment, timers, logger }).start();
  const stopWatching = watchKeys({ ...parts, authenticator });
  evaluations.start();
  hub.start();
  links.follow();
  return {
    front: new SdkFront(parts, authenticator, reads),
    app: createApp(parts, allRelayRoutes(parts, reads, links), authenticator),
    drain: async () => {
      stopWatching();
      await hub.drain();
      await evaluations.stop();
      await stopReporting();
    },
  };
}
