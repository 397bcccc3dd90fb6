import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
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

/**
 * Rampart's server as users start it, on a fresh data folder.
 *
 * @param {{ flags?: readonly object[] }} options flags to create, as the API takes them
 */
export async function startRampart({ flags = [] } = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-data-"));
  const args = [
    join(ROOT, "packages", "cli", "dist", "bin.js"),
    "server",
    "--dev",
    "--port",
    String(port),
    "--data-dir",
    folder,
  ];
  const server = await startServer({ command: process.execPath, args, port });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const rampart = {
    ...server,
    name: "Rampart, durable flip included",
    url,
    port,
    folder,
    streamRequest: rawRequest("GET", "/sdk/v1/stream", {
      headers: {
        ...ACCEPT,
        authorization: "Bearer dev",
        "x-rampart-instance": "bench-{id}",
        "x-rampart-sdk": "bench/1",
      },
    }),
    first: "event: snapshot",
    marker: "event: delta",
    /** Another percentage each round, so that there is always something to change. */
    trigger: (round) => rolloutRequest({ flag: "bench", percentage: 1 + (round % 99) }),
    stop,
  };
  try {
    for (const flag of [{ key: "bench" }, ...flags]) await createFlag(url, flag);
  } catch (error) {
    await stop();
    throw error;
  }
  return rampart;
}

export const rolloutRequest = ({ flag, percentage }) =>
  rawRequest("POST", `/api/v1/environments/${ENVIRONMENT}/flags/${flag}/rollout`, {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ percentage, reason: "bench" }),
  });

async function createFlag(url, { key, config }) {
  await send(`${url}/api/v1/flags`, "POST", { key, type: "boolean", description: "" });
  if (config !== undefined) await send(`${url}/api/v1/environments/${ENVIRONMENT}/flags/${key}`, "PATCH", config);
}

async function send(url, method, body) {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${url} was answered ${response.status} ${await response.text()}`);
}
