import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../lib/api.mjs";
import { said } from "../lib/child.mjs";
import { openStreams } from "../lib/load.mjs";
import { BENCH } from "../lib/paths.mjs";
import { median, medianRatio, number, quantile, times } from "../lib/stats.mjs";
import { flagPath, requestsOf, startFloor, STREAMS } from "../servers/contenders.mjs";
import { startPostgres } from "../servers/postgres.mjs";
import { startReplicas } from "../servers/replicas.mjs";

export const name = "replicas";
export const title = "Two servers on one PostgreSQL";
export const about =
  "a flip at one server to the last of 5,000 streams at each of two, with NOTIFY and without; receipts from both";

const SERVERS = 2;
/** What an event of the floor weighs; Rampart's own weighs what it weighs. */
const EVENT_BYTES = 200;
const IN_FLIGHT = 500;
const TIMEOUT_S = 40;
/** How often a server looks for what others committed: a flip comes at any moment of it. */
const POLL_MS = 1_000;
const RECEIPTS_SMALL = 500;
const CLOSED_WITHIN_MS = 60_000;

const OVER_ONE_LIMIT = 1.5;
const NOTIFIED_LIMIT_MS = 1_000;
const POLLED_LIMIT_MS = 1_500;
const CLOSED_LIMIT_MS = 10_000;

const CONTENDERS = [
  { key: "floor", name: "bare C epoll loop, all streams (floor)", servers: 0 },
  { key: "one", name: "one server, all streams", servers: 1, args: [] },
  { key: "notify", name: "two servers, NOTIFY", servers: SERVERS, args: [] },
  { key: "poll", name: "two servers, NOTIFY swallowed", servers: SERVERS, args: ["--database-listen=false"] },
];

/** @param {{ streams?: readonly number[], rounds?: number, kills?: number }} options streams at each of the two servers; the last of them is taken */
export async function run({ streams: counts = [5_000], rounds = 40, kills = Math.min(7, rounds) } = {}) {
  const perServer = counts.at(-1);
  const postgres = await startPostgres();
  try {
    process.stderr.write(`  ${number(SERVERS * perServer)} streams …\n`);
    const flips = await flipsOf(postgres, { streams: SERVERS * perServer, rounds });
    const receipts = [];
    for (const clients of new Set([Math.min(RECEIPTS_SMALL, perServer), perServer])) {
      process.stderr.write(`  receipts of ${number(SERVERS * clients)} clients …\n`);
      receipts.push({ clients, kills: await killsOf(postgres, { clients, kills }) });
    }
    return outcomeOf({ flips, receipts, perServer });
  } finally {
    await postgres.stop();
  }
}

/** All stand at the same time and are fired at in turn, so that they share the machine's moods. */
async function flipsOf(postgres, { streams, rounds }) {
  const entries = [];
  try {
    for (const contender of CONTENDERS) entries.push(await prepare(postgres, contender, streams));
    // The first round finds cold code; it is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const entry of entries) {
        await sleep(Math.random() * POLL_MS);
        const fired = await entry.load.fire(entry.trigger(round));
        if (fired.received !== streams)
          throw new Error(`${entry.name}: ${fired.received} of ${streams} streams had flip ${round} in ${TIMEOUT_S} s`);
        if (round > 0) entry.rounds.push(fired);
      }
    }
    return entries.map(({ key, name: text, rounds: fired }) => ({ key, name: text, rounds: fired }));
  } finally {
    for (const { load, stop } of entries) {
      await load.close();
      await stop();
    }
  }
}

async function prepare(postgres, contender, streams) {
  const server = contender.servers === 0 ? await startFloor({ eventBytes: EVENT_BYTES }) : undefined;
  const replicas = server ?? (await startReplicas(postgres, { count: contender.servers, args: contender.args }));
  // Any first event will do: on a machine that is too busy to look into the database, it is not a snapshot that one may rely on.
  const {
    streamRequest,
    trigger,
    marker,
    first = "",
  } = server ?? { ...STREAMS, first: "event: ", ...requestsOf(replicas) };
  const port = server?.port ?? replicas.servers.map((one) => one.port);
  const request = { streams, inFlight: IN_FLIGHT, timeoutS: TIMEOUT_S, until: first, marker, request: streamRequest };
  const load = openStreams({ port, ...request });
  const { opened, refused, failed } = await load.opened;
  if (opened === streams) return { ...contender, load, trigger, stop: replicas.stop, rounds: [] };
  await load.close();
  await replicas.stop();
  throw new Error(
    `${contender.name}: ${opened} of ${streams} streams opened in ${TIMEOUT_S} s (${refused} refusals, ${failed} failures)`,
  );
}

/** Kills at one server while the clients of both give receipts as SDKs do. */
async function killsOf(postgres, { clients, kills }) {
  const replicas = await startReplicas(postgres, { count: SERVERS });
  const children = replicas.servers.map(({ port, name: at }) => {
    const options = { port, key: replicas.sdkKey, clients, name: `bench-${at}` };
    return fork(join(BENCH, "benches", "receipts.child.mjs"), [JSON.stringify(options)]);
  });
  try {
    await Promise.all(children.map((child) => said(child, "isOpen")));
    const killed = [];
    // The first finds cold code; it is not counted.
    for (let round = 0; round <= kills; round++) killed.push(await killOnce(replicas, children));
    return killed.slice(1);
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    await replicas.stop();
  }
}

async function killOnce({ servers, operator }, children) {
  const asked = servers.map((server) => ({ ...server, operator }));
  for (const child of children) child.send({ ack: true });
  await Promise.all(children.map((child) => said(child, "isReady")));
  const done = Promise.all(children.map((child) => said(child, "frames")));
  const { revision } = await call(asked[0], "POST", flagPath("bench", "kill"), { reason: "bench" });
  const answers = await done;
  const views = await Promise.all(asked.map((server) => closed(server, revision)));
  await call(asked[0], "POST", flagPath("bench", "restore"), {});
  const committedAt = Math.min(...views.map((view) => Date.parse(view.committedAt)));
  return {
    lastFrameMs: Math.max(...answers.map(({ receivedAt }) => receivedAt)) - committedAt,
    lastReceiptMs: Math.max(...answers.map(({ ackedAt }) => ackedAt)) - committedAt,
    closedMs: Math.max(...views.map((view) => Date.parse(view.closedAt))) - committedAt,
    verdicts: views.map(({ verdict, expected, acknowledged }) => ({ verdict, expected, acknowledged })),
  };
}

/** What a server says of the receipts of a change once that is its last word. */
async function closed(server, revision) {
  for (const deadline = Date.now() + CLOSED_WITHIN_MS; Date.now() < deadline; await sleep(100)) {
    const { items } = await call(server, "GET", "/api/v1/environments/production/receipts");
    const view = items.find((one) => one.revision === revision);
    if (view?.closedAt !== undefined) return view;
  }
  throw new Error(`the receipts of revision ${revision} were not closed at ${server.name} in ${CLOSED_WITHIN_MS} ms`);
}

const lastMs = ({ rounds }) => rounds.map((fired) => fired.lastMs);
const spread = (values) => [0.5, 0.99, 1].map((share) => number(quantile(values, share))).join(" / ");

function outcomeOf({ flips, receipts, perServer }) {
  return {
    tables: [flipsTable(flips, perServer), receiptsTable(receipts)],
    goals: [...flipGoals(flips), ...receiptGoals(receipts)],
    notes: [
      `The clock runs from the request sent to the first server to the last client's read, by one load generator for both servers' streams. Servers, PostgreSQL (every commit flushed) and load share the machine's cores: two servers have two of them where one server has one, but no second machine. The floor writes ${EVENT_BYTES} bytes to all streams from one process and stores nothing.`,
      "NOTIFY swallowed: the servers do not listen, as behind a pooler that delivers nothing; the other server finds the flip by its look each second, and flips come at any moment between two looks.",
      "Receipts: clients on bare sockets, one process for each server, each with a receipt up to 0.5 s after the kill. Closed is when both servers say so; each asks the database once a second what the other knows, and none closes before 4 s.",
    ],
    data: { flips, receipts },
  };
}

function flipsTable(flips, perServer) {
  const [floor, one] = flips;
  return {
    title: `A flip at server A, ${number(perServer)} streams at each of two servers or ${number(SERVERS * perServer)} at one`,
    columns: [
      "",
      "last client at A, ms: p50 / p99 / max",
      "last client at B, ms: p50 / p99 / max",
      "middle client at B, ms",
      "the last of all, times the floor",
      "times one server",
    ],
    rows: flips.map((entry) => {
      const at = (port, field) => entry.rounds.map(({ ports }) => ports[port]?.[field] ?? Number.NaN);
      const hasOther = entry.rounds[0].ports.length > 1;
      return [
        entry.name,
        spread(at(0, "lastMs")),
        hasOther ? spread(at(1, "lastMs")) : "–",
        hasOther ? number(median(at(1, "medianMs"))) : "–",
        times(medianRatio(lastMs(entry), lastMs(floor))),
        times(medianRatio(lastMs(entry), lastMs(one))),
      ];
    }),
  };
}

function receiptsTable(receipts) {
  return {
    title: "A kill at server A, receipts from the clients of both",
    columns: [
      "clients",
      "to the last frame read, ms: p50 / max",
      "to the last receipt, ms: p50 / max",
      "closed at both, ms: p50 / max",
      "proven at both",
      "receipts missing",
    ],
    rows: receipts.map(({ clients, kills }) => {
      const of = (field) => {
        const values = kills.map((kill) => kill[field]);
        return `${number(median(values))} / ${number(Math.max(...values))}`;
      };
      const missing = kills
        .flatMap(({ verdicts }) => verdicts)
        .reduce((sum, one) => sum + one.expected - one.acknowledged, 0);
      return [
        `${number(clients)} at each`,
        of("lastFrameMs"),
        of("lastReceiptMs"),
        of("closedMs"),
        `${kills.filter((kill) => isProven(kill, clients)).length} of ${kills.length}`,
        number(missing),
      ];
    }),
  };
}

/** By both servers, of the clients of both. */
const isProven = ({ verdicts }, clients) =>
  verdicts.every(({ verdict, expected }) => verdict === "proven" && expected === SERVERS * clients);

function flipGoals(flips) {
  const [, one, notify, poll] = flips;
  return [
    {
      text: "with NOTIFY: a flip to the last client of two servers, over one server with as many, medians",
      measured: medianRatio(lastMs(notify), lastMs(one)),
      unit: "×",
      bound: "atMost",
      limit: OVER_ONE_LIMIT,
    },
    {
      text: "with NOTIFY: a flip to the last client, the slowest",
      measured: Math.max(...lastMs(notify)),
      unit: "ms",
      bound: "atMost",
      limit: NOTIFIED_LIMIT_MS,
    },
    {
      text: "NOTIFY swallowed: a flip to the last client, the slowest",
      measured: Math.max(...lastMs(poll)),
      unit: "ms",
      bound: "atMost",
      limit: POLLED_LIMIT_MS,
    },
  ];
}

function receiptGoals(receipts) {
  return receipts.flatMap(({ clients, kills }) => [
    {
      text: `kills proven by both servers with ${number(clients)} clients each`,
      measured: (100 * kills.filter((kill) => isProven(kill, clients)).length) / kills.length,
      unit: "%",
      bound: "atLeast",
      limit: 100,
    },
    {
      text: `kill to the receipts closed at both servers with ${number(clients)} clients each, the slowest`,
      measured: Math.max(...kills.map(({ closedMs }) => closedMs)),
      unit: "ms",
      bound: "atMost",
      limit: CLOSED_LIMIT_MS,
    },
  ]);
}
