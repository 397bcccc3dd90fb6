import { join } from "node:path";
import type { FlagClient, Snapshot } from "@rampart/core";
import { createClientOnPorts, fingerprintOf } from "@rampart/core";
import { createNodePorts } from "./ports.ts";
import { SDK_VERSION } from "./version.ts";

/** What `createClient` takes. */
export interface NodeClientOptions {
  /** Where the server is: `https://flags.example.com`. */
  readonly url: string;
  /** A server key of the environment to follow. */
  readonly sdkKey: string;
  /**
   * A folder in which to keep the last values for the next start, one file for each server and key. None unless given: the values
   * decide who sees what, so the folder must be one that only this service can write to, and only its operator knows which that is.
   */
  readonly cacheDir?: string;
  /** Cached values that are older are not used, milliseconds. Seven days unless given. */
  readonly cacheMaxAgeMs?: number;
  /** Values to start from when there are no better ones: the body of `GET /sdk/v1/flags`. */
  readonly bootstrap?: Snapshot;
  /**
   * Another `fetch`, to go through a proxy or to present a certificate. The sockets of the global one keep the process alive until
   * `close`; those of the default do not.
   */
  readonly fetch?: typeof globalThis.fetch;
  /** Told of everything that the `error` event is told of. */
  readonly logger?: { warn(message: string): void };
}

/** A client for one environment. Starts nothing: call `init`. */
export function createClient(options: NodeClientOptions): FlagClient {
  const { url, sdkKey, cacheDir, cacheMaxAgeMs, bootstrap, fetch, logger } = options;
  const cacheFile = cacheDir === undefined ? undefined : join(cacheDir, `rampart-${fingerprintOf(url, sdkKey)}.cache`);
  const client = createClientOnPorts(createNodePorts({ fetch, cacheFile }), {
    url,
    sdkKey,
    sdk: `node/${SDK_VERSION}`,
    instanceId: crypto.randomUUID(),
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(cacheMaxAgeMs === undefined ? {} : { cacheMaxAgeMs }),
  });
  if (logger !== undefined) client.on("error", ({ code, message }) => logger.warn(`rampart: ${code}: ${message}`));
  return client;
}
