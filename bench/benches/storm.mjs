import { openStreams } from "../lib/load.mjs";
import { idle } from "../lib/processes.mjs";
import { median, number, times } from "../lib/stats.mjs";
import { startBareNode, startFloor, startRampart } from "../servers/contenders.mjs";
import { flagsOfBytes } from "../servers/flags.mjs";

export const name = "storm";
export const title = "Reconnect storm";
export const about = "10,000 streams at once, each with a 20 kB snapshot, beside C and bare node";

const FIRST_BYTES = 20_000;
const TIMEOUT_S = 45;
const LIMIT = 1.2;

/** @param {{ streams?: readonly number[], inFlight?: number, rounds?: number }} options the last of `streams` is taken */
export async function run({ streams: counts = [10_000], inFlight = 2000, rounds = 7 } = {}) {
  const streams = counts.at(-1);
  const servers = {};
  try {
    servers.rampart = await startRampart({ flags: flagsOfBytes({ count: 80, bytes: FIRST_BYTES }) });
    const { firstBytes } = await storm(servers.rampart, { streams: 1, inFlight: 1 });
    servers.floor = await startFloor({ eventBytes: 200, firstBytes });
    servers.node = await startBareNode({ firstBytes });
    const samples = { floor: [], node: [], rampart: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const key of Object.keys(samples)) {
        const sample = await storm(servers[key], { streams, inFlight });
        // The first round finds cold code.
        if (round > 0) samples[key].push(sample);
      }
    }
    return outcomeOf({ samples, servers, streams, inFlight, firstBytes });
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

async function storm(server, { streams, inFlight }) {
  const load = openStreams({
    port: server.port,
    streams,
    inFlight,
    timeoutS: TIMEOUT_S,
    until: "event: snapshot",
    marker: server.marker,
    request: server.streamRequest,
  });
  const opened = await load.opened;
  await load.close();
  await idle(server.pid);
  if (opened.opened !== streams)
    throw new Error(
      `${server.name}: ${opened.opened} of ${streams} streams opened in ${TIMEOUT_S} s (${opened.refused} refusals, ${opened.failed} failures)`,
    );
  return opened;
}

function outcomeOf({ samples, servers, streams, inFlight, firstBytes }) {
  const middle = (key, field) => median(samples[key].map((sample) => sample[field]));
  const overNode = (key) => median(samples[key].map(({ ms }, i) => ms / samples.node[i].ms));
  return {
    tables: [
      {
        title: `${number(streams)} streams, at most ${number(inFlight)} in flight, ${number(firstBytes / 1000)} kB each (median of rounds)`,
        columns: ["", "first connect to last snapshot, ms", "times bare node", "sent away with 503 and back later"],
        rows: Object.keys(samples).map((key) => [
          servers[key].name,
          number(middle(key, "ms")),
          times(overNode(key)),
          number(middle(key, "refused")),
        ]),
      },
    ],
    goals: [
      {
        text: `${number(streams)} reconnects with a snapshot, over bare node's time`,
        measured: overNode("rampart"),
        unit: "×",
        bound: "atMost",
        limit: LIMIT,
      },
    ],
    notes: [
      "Clients that are answered 503 come back after Retry-After and up to half a second more; that time counts.",
    ],
    data: { samples, firstBytes },
  };
}
