import { setTimeout as sleep } from "node:timers/promises";
import { openStreams } from "../lib/load.mjs";
import { cpuMs, residentKb } from "../lib/processes.mjs";
import { median, number, times } from "../lib/stats.mjs";
import { startBareNode, startFloor, startNchan, startRampart } from "../servers/contenders.mjs";

export const name = "fanout";
export const title = "One event to every stream";
export const about =
  "durable flip to the last of 1,000 and 10,000 streams, memory a stream; beside C, bare node and Nchan";

/** What an event of the others weighs; Rampart's own weighs what it weighs. */
const EVENT_BYTES = 200;
const IN_FLIGHT = 500;
const TIMEOUT_S = 40;
const NCHAN_LIMIT = 1.0;
const KB_LIMIT = 12;

const STARTERS = {
  floor: () => startFloor({ eventBytes: EVENT_BYTES }),
  node: () => startBareNode({ eventBytes: EVENT_BYTES }),
  nchan: () => startNchan({ eventBytes: EVENT_BYTES }),
  rampart: () => startRampart(),
};

/** @param {{ streams?: readonly number[], rounds?: number, contenders?: readonly string[] }} options */
export async function run({ streams = [1000, 10_000], rounds = 9, contenders = Object.keys(STARTERS) } = {}) {
  const sizes = [];
  for (const count of streams) {
    process.stderr.write(`  ${number(count)} streams …\n`);
    sizes.push({ count, ...(await measure(count, { rounds, contenders })) });
  }
  return outcomeOf(sizes);
}

/** All servers stand at the same time and are fired at in turn, so that they share the machine's moods. */
async function measure(count, { rounds, contenders }) {
  const entries = [];
  const missing = [];
  try {
    for (const key of contenders) {
      const entry = await prepare(key, count).catch((error) => ({ missing: `${key}: ${error.message}` }));
      if ("missing" in entry) missing.push(entry.missing);
      else entries.push(entry);
    }
    // The first round finds cold code; it is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const entry of entries) {
        const fired = await entry.load.fire(entry.server.trigger(round));
        if (fired.received !== count)
          throw new Error(
            `${entry.server.name}: ${fired.received} of ${count} streams had event ${round} after ${TIMEOUT_S} s`,
          );
        if (round > 0) entry.rounds.push(fired);
        else entry.cpuBefore = cpuMs(entry.server.pid);
      }
    }
    return {
      missing,
      entries: entries.map(({ key, server, kbIdle, kbBefore, rounds: fired, cpuBefore }) => ({
        key,
        name: server.name,
        lastMs: fired.map(({ lastMs }) => lastMs),
        medianMs: fired.map(({ medianMs }) => medianMs),
        answeredMs: fired.map(({ answeredMs }) => answeredMs),
        kbPerStreamIdle: (kbIdle - kbBefore) / count,
        kbPerStreamAfter: (residentKb(server.pid) - kbBefore) / count,
        cpuMicrosPerEvent: ((cpuMs(server.pid) - cpuBefore) * 1000) / (fired.length * count),
      })),
    };
  } finally {
    for (const { load, server } of entries) {
      await load.close();
      await server.stop();
    }
  }
}

async function prepare(key, count) {
  const server = await STARTERS[key]();
  if ("missing" in server) return server;
  await sleep(300);
  const kbBefore = residentKb(server.pid);
  const load = openStreams({
    port: server.port,
    streams: count,
    inFlight: IN_FLIGHT,
    timeoutS: TIMEOUT_S,
    until: server.first ?? "",
    marker: server.marker,
    request: server.streamRequest,
  });
  const opened = await load.opened;
  if (opened.opened !== count) {
    await load.close();
    await server.stop();
    return {
      missing: `${server.name}: only ${opened.opened} of ${count} streams opened in ${TIMEOUT_S} s (${opened.refused} refusals, ${opened.failed} failures)`,
    };
  }
  await sleep(500);
  return { key, server, load, kbBefore, kbIdle: residentKb(server.pid), rounds: [], opened };
}

function outcomeOf(sizes) {
  const tables = sizes.map(({ count, entries }) => {
    const floor = entries.find(({ key }) => key === "floor");
    return {
      title: `${number(count)} streams`,
      columns: [
        "",
        "request to last client, ms (median of rounds)",
        "times the floor",
        "to the middle client, ms",
        "kB a stream, idle → after",
        "CPU a client and event, µs",
      ],
      rows: entries.map((entry) => [
        entry.name,
        number(median(entry.lastMs)),
        floor === undefined ? "–" : times(ratio(entry, floor)),
        number(median(entry.medianMs)),
        `${number(entry.kbPerStreamIdle)} → ${number(entry.kbPerStreamAfter)}`,
        number(entry.cpuMicrosPerEvent),
      ]),
    };
  });
  const largest = sizes.at(-1);
  return { tables, goals: goalsOf(largest), notes: notesOf(sizes), data: sizes };
}

const ratio = (entry, other) => median(entry.lastMs.map((ms, i) => ms / other.lastMs[i]));

function goalsOf({ count, entries }) {
  const rampart = entries.find(({ key }) => key === "rampart");
  if (rampart === undefined) return [];
  const nchan = entries.find(({ key }) => key === "nchan");
  return [
    {
      text: `durable flip to the last of ${number(count)} clients, over Nchan's time without a commit`,
      measured: nchan && ratio(rampart, nchan),
      unit: "×",
      bound: "atMost",
      limit: NCHAN_LIMIT,
    },
    {
      text: `memory a stream at ${number(count)}, after the events`,
      measured: rampart.kbPerStreamAfter,
      unit: "kB",
      bound: "atMost",
      limit: KB_LIMIT,
    },
  ];
}

function notesOf(sizes) {
  return [
    `The clock runs from the request sent to the last client's read; all servers are up at once and are fired at in turn. Nchan, node and the floor send ${EVENT_BYTES} bytes and store nothing; Rampart authorizes, validates, commits to SQLite (WAL, synchronous FULL) with its audit entry, and sends the delta.`,
    "Memory is the server's resident set, less what it was before the streams, over their number. nginx runs one worker.",
    ...new Set(sizes.flatMap(({ missing }) => missing.map((what) => `Not measured: ${what}.`))),
  ];
}
