import { join } from "node:path";
import type { DestinationStream } from "pino";
import { createApp } from "../http/app.ts";
import { EventStreams } from "../http/event-streams.ts";
import { EventTotals } from "../http/event-totals.ts";
import type { HttpParts, Phase } from "../http/parts.ts";
import { Authenticator } from "../http/authenticator.ts";
import { Sessions } from "../http/session.ts";
import { Tickets } from "../http/tickets.ts";
import { allRoutes } from "../http/routes.ts";
import { SdkFront } from "../http/sdk-front.ts";
import { SdkReads } from "../http/sdk-reads.ts";
import { KnownSecrets, type Scrub } from "../domain/secrets/scrub.ts";
import { Evaluations } from "../intake/evaluations.ts";
import { Intake } from "../intake/intake.ts";
import { ownDrillBook } from "../ports/drill-book.ts";
import { keyBookOf } from "../ports/keys.ts";
import { soleServer } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import { EmergencyFile } from "../store/emergency-file.ts";
import { TurnGate } from "../stream/admission.ts";
import { outcomesOf } from "../stream/browsers/values.ts";
import { Feed } from "../stream/feed.ts";
import { Hub } from "../stream/hub.ts";
import { createPrometheusMeter } from "../telemetry/prometheus-meter.ts";
import type { ServerConfig } from "./config.ts";
import type { WrittenFirstTokens } from "./first-tokens.ts";
import { readConsoleFiles } from "./console-files.ts";
import { makeFirstTokens } from "./first-tokens.ts";
import { closeListener, createListener, hostForUrl, listen } from "./listener.ts";
import { createLogger } from "./pino-logger.ts";
import type { Platform } from "./platform.ts";
import { realPlatform } from "./platform.ts";
import { createReceiptsAudit } from "./receipts-audit.ts";
import { linearRegex } from "./regex.ts";
import { Emergencies } from "./emergencies.ts";
import { createRolloutEngine } from "./rollouts.ts";
import { openSecrets } from "./secrets.ts";
import type { OpenedStorage } from "./opened-storage.ts";
import { openStorage } from "./storage.ts";
import { VERSION } from "./version.ts";

/** What other processes wrote, and what a crash kept from being told, is told within this time. */
const POLL_MS = 1_000;

/** Tokens that were revoked elsewhere, or have expired, lose their streams within this time. */
const TOKENS_CHECKED_EVERY_MS = 2_000;

/** What a server is made of, each with what stands for the real thing. */
export interface StartOptions {
  readonly platform?: Platform;
  readonly logs?: DestinationStream;
  readonly openStorage?: (
    config: ServerConfig,
    platform: Platform,
    logger: Logger,
  ) => OpenedStorage | Promise<OpenedStorage>;
}

/** A server that is up. */
export interface RunningServer {
  /** Where this machine reaches it: `http://127.0.0.1:4001`. */
  readonly url: string;
  readonly port: number;
  /** On the first start of a fresh data folder. */
  readonly firstTokens: WrittenFirstTokens | undefined;
  /** Says goodbye to every stream, finishes what was begun, and closes the store. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a server. Rejects with a `StartError` or a `StoreError` that says in one line what is in the way and what to do, and leaves
 * nothing open behind.
 */
export async function startServer(given: ServerConfig, options: StartOptions = {}): Promise<RunningServer> {
  const platform = options.platform ?? realPlatform;
  const { config, scrub } = rememberingSecrets(given);
  const logger = createLogger(config.logLevel, { scrub, ...(options.logs && { destination: options.logs }) });
  const storage = await (options.openStorage ?? openStorage)(config, platform, logger);
  const cleanUp: (() => Promise<void> | void)[] = [storage.close];
  try {
    const firstTokens = storage.isFresh ? await makeFirstTokens(storage.folder, storage.store, platform) : undefined;
    const { signer, sealer, session } = openSecrets(config.secret, storage.folder, platform.randomBytes);
    const metrics = createPrometheusMeter(VERSION);
    cleanUp.push(() => metrics.close());
    const { meter } = metrics;
    const isShared = storage.shared !== undefined;
    const feeds = await openFeeds(storage.store, { ...platform, logger, meter, regex: linearRegex, isShared });
    const receipts = createReceiptsAudit({ store: storage.store, clock: platform.clock, logger });
    cleanUp.push(() => receipts.settled());
    const evaluations = new Evaluations({
      ...platform,
      store: storage.evaluations,
      logger,
      meter,
      isFlag: (environment, flag) => feeds.get(environment)?.ruleset.has(flag) === true,
    });
    const hub = new Hub({
      ...platform,
      onServed: (environment, values) => evaluations.served(environment, outcomesOf(values)),
      feeds: feeds.values(),
      meter,
      followsAnother: !storage.isFresh && !isShared,
      // One server keeps what all of them counted.
      onReceipts: (view) => {
        if ((storage.shared?.leadership ?? soleServer).evaluating() !== undefined) receipts.note(view);
      },
      limits: { streamsMax: config.streamsMax, admission: config.admission },
    });
    const sessions = new Sessions(session, platform.clock);
    const authenticator = new Authenticator({
      ...platform,
      store: storage.store,
      sessions,
      logger,
      meter,
      dev: config.dev,
    });
    const { rollouts, store } = storage;
    const drills = storage.shared?.drills ?? ownDrillBook();
    const intake = new Intake({
      ...platform,
      checkpoints: storage.checkpoints,
      logger,
      measuring: (environment, flag) => feeds.get(environment)?.ruleset.measuring(flag),
      ...(storage.shared && { sharing: { ...storage.shared, log: storage.shared.reports } }),
    });
    const emergencies = new Emergencies({
      ...platform,
      store,
      feeds,
      logger,
      file: new EmergencyFile(join(storage.folder, "emergency")),
      onStored: (environment, flag) => engine.runner.flagTouched([environment], flag),
    });
    const turns = new TurnGate(1, platform.nextTurn);
    const rest = async (): Promise<void> => turns.pass();
    const engine = createRolloutEngine(config, {
      ...platform,
      rest,
      emergency: emergencies,
      store,
      rollouts,
      checkpoints: storage.checkpoints,
      evaluations: storage.evaluations,
      leadership: storage.shared?.leadership ?? soleServer,
      drills,
      feeds,
      hub,
      intake,
      logger,
      meter,
      scrub,
      sealer,
    });
    const eventStreams = new EventStreams(platform.timers);
    const together = storage.shared?.listTogether(hub);
    if (together !== undefined) cleanUp.push(() => together.stop());
    let phase: Phase = "serving";
    const parts: HttpParts = {
      ...platform,
      ...config,
      rest,
      store,
      rollouts,
      runner: engine.runner,
      emergency: emergencies,
      drills,
      channels: engine.channels,
      history: engine.history,
      eventStreams,
      consoleFiles: readConsoleFiles(),
      sessions,
      tickets: new Tickets(platform),
      feeds,
      hub,
      source: store,
      keys: keyBookOf(store),
      clients: async (environment, limit) =>
        together === undefined ? hub.clientsView(environment, limit) : together.view(environment, limit),
      intake,
      evaluations,
      logger,
      meter,
      events: new Map([...feeds.keys()].map((environment) => [environment, new EventTotals()])),
      regex: linearRegex,
      metrics: () => metrics.scrape(),
      version: VERSION,
      scrub,
      signer,
      phase: () => phase,
    };
    const reads = new SdkReads(parts);
    const front = new SdkFront(parts, authenticator, reads);
    const app = createApp(parts, allRoutes(parts, authenticator, reads), authenticator);
    const server = createListener({
      front: (incoming, outgoing) => front.serve(incoming, outgoing),
      fetch: (request, bindings) => app.fetch(request, bindings),
      streamsMax: config.streamsMax,
    });
    cleanUp.push(() => intake.stop());
    await intake.start();
    cleanUp.push(() => evaluations.stop());
    evaluations.start();
    cleanUp.push(() => engine.stop());
    cleanUp.push(() => emergencies.stop());
    emergencies.start();
    await engine.start();
    storage.shared?.start((changed) => {
      for (const feed of feeds.values()) if (changed === undefined || changed === feed.environment) void feed.catchUp();
    });
    if (storage.shared !== undefined) cleanUp.push(storage.shared.countTogether(hub));
    const port = await listen(server, config);
    hub.start();
    cleanUp.push(...watch({ feeds, streams: [hub, eventStreams], store, logger, platform }));
    const url = `http://${hostForUrl(config.host)}:${port}`;
    logger.info(
      { url, version: VERSION, dataDir: storage.folder, dev: config.dev, auditKey: signer.publicKey },
      "listening",
    );
    if (config.dev)
      logger.warn(
        { url },
        "DEVELOPMENT MODE: programs on this machine need no token, and the SDK key dev and the client key dev-browser work for production",
      );
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      logger.info({ streams: hub.size }, "shutting down");
      phase = "draining";
      await storage.shared?.standDown();
      await hub.drain();
      eventStreams.closeAll();
      phase = "closing";
      await closeListener(server, platform.timers);
      for (const act of cleanUp.toReversed()) await act();
      logger.info({}, "closed");
    };
    return { url, port, firstTokens, close: () => (closing ??= close()) };
  } catch (cause) {
    for (const act of cleanUp.toReversed()) await act();
    throw cause;
  }
}

/** The configuration whose variables are remembered as they are used, and what takes their values out of every text that is kept or shown. */
function rememberingSecrets(config: ServerConfig): { readonly config: ServerConfig; readonly scrub: Scrub } {
  const known = new KnownSecrets();
  for (const [name, value] of secretsOf(config)) known.note(name, value);
  const variables = (name: string): string | undefined => {
    const value = config.variables(name);
    if (value !== undefined) known.note(name, value);
    return value;
  };
  return { config: { ...config, variables }, scrub: known.scrub };
}

/** What the configuration holds that must not turn up anywhere. */
function secretsOf({ secret, databaseUrl }: ServerConfig): readonly (readonly [name: string, value: string])[] {
  const password = databaseUrl === undefined ? "" : decodeURIComponent(new URL(databaseUrl).password);
  return [
    ["RAMPART_SECRET", secret ?? ""],
    ["RAMPART_DATABASE_URL", password],
  ].filter((one): one is [string, string] => one[1] !== "");
}

async function openFeeds(
  store: Store,
  parts: Omit<Parameters<typeof Feed.open>[1], "store">,
): Promise<ReadonlyMap<string, Feed>> {
  const environments = await store.environments();
  const feeds = await Promise.all(environments.map(({ key }) => Feed.open(key, { ...parts, store })));
  return new Map(feeds.map((feed) => [feed.environment, feed]));
}

/** Streams that tokens have opened. */
type TokenStreams = Pick<Hub, "size" | "tokenIds" | "revoke">;

interface Watched {
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly streams: readonly TokenStreams[];
  readonly store: Store;
  readonly logger: Logger;
  readonly platform: Platform;
}

/** Looks after what nobody calls for. Returns what stops it. */
function watch({ feeds, streams, store, logger, platform }: Watched): readonly (() => void)[] {
  const poll = platform.timers.every(POLL_MS, () => {
    for (const feed of feeds.values()) void feed.catchUp();
  });
  const check = platform.timers.every(TOKENS_CHECKED_EVERY_MS, () => {
    closeStreamsOfEndedTokens(streams, store, platform.clock.now()).catch((cause: unknown) =>
      logger.warn({ err: cause }, "can't check the tokens of open streams"),
    );
  });
  return [poll, check];
}

async function closeStreamsOfEndedTokens(all: readonly TokenStreams[], store: Store, now: number): Promise<void> {
  const inUse = all.filter(({ size }) => size > 0);
  if (inUse.length === 0) return;
  const ended = (await store.tokens()).filter(
    ({ revokedAt, expiresAt }) => revokedAt !== undefined || (expiresAt ?? Infinity) <= now,
  );
  for (const streams of inUse) {
    const open = streams.tokenIds();
    for (const { id } of ended) if (open.has(id)) streams.revoke(id);
  }
}
