import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BENCH } from "../lib/paths.mjs";
import { cpuMs, idle } from "../lib/processes.mjs";
import { median, number } from "../lib/stats.mjs";
import { flagPath, startRampart } from "../servers/contenders.mjs";

export const name = "browser-streams";
export const title = "A change to browsers";
export const about =
  "5,000 browser streams with distinct contexts, each evaluated for on a change, beside as many server streams";

const FLAGS = 50;
const SETTLE_MS = 5_000;
const WARM_UP = 4;

/** What is changed: 0 ↔ 100 % changes everybody's answer; one step more changes one user's in a hundred. */
const ACTS = [
  { key: "all", title: "the answer of all changes", percentage: (round) => (round % 2 === 0 ? 100 : 0), share: 1 },
  { key: "few", title: "the answer of 1 % changes", percentage: (round) => 1 + (round % 90), share: 0.005 },
];

/** @param {{ rounds?: number, streams?: readonly number[] }} options */
export async function run({ rounds = 20, streams: [streams] = [5_000] } = {}) {
  const server = await startRampart({ env: { RAMPART_STREAMS_MAX: "20000" } });
  try {
    await prepare(server);
    const clientKey = await makeKey(server, "client");
    const browsers = await measure(server, { streams, rounds, kind: "browser", key: clientKey });
    const servers = await measure(server, { streams, rounds, kind: "server", key: server.sdkKey });
    return outcomeOf({ browsers, servers, streams });
  } finally {
    await server.stop();
  }
}

async function call(server, method, path, body) {
  const sentNs = process.hrtime.bigint();
  const response = await fetch(server.url + path, { method, headers: server.operator, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status} ${text}`);
  return { sentNs, body: JSON.parse(text) };
}

const makeKey = async (server, kind) =>
  (await call(server, "POST", "/api/v1/tokens", { kind, name: "bench", environments: ["production"] })).body.token;

/** Fifty flags that browsers may see, each with rules that are looked through before the percentage. */
async function prepare(server) {
  const rules = Array.from({ length: 3 }, (_, n) => ({
    id: `r${n}`,
    clauses: [
      { attribute: "plan", op: "in", values: [`gold-${n}`, `silver-${n}`] },
      { attribute: "age", op: "greaterThan", values: [100 + n] },
    ],
    serve: { variant: "on" },
  }));
  for (let n = 0; n < FLAGS; n++) {
    const key = n === 0 ? "bench" : `bench-${n}`;
    if (n > 0) await call(server, "POST", "/api/v1/flags", { key });
    await call(server, "PATCH", flagPath(key, "").slice(0, -1), { clientVisible: true, rules });
  }
}

async function measure(server, { streams, rounds, kind, key }) {
  process.stderr.write(`  ${number(streams)} ${kind} streams …\n`);
  const options = { port: server.port, count: streams, kind, key };
  const child = fork(join(BENCH, "benches", "browser-streams.child.mjs"), [JSON.stringify(options)]);
  try {
    const [message] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (message?.kind !== "ready") throw new Error(`the process of ${kind} streams ended`);
    await idle(server.pid);
    const samples = {};
    for (const act of ACTS) {
      samples[act.key] = [];
      for (let round = -WARM_UP; round < rounds; round++) {
        const expected = kind === "server" ? streams : act.share * streams;
        const sample = await flip(server, child, { percentage: act.percentage(round + WARM_UP), expected });
        if (round >= 0) samples[act.key].push(sample);
      }
    }
    return samples;
  } finally {
    child.kill("SIGKILL");
  }
}

/** Makes one change; resolves with when the last stream had it, and what the server used for it. */
async function flip(server, child, { percentage, expected }) {
  child.send({ kind: "round" });
  await sleep(50);
  const before = cpuMs(server.pid);
  const { sentNs } = await call(server, "POST", flagPath("bench", "rollout"), { percentage, reason: "bench" });
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    await sleep(200);
    child.send({ kind: "report" });
    const [{ changed, lastNs }] = await once(child, "message");
    if (changed >= expected)
      return { changed, lastMs: Number(BigInt(lastNs) - sentNs) / 1e6, cpuMs: cpuMs(server.pid) - before };
    if (Date.now() > deadline)
      throw new Error(`${changed} of ${expected} streams had the change after ${SETTLE_MS} ms`);
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function outcomeOf({ browsers, servers, streams }) {
  const label = number(streams);
  const row = (text, samples) => [
    text,
    number(median(samples.map(({ changed }) => changed))),
    number(median(samples.map(({ lastMs }) => lastMs))),
    number(Math.max(...samples.map(({ lastMs }) => lastMs))),
    number(mean(samples.map((sample) => sample.cpuMs))),
  ];
  const medianLast = (samples) => median(samples.map(({ lastMs }) => lastMs));
  return {
    tables: [
      {
        title: `One flag of ${FLAGS} changes, ${label} streams`,
        columns: ["", "streams written to", "ms to the last, median", "longest", "server's CPU ms a change, mean"],
        rows: [
          ...ACTS.map((act) => row(`browser streams: ${act.title}`, browsers[act.key])),
          row("server streams: one frame for all (floor)", servers.all),
        ],
      },
    ],
    goals: [
      {
        text: `a change of everybody's answer to the last of ${label} browser streams, over the same to server streams, medians`,
        measured: medianLast(browsers.all) / medianLast(servers.all),
        unit: "×",
        bound: "atMost",
        limit: 3,
      },
      {
        text: `a change of everybody's answer to the last of ${label} browser streams, median`,
        measured: medianLast(browsers.all),
        unit: "ms",
        bound: "atMost",
        limit: 500,
      },
    ],
    notes: [
      "Each stream has a context of its own, and is evaluated for by three rules and a percentage. The streams are bare sockets in one process on the server's machine, and share its cores. CPU is that of the whole process in the quarter of a second around the change, the request, its commit and heartbeats included; the kernel counts it in ticks of 10 ms.",
    ],
    data: { browsers, servers },
  };
}
