import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { call } from "../lib/api.mjs";
import { BENCH } from "../lib/paths.mjs";
import { startSdkClients } from "../lib/sdk-clients.mjs";
import { median, number, quantile } from "../lib/stats.mjs";
import { flagPath } from "../servers/contenders.mjs";
import { startBalancer } from "../servers/balancer.mjs";
import { startPostgres } from "../servers/postgres.mjs";
import { startReplicas } from "../servers/replicas.mjs";

export const name = "failover";
export const title = "The evaluator dies during a rollback";
export const about =
  "kill -9 just before the rollback is decided, and between commit and publish: time to 0 % everywhere";

const CLIENTS = 40;
const GOOD = 0.001;
const BAD = 0.2;
const RAMP_MAX_MS = 15_000;
const TAKEOVER_MAX_MS = 20_000;
const DIES_WITHIN_MS = 20_000;
const OFF_MAX_MS = 60_000;
const PROMISED_MS = 30_000;

const EVALUATOR = `SELECT replicas.name FROM rampart.leases JOIN rampart.replicas ON instance = holder
  WHERE leases.name = 'evaluator' AND expires_at > now()`;

/** What each leg may take, as the documentation has it. */
const TAKEOVER_MS = 15_000;
const QUERY_MS = 2_000;
const LOOK_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const SLACK_MS = 1_000;

const DEATHS = [
  { key: "undecided", intervalS: 10, limitMs: 10_000 + TAKEOVER_MS + QUERY_MS + LOOK_MS, from: "breach visible" },
  { key: "unpublished", intervalS: 1, limitMs: LOOK_MS + FIRST_RETRY_MS + SLACK_MS, from: "commit" },
];

/** @param {{ rounds?: number }} options rounds: how often the evaluator dies each way */
export async function run({ rounds = 12 } = {}) {
  const postgres = await startPostgres();
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-failover-"));
  const victimFile = join(folder, "victim");
  writeFileSync(victimFile, "");
  const metrics = await startMetrics();
  let replicas;
  try {
    replicas = await startReplicas(postgres, {
      count: 2,
      env: {
        RAMPART_EGRESS_PRIVATE: "true",
        BENCH_VICTIM_FILE: victimFile,
        NODE_OPTIONS: `--import ${pathToFileURL(join(BENCH, "servers", "dies-unpublished.mjs"))}`,
      },
    });
    const scene = { postgres, replicas, metrics, victimFile };
    const deaths = [];
    for (const death of DEATHS) {
      process.stderr.write(`  ${number(rounds)} deaths, ${death.key} …\n`);
      const found = [];
      for (let round = 0; round < rounds; round++) found.push(await dieOnce(scene, death));
      deaths.push({ ...death, rounds: found });
    }
    return outcomeOf(deaths);
  } finally {
    await replicas?.stop();
    metrics.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers with the rate of errors that it is told; or, once, with nothing but a word to whoever waits to hear that it was asked. */
async function startMetrics() {
  let rate = GOOD;
  let onAsked;
  const server = createServer((_, response) => {
    const tell = onAsked;
    onAsked = undefined;
    if (tell === undefined) response.writeHead(200, { "content-type": "application/json" }).end(`{"value":${rate}}`);
    else tell(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    set: (value) => (rate = value),
    /** Resolves when it is asked next; that question gets no answer. */
    asked: () => new Promise((resolve) => (onAsked = (response) => (response.destroy(), resolve()))),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const planText = ({ url, intervalS }) =>
  JSON.stringify({
    apiVersion: "rampart/v1",
    kind: "RolloutPlan",
    metadata: { name: "bench-failover" },
    spec: {
      flag: "bench",
      environment: "production",
      interval: `${intervalS}s`,
      metrics: { errors: { http: { url, measure: { pointer: "/value" } }, unit: "ratio" } },
      triggers: [{ name: "errors", when: "errors >= 5%", action: "rollback" }],
      stages: [{ name: "all", percentage: 100, duration: "1h", timeout: "2h" }],
    },
  });

async function dieOnce({ postgres, replicas, metrics, victimFile }, { key, intervalS }) {
  metrics.set(GOOD);
  const { leader, peer } = await rolesOf(postgres, replicas);
  const operated = { port: peer.port, operator: replicas.operator };
  await ramp(operated, planText({ url: metrics.url, intervalS }));
  const balancer = await startBalancer(replicas.servers.map(({ port }) => port));
  const clients = startSdkClients({ url: balancer.url, key: replicas.sdkKey, clients: CLIENTS });
  try {
    await clients.whenOn(CLIENTS);
    // A breach comes at any moment between two samplings.
    await sleep(Math.random() * intervalS * 1_000);
    const breachAt = Date.now();
    const diedAt = await (key === "undecided"
      ? dieUndecided(leader, metrics)
      : dieUnpublished(leader, metrics, victimFile));
    const offAt = await clients.whenOn(0, OFF_MAX_MS);
    const { items } = await call(operated, "GET", "/api/v1/environments/production/receipts");
    const committedAt = Date.parse(items[0].committedAt);
    if (key === "undecided" ? committedAt < diedAt : committedAt > diedAt)
      throw new Error(`the evaluator did not die ${key}: at ${diedAt}, and the commit was at ${committedAt}`);
    return { breachAt, diedAt, committedAt, offAt };
  } finally {
    clients.stop();
    balancer.close();
    await leader.kill();
    await replicas.restart(leader);
  }
}

/** A rollout, as soon as the one before is over. */
async function ramp(server, plan) {
  for (const deadline = Date.now() + RAMP_MAX_MS; ; await sleep(100)) {
    try {
      await call(server, "POST", flagPath("bench", "restore"), {});
      await call(server, "POST", flagPath("bench", "rollout"), { percentage: 0 });
      return await call(server, "POST", "/api/v1/rollouts", { plan });
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** It has asked for the metrics that show the breach, and has no answer yet. */
async function dieUndecided(leader, metrics) {
  metrics.set(BAD);
  await metrics.asked();
  const diedAt = Date.now();
  await leader.kill();
  return diedAt;
}

/** The rollback is committed, and no stream has it. */
async function dieUnpublished(leader, metrics, victimFile) {
  writeFileSync(victimFile, String(leader.pid));
  metrics.set(BAD);
  const isDead = await Promise.race([leader.closed.then(() => true), sleep(DIES_WITHIN_MS, false, { ref: false })]);
  if (!isDead) throw new Error(`the evaluator did not come to publish a rollback in ${DIES_WITHIN_MS} ms`);
  return Date.now();
}

async function rolesOf(postgres, { database, servers }) {
  for (const deadline = Date.now() + TAKEOVER_MAX_MS; Date.now() < deadline; await sleep(50)) {
    const [held] = await postgres.query(database, EVALUATOR);
    const leader = servers.find((server) => server.name === held?.name);
    if (leader !== undefined) return { leader, peer: servers.find((server) => server !== leader) };
  }
  throw new Error(`no server evaluates after ${TAKEOVER_MAX_MS} ms`);
}

const fromOf = { undecided: ({ breachAt }) => breachAt, unpublished: ({ committedAt }) => committedAt };
const tookMs = ({ key, rounds }) => rounds.map((round) => round.offAt - fromOf[key](round));

function outcomeOf(deaths) {
  return {
    tables: [
      {
        title: `Milliseconds, ${CLIENTS} SDK clients behind a load balancer, half of them at each server: median / longest`,
        columns: [
          "the evaluator dies",
          "deaths",
          "breach to death",
          "death to commit",
          "commit to 0 % everywhere",
          "in all",
        ],
        rows: deaths.map((death) => rowOf(death)),
      },
    ],
    goals: deaths.map((death) => ({
      text: `${death.from} to 0 % everywhere, the evaluator killed ${WHEN[death.key]}, the slowest of ${number(death.rounds.length)}`,
      measured: Math.max(...tookMs(death)),
      unit: "ms",
      bound: "atMost",
      limit: death.limitMs,
    })),
    notes: [
      "Just before the decision: the metrics' provider kills the evaluator when it is asked for the value that shows the breach, and does not answer. The plan samples every 10 s, as plans do that don't say otherwise, and the breach comes at any moment between two samplings. The bound is 10 s to the sampling, 15 s for the takeover, 2 s for a query and 1 s to tell it.",
      "Between commit and publish: the evaluator kills itself where it would write the rollback to its first stream. The bound is 1 s for the look of the other server, 1 s for the first try of a client to come back, and 1 s besides.",
      `Both are within the ${number(PROMISED_MS / 1000)} s that are promised from the breach to the last client. Clients of the dead server come back by the load balancer, a plain one for TCP in the bench's own process; without one they would be off by their lease. Client and server clocks are the same machine's.`,
    ],
    data: deaths,
  };
}

const WHEN = { undecided: "just before it decides", unpublished: "between commit and publish" };

function rowOf(death) {
  const leg = (of) => {
    const values = death.rounds.map(of).filter((ms) => ms >= 0);
    return values.length === 0 ? "–" : `${number(median(values))} / ${number(quantile(values, 1))}`;
  };
  return [
    `${WHEN[death.key]}, sampled every ${death.intervalS} s`,
    number(death.rounds.length),
    leg(({ breachAt, diedAt }) => diedAt - breachAt),
    leg(({ diedAt, committedAt }) => committedAt - diedAt),
    leg(({ committedAt, offAt }) => offAt - committedAt),
    leg(({ breachAt, offAt }) => offAt - breachAt),
  ];
}
