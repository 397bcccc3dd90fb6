import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonValue } from "@rampart/core";
import { parseBasis } from "@rampart/core";
import { onTestFinished } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import { silentMeter } from "../ports/meter.ts";
import type { Store } from "../ports/store.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { config, countingRandom, everywhere, meta } from "../store/testing/fixtures.ts";
import { Feed } from "../stream/feed.ts";
import type { HubLimits, StreamAnswer } from "../stream/hub.ts";
import { Hub } from "../stream/hub.ts";
import type { ManualPlatform } from "./manual-platform.ts";
import { manualPlatform } from "./manual-platform.ts";
import type { SseClient } from "./sse-client.ts";
import { openStream } from "./sse-client.ts";

export interface TestHub {
  readonly hub: Hub;
  readonly feed: Feed;
  readonly store: Store;
  readonly platform: ManualPlatform;
  /** What the hub answered to those it refused. */
  readonly refused: Extract<StreamAnswer, { kind: "refused" }>[];
  /** Opens a stream on a real socket. */
  open(options?: {
    readonly basis?: string;
    readonly token?: string;
    readonly instance?: string;
    readonly version?: string;
  }): SseClient;
  /** Opens a stream and takes its first event. */
  join(options?: Parameters<TestHub["open"]>[0]): Promise<SseClient>;
  /** Commits a change of the text that the flag `banner` serves, and publishes it. */
  change(text: string): Promise<void>;
}

export interface TestHubOptions {
  readonly limits?: Partial<HubLimits>;
  readonly meter?: Partial<Meter>;
  readonly chance?: () => number;
  /** Other servers write to the same store. */
  readonly isShared?: boolean;
  readonly wrap?: (store: Store) => Pick<Store, "content" | "changesSince">;
}

/** A hub for production on a store in memory, behind a bare server, with time that moves by hand. */
export async function startTestHub({
  limits,
  meter,
  chance,
  isShared = false,
  wrap = (store) => store,
}: TestHubOptions = {}): Promise<TestHub> {
  const store = createMemoryStore({ random: countingRandom() });
  const definition = {
    key: "banner",
    type: "string" as const,
    description: "",
    variants: { text: "first" as JsonValue },
    tags: [],
  };
  await store.createFlag(
    definition,
    everywhere(config("banner", { offVariant: "text", fallthrough: { variant: "text" } })),
    meta("flag.created"),
  );
  const platform = manualPlatform(chance);
  const counted = { ...silentMeter, ...meter };
  const feed = await Feed.open("production", {
    ...platform,
    store: wrap(store),
    meter: counted,
    logger: silentLogger,
    regex: () => () => false,
    isShared,
  });
  const hub = new Hub({
    ...platform,
    feeds: [feed],
    meter: counted,
    limits: { streamsMax: 1_000, admission: { perSecond: 1_000, burst: 1_000 }, ...limits },
  });
  hub.start();
  const refused: TestHub["refused"] = [];
  const server = createServer((incoming, outgoing) => {
    const query = new URL(incoming.url ?? "/", "http://localhost").searchParams;
    const identity = {
      instanceId: query.get("instance") ?? `i${incoming.socket.remotePort}`,
      sdk: "test/1",
      address: "127.0.0.1",
    };
    const request = {
      outgoing,
      environment: "production",
      tokenId: query.get("token") ?? "t",
      identity,
      basis: parseBasis(query.get("basis") ?? ""),
    };
    void Promise.resolve(hub.open(request)).then((answer) => {
      if (answer.kind === "refused") {
        refused.push(answer);
        outgoing.writeHead(503).end();
      }
      return answer;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const open: TestHub["open"] = ({ version, ...query } = {}) =>
    openStream(port, `/?${new URLSearchParams(query).toString()}`, {}, version);
  return {
    hub,
    feed,
    store,
    platform,
    refused,
    open,
    async join(options) {
      const stream = open(options);
      await stream.next();
      return stream;
    },
    async change(text) {
      await store.changeFlag(
        "banner",
        (current) => ({ kind: "write", next: { ...current, variants: { text } } }),
        meta("flag.updated"),
      );
      await feed.catchUp();
    },
  };
}
