import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Problem, TokenKind } from "@rampart/core";
import { onTestFinished } from "vitest";
import { issue } from "../http/routes/tokens.ts";
import type { ServerConfig } from "../main/config.ts";
import { loadConfig } from "../main/config.ts";
import type { Platform } from "../main/platform.ts";
import { realPlatform } from "../main/platform.ts";
import type { RunningServer } from "../main/start.ts";
import { startServer } from "../main/start.ts";
import type { SharedStorage } from "../main/opened-storage.ts";
import { ownDrillBook } from "../ports/drill-book.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import type { ManualPlatform } from "./manual-platform.ts";
import { createMemoryCheckpoints } from "../store/memory-checkpoints.ts";
import { createMemoryEvaluations } from "../store/memory-evaluations.ts";
import { createMemoryReportLog } from "../store/memory-report-log.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";

/** An answer with its body read. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T & Partial<Problem>;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server over a store in memory, on a port of its own. */
export interface TestServer extends RunningServer {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly platform: Platform;
  readonly admin: string;
  /** The SDK key of production. */
  readonly sdkKey: string;
  /** Every line that was logged. */
  readonly logs: readonly string[];
  /** `GET /path`; objects are sent as JSON, texts as they are. */
  call<T = Record<string, unknown>>(line: string, options?: CallOptions): Promise<Answer<T>>;
  /** A new token's text. */
  token(
    kind: TokenKind,
    environments?: readonly string[],
    more?: { readonly expiresAt?: number; readonly roles?: readonly string[] },
  ): Promise<{ readonly text: string; readonly id: string }>;
}

export interface TestServerOptions {
  readonly config?: Partial<ServerConfig>;
  readonly platform?: Platform;
  /** Puts something between the server and its store. */
  readonly wrap?: (store: Store) => Store;
  readonly wrapRollouts?: (rollouts: RolloutStore) => RolloutStore;
  /** As if other servers wrote to the same store. */
  readonly isShared?: boolean;
  /** `afterAll` for a server that many tests share; by default it is closed with the test. */
  readonly cleanUp?: (act: () => Promise<void>) => void;
}

/** Starts a server. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const {
    config,
    platform = realPlatform,
    wrap = (store) => store,
    wrapRollouts = (rollouts) => rollouts,
    isShared = false,
    cleanUp = onTestFinished,
  } = options;
  const folder = mkdtempSync(join(tmpdir(), "rampart-test-"));
  const memory = createMemoryStores({ random: (sizeBytes) => randomBytes(sizeBytes) });
  const { store } = memory;
  const rollouts = wrapRollouts(memory.rollouts);
  const logs: string[] = [];
  const server = await startServer(
    { ...testConfig(), ...config },
    {
      platform,
      logs: { write: (line) => void logs.push(line) },
      openStorage: () => ({
        store: wrap(store),
        rollouts,
        checkpoints: createMemoryCheckpoints(),
        evaluations: createMemoryEvaluations(),
        isFresh: true,
        folder,
        ...(isShared && { shared: SHARED }),
        close: () => store.close(),
      }),
    },
  );
  cleanUp(async () => {
    const closed = server.close();
    if ("advance" in platform) await (platform as ManualPlatform).advance(5_000);
    await closed;
    rmSync(folder, { recursive: true, force: true });
  });
  const admin = server.firstTokens?.admin ?? "";
  const token: TestServer["token"] = async (kind, environments = ["*"], more = {}) => {
    const { record, text } = issue(platform, { kind, name: `a ${kind}`, environments, roles: [], ...more });
    await store.createToken(record, { actor: "system", action: "token.created", at: platform.clock.now() });
    return { text, id: record.id };
  };
  const call: TestServer["call"] = (line, options) => callServer(server.url, line, { token: admin, ...options });
  return { ...server, store, rollouts, platform, admin, sdkKey: server.firstTokens?.server ?? "", logs, token, call };
}

/** The only server that runs on a store that others could run on. */
const SHARED: SharedStorage = {
  replicaId: "a",
  leadership: { isShared: true, evaluating: () => ({ fence: 1 }) },
  drills: ownDrillBook(),
  instance: "a",
  reports: createMemoryReportLog(() => 0),
  start: () => undefined,
  countTogether: () => () => Promise.resolve(),
  listTogether: (hub) => ({
    view: async (environment, limit) => hub.clientsView(environment, limit),
    stop: () => Promise.resolve(),
  }),
  standDown: () => Promise.resolve(),
};

/** The defaults, on a port that the system chooses, quiet. */
export function testConfig(...args: readonly string[]): ServerConfig {
  const loaded = loadConfig(["--port", "0", "--log-level", "info", ...args], {});
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

/** Calls a server; `token: undefined` sends none. */
export async function callServer<T = Record<string, unknown>>(
  url: string,
  line: string,
  { token, body, headers = {} }: CallOptions = {},
): Promise<Answer<T>> {
  const [method = "GET", path = "/"] = line.split(" ");
  const isText = typeof body === "string";
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined || isText ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson =
    response.headers.get("content-type")?.includes("json") === true &&
    !response.headers.get("content-type")?.includes("ndjson");
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson && text !== "" ? JSON.parse(text) : {}) as Answer<T>["body"],
  };
}
