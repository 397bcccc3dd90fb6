import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BENCH, built } from "../lib/paths.mjs";
import { median, number, quantile } from "../lib/stats.mjs";
import { flagPath, startRampart } from "../servers/contenders.mjs";

export const name = "flip";
export const title = "Operator's flip to SDK";
export const about = "HTTP POST to the change event of one SDK client, and of the last of 1,000 in four processes";

const ONE_LIMIT_MS = 5;
const MANY_LIMIT_MS = 100;
const PROCESSES = 4;
const TIMEOUT_MS = 10_000;
/** Flips until the clients' processes have compiled what they run: elsewhere each client has a machine to itself. */
const MANY_WARM_UP = 25;

/** @param {{ rounds?: number, clients?: number }} options */
export async function run({ rounds = 40, clients = 1000 } = {}) {
  const server = await startRampart();
  const agent = new Agent({ keepAlive: true });
  try {
    const operator = { server, agent };
    process.stderr.write("  one client …\n");
    const one = await toOne(operator, { rounds, warmUp: 5 });
    process.stderr.write(`  ${number(clients)} clients …\n`);
    const many = await toMany(operator, { clients, rounds: { rounds, warmUp: MANY_WARM_UP } });
    return outcomeOf({ one, many, clients });
  } finally {
    agent.destroy();
    await server.stop();
  }
}

/** A ramp and a kill in turn: each changes what the other left. */
const ACTS = [
  {
    key: "rollout",
    title: "rollout",
    path: "rollout",
    body: (round) => ({ percentage: 1 + (round % 99), reason: "bench" }),
  },
  { key: "kill", title: "kill", path: "kill", body: () => ({ reason: "bench" }) },
];
const RESTORE = { path: "restore", body: () => ({ reason: "bench" }) };

/** Sends an act; resolves with when it was sent, and the revision it made. */
function send({ server, agent }, act, round) {
  const body = JSON.stringify(act.body(round));
  const path = flagPath("bench", act.path);
  const headers = { ...server.operator, "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sentNs = process.hrtime.bigint();
    const sent = request({ host: "127.0.0.1", port: server.port, path, method: "POST", agent, headers }, (response) => {
      const answeredNs = process.hrtime.bigint();
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve({ sentNs, answeredNs, revision: JSON.parse(text).revision });
        else reject(new Error(`POST ${path} was answered ${response.statusCode} ${text}`));
      });
    });
    sent.on("error", reject).end(body);
  });
}

/** @param {bigint} from @param {bigint} to nanoseconds */
const msBetween = (from, to) => Number(to - from) / 1e6;

/** Runs every act `rounds` times, with what `arrival(revision)` says is when its change had arrived everywhere. */
async function measure(operator, { rounds, warmUp }, arrival) {
  const samples = Object.fromEntries(ACTS.map(({ key }) => [key, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const act of ACTS) {
      const { sentNs, answeredNs, revision } = await send(operator, act, round + warmUp);
      const arrivedNs = await arrival(revision);
      if (round >= 0)
        samples[act.key].push({
          arrivedMs: msBetween(sentNs, arrivedNs),
          answeredMs: msBetween(sentNs, answeredNs),
        });
      if (act.key === "kill") {
        // After the receipts of the kill, which the clients spread out.
        await sleep(30);
        await arrival((await send(operator, RESTORE, round)).revision);
      }
      await sleep(10);
    }
  }
  return samples;
}

/** Remembers when a revision arrived, whichever comes first: the arrival or the question. */
function arrivals() {
  const arrived = new Map();
  const waiting = new Map();
  return {
    note: (revision, ns) => {
      arrived.set(revision, ns);
      waiting.get(revision)?.(ns);
    },
    of: async (revision) => {
      if (arrived.has(revision)) return arrived.get(revision);
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      return new Promise((resolve, reject) => {
        waiting.set(revision, resolve);
        timeout.addEventListener("abort", () =>
          reject(new Error(`revision ${revision} had not arrived everywhere after ${TIMEOUT_MS} ms`)),
        );
      });
    },
  };
}

async function toOne(operator, rounds) {
  const { createClient } = await import(built("sdk-node"));
  const client = createClient({ url: operator.server.url, sdkKey: operator.server.sdkKey });
  const arrived = arrivals();
  client.on("change", ({ revision }) => arrived.note(revision, process.hrtime.bigint()));
  try {
    const { status, message } = await client.init({ timeoutMs: 5000 });
    if (status !== "ready") throw new Error(`the SDK is ${status}: ${message}`);
    return await measure(operator, rounds, arrived.of);
  } finally {
    await client.close();
  }
}

async function toMany(operator, { clients, rounds }) {
  const each = Math.ceil(clients / PROCESSES);
  const children = Array.from({ length: PROCESSES }, () =>
    fork(join(BENCH, "benches", "flip.child.mjs"), [operator.server.url, operator.server.sdkKey, String(each)]),
  );
  const arrived = arrivals();
  try {
    const ready = await Promise.all(children.map(readyOf));
    const total = ready.reduce((sum, count) => sum + count, 0);
    if (total !== each * PROCESSES) throw new Error(`${total} of ${each * PROCESSES} clients became ready`);
    const parts = new Map();
    for (const child of children) {
      child.on("message", ({ kind, revision, lastNs }) => {
        if (kind !== "applied") return;
        const part = [...(parts.get(revision) ?? []), BigInt(lastNs)];
        parts.set(revision, part);
        if (part.length === PROCESSES)
          arrived.note(
            revision,
            part.reduce((a, b) => (a > b ? a : b)),
          );
      });
    }
    return await measure(operator, rounds, arrived.of);
  } finally {
    await Promise.all(children.map(stopChild));
  }
}

/** How many of a child's clients became ready. Rejects when it ends before it says so. */
function readyOf(child) {
  return new Promise((resolve, reject) => {
    child.on("message", ({ kind, count }) => kind === "ready" && resolve(count));
    child.on("exit", (code) => reject(new Error(`a process of clients ended with ${code}`)));
  });
}

async function stopChild(child) {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.send("close");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(patience);
}

function outcomeOf({ one, many, clients }) {
  const times = (samples) => samples.map(({ arrivedMs }) => arrivedMs);
  const rows = ACTS.flatMap(({ key, title }) =>
    [
      [`${title} → one client`, one[key]],
      [`${title} → last of ${number(clients)} clients`, many[key]],
    ].map(([label, samples]) => [
      label,
      number(median(times(samples))),
      number(quantile(times(samples), 0.95)),
      number(Math.max(...times(samples))),
      number(median(samples.map(({ answeredMs }) => answeredMs))),
    ]),
  );
  return {
    tables: [
      {
        title: "Milliseconds from the request sent",
        columns: ["", "median", "95 %", "longest", "answer to the operator, median"],
        rows,
      },
    ],
    goals: ACTS.flatMap(({ key, title }) => [
      {
        text: `${title} to the change event of one client, median`,
        measured: median(times(one[key])),
        unit: "ms",
        bound: "atMost",
        limit: ONE_LIMIT_MS,
      },
      {
        text: `${title} to the change event of the last of ${number(clients)}, median`,
        measured: median(times(many[key])),
        unit: "ms",
        bound: "atMost",
        limit: MANY_LIMIT_MS,
      },
    ]),
    notes: [
      `The clients are real ones of sdk-node with a stream each; the ${number(clients)} live in ${PROCESSES} processes on the server's machine and share its cores; the first ${MANY_WARM_UP} flips are not counted. The flip is committed (WAL, synchronous FULL) before it is sent.`,
    ],
    data: { one, many },
  };
}
