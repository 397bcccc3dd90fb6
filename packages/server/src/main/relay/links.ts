import type { EventsBody } from "@rampart/core";
import { KEYS_ASKED_MAX, type ForwardedAnswer, type ForwardedReport, type Forwarder } from "../../ports/relaying.ts";
import type { KeyBook } from "../../ports/keys.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Meter } from "../../ports/meter.ts";
import { StoreError } from "../../ports/store-error.ts";
import type { Store, TokenRecord } from "../../ports/store.ts";
import { pause } from "../../ports/timers.ts";
import { Feed } from "../../stream/feed.ts";
import type { RelayIdentity } from "../../stream/relays.ts";
import type { Platform } from "../platform.ts";
import { linearRegex } from "../regex.ts";
import { StartError } from "../start-error.ts";
import type { Post } from "./post.ts";
import { unreachable } from "./post.ts";
import { KeyRefused, Upstream } from "./upstream.ts";
import type { UpstreamClock } from "./upstream-clock.ts";

/** After a question that came to nothing the next one comes within this time, half of it at least. */
const RETRY_MAX_MS = 500;

/** At the start nobody is served yet, and the upstream server may be starting too. */
const CONNECT_RETRY_MAX_MS = 2_000;

const EVENTS_MAX_MS = 4_000;
const EVENTS_ANSWER_MAX_BYTES = 64 * 1024;

/** Reports that are on their way at once; further ones are told to come later. */
const FORWARDED_MAX = 128;

/** What the ways to the upstream server are made of. */
export interface LinksParts extends Pick<Platform, "timers" | "random"> {
  readonly clock: UpstreamClock;
  readonly post: Post;
  readonly keys: readonly string[];
  readonly relay: RelayIdentity;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** A relay's ways to the upstream server, one for each environment that it has a key of. */
export class Links implements KeyBook, Forwarder {
  readonly #parts: LinksParts;
  readonly #links = new Map<string, { readonly upstream: Upstream; readonly key: string; readonly feed: Feed }>();
  readonly #following: Promise<void>[] = [];
  readonly #asking = new Map<string, Promise<TokenRecord | undefined>>();
  #forwarded = 0;
  #isStopped = false;

  constructor(parts: LinksParts) {
    this.#parts = parts;
  }

  /** By environment, once connected. */
  get byEnvironment(): ReadonlyMap<string, Upstream> {
    return new Map([...this.#links].map(([environment, { upstream }]) => [environment, upstream]));
  }

  /** What relays behind this one are told. The last step is at hand: they all ask for it at once. */
  get source(): Pick<Store, "content" | "changesSince"> {
    return {
      content: async (environment) => this.#links.get(environment)?.upstream.content(),
      changesSince: async (environment, from) => {
        const upstream = this.#links.get(environment)?.upstream;
        return upstream?.lastStepFrom(from) ?? upstream?.changesSince(environment, from);
      },
    };
  }

  /**
   * Learns what each key is for, and reads its environment whole; tries until it succeeds. Undefined: it was stopped meanwhile. Rejects with a `StartError`
   * for a key that is refused, or that is of the same environment as another.
   */
  async connect(): Promise<ReadonlyMap<string, Feed> | undefined> {
    for (const [index, key] of this.#parts.keys.entries()) {
      const feed = await this.#connect(key, index + 1);
      if (feed === undefined) return undefined;
    }
    return new Map([...this.#links].map(([environment, { feed }]) => [environment, feed]));
  }

  /** From now on the feeds follow. */
  follow(): void {
    for (const { feed, upstream } of this.#links.values()) this.#following.push(this.#follow(feed, upstream));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#following);
  }

  /** Whoever asks about a key while that is being asked gets the same answer: a fleet that comes back has one key. */
  byHash(hash: string): Promise<TokenRecord | undefined> {
    const asking = this.#asking.get(hash) ?? this.#lookUp(hash).finally(() => this.#asking.delete(hash));
    this.#asking.set(hash, asking);
    return asking;
  }

  /** A key says nothing of which environment it is for that could be relied on, so that each is asked; a handful at most. */
  async #lookUp(hash: string): Promise<TokenRecord | undefined> {
    const asked = await Promise.allSettled([...this.#links.values()].map(({ upstream }) => upstream.byHash(hash)));
    const found = asked.find((one) => one.status === "fulfilled" && one.value !== undefined);
    if (found?.status === "fulfilled") return found.value;
    const failed = asked.find((one) => one.status === "rejected");
    // Who could not be asked may know it.
    if (failed !== undefined) throw failed.reason;
    return undefined;
  }

  async byIds(ids: readonly string[]): Promise<readonly TokenRecord[]> {
    const found: TokenRecord[] = [];
    for (let at = 0; at < ids.length; at += KEYS_ASKED_MAX) {
      const some = ids.slice(at, at + KEYS_ASKED_MAX);
      for (const { upstream } of this.#links.values()) found.push(...(await upstream.byIds(some)));
    }
    return found;
  }

  async forward({ path, headers, body }: ForwardedReport): Promise<ForwardedAnswer> {
    if (this.#forwarded >= FORWARDED_MAX) throw unreachable(`${FORWARDED_MAX} reports are on their way to it already`);
    this.#forwarded += 1;
    try {
      const limits = { timeoutMs: EVENTS_MAX_MS, bodyBytesMax: EVENTS_ANSWER_MAX_BYTES };
      return await this.#parts.post({ path, headers, body, ...limits });
    } finally {
      this.#forwarded -= 1;
    }
  }

  /** Sends counts of this relay's own. Rejects where they may not have been counted. */
  async sendEvents(environment: string, body: EventsBody): Promise<void> {
    const key = this.#links.get(environment)?.key;
    const headers = { authorization: `Bearer ${key}` };
    const { status } = await this.forward({ path: "/sdk/v1/events", headers, body });
    if (status >= 300) throw unreachable(`POST /sdk/v1/events: ${status}`);
  }

  async #connect(key: string, place: number): Promise<Feed | undefined> {
    const { logger, timers, random } = this.#parts;
    const upstream = new Upstream({ ...this.#parts, key });
    for (;;) {
      if (this.#isStopped) return undefined;
      try {
        const first = await upstream.content();
        if (first === undefined) throw unreachable("it has no such environment");
        if (this.#links.has(first.key)) throw keyTwice(first.key, place);
        const parts = { ...this.#parts, store: upstream, regex: linearRegex, isShared: true };
        const feed = await Feed.open(first.key, parts);
        this.#links.set(first.key, { upstream, key, feed });
        return feed;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        if (cause.cause instanceof KeyRefused) throw keyRefused(cause, place);
        logger.warn(
          { reason: cause.message, key: place },
          "can't read from the upstream server yet; it is tried again",
        );
      }
      await pause(timers, CONNECT_RETRY_MAX_MS * (0.5 + random.next() / 2));
    }
  }

  /** Each question waits for a change, so that this turns as often as something happens, and twice a second otherwise. */
  async #follow(feed: Feed, upstream: Upstream): Promise<void> {
    const { timers, random } = this.#parts;
    while (!this.#isStopped) {
      await feed.catchUp();
      if (upstream.isFailing) await pause(timers, RETRY_MAX_MS * (0.5 + random.next() / 2));
    }
  }
}

function keyRefused(cause: Error, place: number): StartError {
  return new StartError("UPSTREAM_KEY", {
    message: `the upstream server refuses key ${place} (${cause.message})`,
    hint: "Give a key of the kind relay that is neither revoked nor expired, as rampart tokens create --kind relay makes it",
    cause,
  });
}

function keyTwice(environment: string, place: number): StartError {
  return new StartError("UPSTREAM_KEY", {
    message: `key ${place} is for the environment ${environment}, and so is one before it`,
    hint: "Give one key for each environment",
  });
}
