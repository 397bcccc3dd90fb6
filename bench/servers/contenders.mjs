import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { compile } from "../lib/gcc.mjs";
import { rawRequest } from "../lib/load.mjs";
import { findNchan, nchanArguments } from "../lib/nchan.mjs";
import { BENCH, ROOT } from "../lib/paths.mjs";
import { freePort, startServer } from "../lib/processes.mjs";

/**
 * A server that streams, and how to use it.
 *
 * @typedef {{
 *   name: string,
 *   port: number,
 *   pid: number,
 *   streamRequest: string,
 *   marker: string,
 *   trigger: (round: number) => string,
 *   stop: () => Promise<void>,
 * }} StreamServer
 *   `streamRequest` opens a stream; `trigger` is a request that makes the server send one event that holds `marker` to each of them.
 */

const ACCEPT = { accept: "text/event-stream" };

/** @param {{ eventBytes: number, firstBytes?: number }} sizes @returns {Promise<StreamServer>} */
export async function startFloor({ eventBytes, firstBytes = 0 }) {
  const port = await freePort();
  const server = await startServer({
    command: compile("sse-floor"),
    args: [port, eventBytes, firstBytes].map(String),
    port,
  });
  return {
    ...server,
    name: "bare C epoll loop (floor)",
    port,
    streamRequest: rawRequest("GET", "/stream", { headers: ACCEPT }),
    marker: "event: delta",
    trigger: () => rawRequest("POST", "/publish", { body: "" }),
  };
}

/** @param {{ eventBytes?: number, firstBytes?: number, bodyPath?: string }} options @returns {Promise<StreamServer>} */
export async function startBareNode(options) {
  const port = await freePort();
  const server = await startServer({
    command: process.execPath,
    args: [join(BENCH, "servers", "node-bare.mjs"), String(port), JSON.stringify(options)],
    port,
  });
  return {
    ...server,
    name: "bare node:http",
    answersOthers: true,
    port,
    streamRequest: rawRequest("GET", "/stream", { headers: ACCEPT }),
    marker: "event: delta",
    trigger: () => rawRequest("POST", "/publish", { body: "" }),
  };
}

/** @param {{ eventBytes: number }} options @returns {Promise<StreamServer | { missing: string }>} */
export async function startNchan({ eventBytes }) {
  const found = findNchan();
  if ("missing" in found) return found;
  const port = await freePort();
  const server = await startServer({
    command: found.nginx,
    args: nchanArguments({ module: found.module, port }),
    port,
  });
  return {
    ...server,
    name: `Nchan (${found.version})`,
    port,
    streamRequest: rawRequest("GET", "/stream", { headers: ACCEPT }),
    marker: "data: event",
    trigger: (round) =>
      rawRequest("POST", "/publish", {
        headers: { "content-type": "text/plain" },
        body: `event ${round} `.padEnd(eventBytes - 30, "x"),
      }),
  };
}

const ENVIRONMENT = "production";
const CLI = join(ROOT, "packages", "cli", "dist", "bin.js");

/**
 * Rampart's server as users start it, on a fresh data folder, with real tokens.
 *
 * @param {{ flags?: readonly object[], env?: NodeJS.ProcessEnv }} options flags to create, as the API takes them; more of the environment
 */
export async function startRampart({ flags = [], env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-data-"));
  const server = await startRampartOn({ folder, env });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const users = usersOf(folder);
    await createFlags({ url: server.url, ...users }, flags);
    return { ...server, ...users, stop, name: "Rampart", answersOthers: true, ...STREAMS, ...requestsOf(users) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A server process on a data folder. @param {{ folder: string, args?: readonly string[], env?: NodeJS.ProcessEnv, port?: number }} options */
export async function startRampartOn({ folder, args = [], env = {}, port: wanted }) {
  const port = wanted ?? (await freePort());
  const all = [CLI, "server", "--port", String(port), "--data-dir", folder, "--log-level", "warn", ...args];
  const server = await startServer({ command: process.execPath, args: all, port, env });
  return { ...server, port, url: `http://127.0.0.1:${port}` };
}

/** A relay of a server, with a key that it makes for it. @param {Awaited<ReturnType<typeof startRampart>>} server @param {string} name */
export async function startRelayOf(server, name) {
  const asked = { kind: "relay", name, environments: [ENVIRONMENT] };
  const made = await fetch(`${server.url}/api/v1/tokens`, {
    method: "POST",
    headers: server.operator,
    body: JSON.stringify(asked),
  });
  if (!made.ok) throw new Error(`a relay's key was answered with ${made.status} ${await made.text()}`);
  const { token } = await made.json();
  const port = await freePort();
  const args = [CLI, "relay", "--upstream", server.url, "--port", String(port), "--name", name, "--log-level", "warn"];
  const relay = await startServer({ command: process.execPath, args, port, env: { RAMPART_RELAY_KEYS: token } });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await fetch(`${url}/ready`)).ok) return { ...relay, port, url };
    await sleep(50);
  }
  throw new Error(`the relay ${name} was not ready within 5 s`);
}

/** Keys of a fresh store, and the headers of an operator's and of an SDK's requests; the SDK's lack the instance. */
export function usersOf(folder) {
  const tokens = JSON.parse(readFileSync(join(folder, "first-tokens.json"), "utf8"));
  return {
    operator: { authorization: `Bearer ${tokens.admin}`, "content-type": "application/json" },
    sdk: { authorization: `Bearer ${tokens.server}`, "x-rampart-sdk": "bench/1" },
    sdkKey: tokens.server,
    clientKey: tokens.client,
  };
}

/** The flag `bench`, and more. */
export async function createFlags({ url, operator }, flags = []) {
  for (const flag of [{ key: "bench" }, ...flags]) await createFlag(url, operator, flag);
}

/** What a stream's first frame and the event of a change are known by. */
export const STREAMS = { first: "event: snapshot", marker: "event: delta" };

/** A stream's request, and an operator's: another percentage each round, so that there is always something to change. */
export const requestsOf = ({ operator, sdk }) => ({
  streamRequest: rawRequest("GET", "/sdk/v1/stream", {
    headers: { ...ACCEPT, ...sdk, "x-rampart-instance": "bench-{id}" },
  }),
  trigger: (round) =>
    rawRequest("POST", flagPath("bench", "rollout"), {
      headers: operator,
      body: JSON.stringify({ percentage: 1 + (round % 99), reason: "bench" }),
    }),
});

/** Path of an operator's act on a flag. */
export const flagPath = (flag, act) => `/api/v1/environments/${ENVIRONMENT}/flags/${flag}/${act}`;

async function createFlag(url, headers, { key, config }) {
  await send(`${url}/api/v1/flags`, "POST", headers, { key, type: "boolean", description: "" });
  if (config === undefined) return;
  await send(`${url}/api/v1/environments/${ENVIRONMENT}/flags/${key}`, "PATCH", headers, config);
}

async function send(url, method, headers, body) {
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${url} was answered ${response.status} ${await response.text()}`);
}
