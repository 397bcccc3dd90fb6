import type { ClientPorts } from "@rampart/core";
import type { Fetch } from "./fetch.ts";
import { nodeFetch } from "./fetch.ts";
import { createFileCache } from "./file-cache.ts";
import { linearRegex } from "./regex.ts";
import { request } from "./request.ts";
import { openStream } from "./stream.ts";

/** What may take the place of Node's own. */
export interface NodePortsOptions {
  readonly fetch?: Fetch | undefined;
  readonly cacheFile?: string | undefined;
}

/** What Node gives the client. Nothing of it keeps the process alive, but what is asked to. */
export function createNodePorts({ fetch = nodeFetch, cacheFile }: NodePortsOptions = {}): ClientPorts {
  return {
    openStream: (wanted, events) => openStream(fetch, wanted, events),
    request: (wanted) => request(fetch, wanted),
    now: () => performance.now(),
    wallNow: () => Date.now(),
    random: () => Math.random(),
    setTimer: (afterMs, callback, options) => {
      const timer = setTimeout(callback, afterMs);
      if (options?.keepAlive !== true) timer.unref();
      return () => clearTimeout(timer);
    },
    regex: linearRegex,
    ...(cacheFile === undefined ? {} : { cache: createFileCache(cacheFile) }),
  };
}
