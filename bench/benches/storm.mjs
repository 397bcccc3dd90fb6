import { loopDelay } from "../lib/api.mjs";
import { openStreams } from "../lib/load.mjs";
import { startProbe } from "../lib/probe.mjs";
import { idle } from "../lib/processes.mjs";
import { median, number, quantile, times } from "../lib/stats.mjs";
import { startBareNode, startFloor, startRampart } from "../servers/contenders.mjs";
import { flagsOfBytes } from "../servers/flags.mjs";

export const name = "storm";
export const title = "Reconnect storm";
export const about =
  "10,000 streams at once, each with a 20 kB snapshot, beside C and bare node; and what others wait for meanwhile";

const FIRST_BYTES = 20_000;
const TIMEOUT_S = 45;
const OVER_NODE_LIMIT = 1.2;
const LOOP_LIMIT_MS = 50;
const BACK_LIMIT_S = 35;

/** @param {{ streams?: readonly number[], inFlight?: number, rounds?: number }} options the last of `streams` is taken */
export async function run({ streams: counts = [10_000], inFlight = 2000, rounds = 7 } = {}) {
  const streams = counts.at(-1);
  const servers = {};
  try {
    servers.rampart = await startRampart({ flags: flagsOfBytes({ count: 80, bytes: FIRST_BYTES }) });
    const { firstBytes } = await storm(servers.rampart, { streams: 1, inFlight: 1 });
    servers.floor = await startFloor({ eventBytes: 200, firstBytes });
    servers.node = await startBareNode({ firstBytes });
    const storms = [];
    for (const atOnce of new Set([Math.min(inFlight, streams), streams]))
      storms.push({ atOnce, samples: await stormsOf(servers, { streams, inFlight: atOnce, rounds }) });
    return outcomeOf({ storms, servers, streams, firstBytes });
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

async function stormsOf(servers, { rounds, ...size }) {
  const samples = { floor: [], node: [], rampart: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const key of Object.keys(samples)) {
      const sample = await storm(servers[key], size);
      // The first round finds cold code.
      if (round > 0) samples[key].push(sample);
    }
  }
  return samples;
}

async function storm(server, { streams, inFlight }) {
  // The floor answers nothing but streams, and only Rampart tells of its loop.
  const probe = server.answersOthers ? await startProbe(server) : undefined;
  if (server.operator !== undefined) await loopDelay(server);
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
  const loop = server.operator === undefined ? undefined : await loopDelay(server);
  const othersMs = await probe?.stop();
  await load.close();
  await idle(server.pid);
  if (opened.opened !== streams)
    throw new Error(
      `${server.name}: ${opened.opened} of ${streams} streams opened in ${TIMEOUT_S} s (${opened.refused} refusals, ${opened.failed} failures)`,
    );
  return { ...opened, ...(loop && { loop }), ...(othersMs && { othersMs }) };
}

const overNode = ({ samples }) => median(samples.rampart.map(({ ms }, i) => ms / samples.node[i].ms));

function outcomeOf({ storms, servers, streams, firstBytes }) {
  const [paced] = storms;
  const all = storms.at(-1);
  const rampart = storms.flatMap(({ samples }) => samples.rampart);
  return {
    tables: storms.map((one) => tableOf(one, { servers, streams, firstBytes })),
    goals: [
      {
        text: `${number(streams)} reconnects with a snapshot, ${number(paced.atOnce)} in flight, over bare node's time`,
        measured: overNode(paced),
        unit: "×",
        bound: "atMost",
        limit: OVER_NODE_LIMIT,
      },
      {
        text: `all of ${number(streams)} back that came at once, the slowest storm`,
        measured: Math.max(...all.samples.rampart.map(({ ms }) => ms)) / 1000,
        unit: "s",
        bound: "atMost",
        limit: BACK_LIMIT_S,
      },
      {
        text: "Rampart's event loop in a storm, its 99th percentile, the worst storm",
        measured: Math.max(...rampart.map(({ loop }) => loop.p99Ms)),
        unit: "ms",
        bound: "atMost",
        limit: LOOP_LIMIT_MS,
      },
    ],
    notes: [
      "Clients that are answered 503 come back after Retry-After and up to half a second more; that time counts. All at once is more than the system lets wait to be accepted (somaxconn): the rest knock again after a second.",
      "Others ask for the server's health every 10 ms on connections that were open before, whether or not they have been answered: a stop of the loop is in the times of all that came in it. The load and whoever asks share the machine's cores with the server.",
    ],
    data: { storms: storms.map(withoutTimes), firstBytes },
  };
}

/** What others waited, as its quantiles. */
const quantilesOf = (ms) => ({ p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), max: Math.max(...ms) });

const withoutTimes = ({ samples, ...rest }) => ({
  ...rest,
  samples: Object.fromEntries(
    Object.entries(samples).map(([key, rounds]) => [
      key,
      rounds.map(({ othersMs, ...round }) => ({ ...round, ...(othersMs && { othersMs: quantilesOf(othersMs) }) })),
    ]),
  ),
});

function tableOf({ atOnce, samples }, { servers, streams, firstBytes }) {
  const middle = (key, field) => median(samples[key].map((sample) => sample[field]));
  const timesNode = (key) => median(samples[key].map(({ ms }, i) => ms / samples.node[i].ms));
  const others = (key) => {
    const waits = samples[key].flatMap(({ othersMs = [] }) => othersMs);
    return waits.length === 0 ? "–" : Object.values(quantilesOf(waits)).map(number).join(" / ");
  };
  const loop = (key) => {
    const stops = samples[key].flatMap(({ loop: one = [] }) => one);
    if (stops.length === 0) return "–";
    return `${number(median(stops.map(({ p99Ms }) => p99Ms)))} / ${number(Math.max(...stops.map(({ maxMs }) => maxMs)))}`;
  };
  return {
    title: `${number(streams)} streams, ${atOnce === streams ? "all" : `at most ${number(atOnce)}`} in flight, ${number(firstBytes / 1000)} kB each (median of rounds)`,
    columns: [
      "",
      "first connect to last snapshot, ms",
      "times bare node",
      "sent away with 503 and back later",
      "loop's 99th percentile / longest stop, ms",
      "others wait, ms: p50 / p99 / max",
    ],
    rows: Object.keys(samples).map((key) => [
      servers[key].name,
      number(middle(key, "ms")),
      times(timesNode(key)),
      number(middle(key, "refused")),
      loop(key),
      others(key),
    ]),
  };
}
