import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hammer, rawRequest } from "../lib/load.mjs";
import { median, number, times } from "../lib/stats.mjs";
import { startBareNode, startRampart } from "../servers/contenders.mjs";
import { flagsOfBytes } from "../servers/flags.mjs";

export const name = "http";
export const title = "GET of 200 flags, and 304";
export const about =
  "requests a second for GET /sdk/v1/flags with and without a matching ETag, beside bare node with a prebuilt Buffer";

const FLAGS = 200;
const BODY_BYTES = 49_000;
const CONNECTIONS = 64;
const LIMIT = 0.8;

/** @param {{ rounds?: number, requests?: number }} options */
export async function run({ rounds = 9, requests = 8000 } = {}) {
  const rampart = await startRampart({ flags: flagsOfBytes({ count: FLAGS, bytes: BODY_BYTES }) });
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-"));
  let node;
  try {
    const headers = { ...rampart.sdk, "x-rampart-instance": "bench-http" };
    const response = await fetch(`${rampart.url}/sdk/v1/flags`, {
      headers: { ...headers, "accept-encoding": "identity" },
    });
    const body = Buffer.from(await response.arrayBuffer());
    const etag = response.headers.get("etag");
    if (response.status !== 200 || etag === null)
      throw new Error(`GET /sdk/v1/flags was answered ${response.status} with ETag ${etag}`);
    const bodyPath = join(folder, "flags.json");
    writeFileSync(bodyPath, body);
    node = await startBareNode({ bodyPath });
    const contenders = [
      { key: "node", server: node, headers, etag: '"1:200"' },
      { key: "rampart", server: rampart, headers, etag },
    ];
    const kinds = [
      {
        key: "full",
        title: `GET, 200 with ${number(body.length / 1000)} kB`,
        status: 200,
        requests,
        headers: () => ({}),
      },
      {
        key: "notModified",
        title: "GET with If-None-Match, 304",
        status: 304,
        requests: requests * 2,
        headers: ({ etag: known }) => ({ "if-none-match": known }),
      },
    ];
    const measured = [];
    for (const kind of kinds) measured.push(await measure(kind, contenders, rounds));
    return outcomeOf(measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await node?.stop();
    await rampart.stop();
  }
}

async function measure(kind, contenders, rounds) {
  const perSecond = Object.fromEntries(contenders.map(({ key }) => [key, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const contender of contenders) {
      const request = rawRequest("GET", "/sdk/v1/flags", {
        headers: { ...contender.headers, ...kind.headers(contender) },
      });
      const answer = await hammer({
        port: contender.server.port,
        connections: CONNECTIONS,
        requests: kind.requests,
        timeoutS: 20,
        request,
      });
      if (answer.failed > 0 || answer.status !== kind.status)
        throw new Error(`${contender.key} answered ${answer.status} to ${kind.title} (${answer.failed} failures)`);
      // The first round finds cold code.
      if (round > 0) perSecond[contender.key].push((answer.answered * 1000) / answer.ms);
    }
  }
  return { key: kind.key, title: kind.title, perSecond };
}

function outcomeOf(measured) {
  const ratioOf = ({ perSecond }) => median(perSecond.rampart.map((value, i) => value / perSecond.node[i]));
  return {
    tables: [
      {
        title: `Requests a second, ${CONNECTIONS} keep-alive connections (median of rounds)`,
        columns: ["", "bare node:http, prebuilt Buffer", "Rampart", "times bare node"],
        rows: measured.map((kind) => [
          kind.title,
          number(median(kind.perSecond.node)),
          number(median(kind.perSecond.rampart)),
          times(ratioOf(kind)),
        ]),
      },
    ],
    goals: measured.map((kind) => ({
      text: `${kind.title}: rate over bare node's`,
      measured: ratioOf(kind),
      unit: "×",
      bound: "atLeast",
      limit: LIMIT,
    })),
    notes: [
      "Both servers send the same body, uncompressed; Rampart also authorizes the key and notes the client. The load generator shares the machine's cores.",
    ],
    data: measured,
  };
}
