import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../lib/api.mjs";
import { said } from "../lib/child.mjs";
import { BENCH } from "../lib/paths.mjs";
import { startSdkClients } from "../lib/sdk-clients.mjs";
import { median, number, quantile, times } from "../lib/stats.mjs";
import { flagPath, startRampart } from "../servers/contenders.mjs";

export const name = "receipts";
export const title = "From a kill to the proof of it";
export const about =
  "commit to the last receipt of 100, 1,000 and 10,000 clients, a partition of half the clients, the legs of drills";

const PROCESSES = 2;
const CLIENTS_OF_PARTITION = 40;
const DRILL_CLIENTS = 10;
const LEASE_MS = 25_000;
const LAST_RECEIPT_LIMIT_MS = 5_000;
const FANOUT_LIMIT = 1.25;

/** @param {{ streams?: readonly number[], rounds?: number, drills?: number }} options */
export async function run({ streams = [100, 1_000, 10_000], rounds = 7, drills = 50 } = {}) {
  const sizes = [];
  for (const count of streams) {
    process.stderr.write(`  ${number(count)} clients …\n`);
    sizes.push({ count, ...(await receiptsOf(count, rounds)) });
  }
  process.stderr.write("  a partition …\n");
  const partition = await partitionOf(2);
  process.stderr.write(`  ${drills} drills …\n`);
  return outcomeOf({ sizes, partition, drills: await drillsOf(drills) });
}

const receiptsPath = "/api/v1/environments/production/receipts";

/** Kills with and without receipts in turn. */
async function receiptsOf(count, rounds) {
  const server = await startRampart();
  const children = [];
  try {
    const share = Math.ceil(count / PROCESSES);
    for (let from = 0; from < count; from += share) {
      const clients = Math.min(share, count - from);
      const options = { port: server.port, key: server.sdkKey, clients, name: `bench-${from}` };
      children.push(fork(join(BENCH, "benches", "receipts.child.mjs"), [JSON.stringify(options)]));
    }
    await Promise.all(children.map((child) => said(child, "isOpen")));
    await call(server, "POST", flagPath("bench", "rollout"), { percentage: 100 });
    const acked = [];
    const silent = [];
    // The first of each finds cold code; it is not counted.
    for (let round = 0; round < 2 * (rounds + 1); round++) {
      const ack = round % 2 === 0;
      const result = await killOnce(server, children, ack);
      if (round > 1) (ack ? acked : silent).push(result);
    }
    return { acked, silent };
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    await server.stop();
  }
}

async function killOnce(server, children, ack) {
  for (const child of children) child.send({ ack });
  await Promise.all(children.map((child) => said(child, "isReady")));
  const done = Promise.all(children.map((child) => said(child, "frames")));
  const killed = await call(server, "POST", flagPath("bench", "kill"), { reason: "bench" });
  const answers = await done;
  const { items } = await call(server, "GET", receiptsPath);
  const view = items.find(({ revision }) => revision === killed.revision);
  const committedAt = Date.parse(view.committedAt);
  await call(server, "POST", flagPath("bench", "restore"), {});
  await sleep(200);
  return {
    writeMs: view.legs.writeMs,
    lastFrameMs: Math.max(...answers.map(({ receivedAt }) => receivedAt)) - committedAt,
    ...(ack
      ? {
          lastReceiptMs: Math.max(...answers.map(({ ackedAt }) => ackedAt)) - committedAt,
          expected: view.expected,
          acknowledged: view.acknowledged,
          applied: view.applied,
        }
      : {}),
  };
}

const NETNS = `rampart-bench-${process.pid}`;
const [HOST_END, FAR_END] = [`rb${process.pid}a`.slice(-15), `rb${process.pid}b`.slice(-15)];
const [HOST_ADDRESS, FAR_ADDRESS] = ["10.213.77.1", "10.213.77.2"];

const ip = (...args) => spawnSync("ip", args, { encoding: "utf8" });

/** Half of the clients live in a network namespace whose link is cut; then the rollout is rolled back. */
async function partitionOf(rounds) {
  const made = ip("netns", "add", NETNS);
  if (made.status !== 0)
    return { missing: `network namespaces can't be made here: ${(made.stderr ?? "no ip").trim()}` };
  const found = [];
  try {
    for (const args of [
      ["link", "add", HOST_END, "type", "veth", "peer", "name", FAR_END],
      ["link", "set", FAR_END, "netns", NETNS],
      ["addr", "add", `${HOST_ADDRESS}/24`, "dev", HOST_END],
      ["link", "set", HOST_END, "up"],
      ["-n", NETNS, "addr", "add", `${FAR_ADDRESS}/24`, "dev", FAR_END],
      ["-n", NETNS, "link", "set", FAR_END, "up"],
      ["-n", NETNS, "link", "set", "lo", "up"],
    ]) {
      const { status, stderr } = ip(...args);
      if (status !== 0) return { missing: `ip ${args.join(" ")}: ${stderr.trim()}` };
    }
    // Each with a server of its own: it would wait for the clients of the round before.
    for (let round = 0; round < rounds; round++) found.push(await cutOnce());
    return { rounds: found };
  } finally {
    ip("link", "del", HOST_END);
    ip("netns", "del", NETNS);
  }
}

async function cutOnce() {
  ip("link", "set", HOST_END, "up");
  const server = await startRampart({ env: { RAMPART_HOST: "0.0.0.0" } });
  const each = { key: server.sdkKey, clients: CLIENTS_OF_PARTITION / 2 };
  const near = startSdkClients({ url: `http://127.0.0.1:${server.port}`, ...each });
  const prefix = ["ip", "netns", "exec", NETNS];
  const far = startSdkClients({ url: `http://${HOST_ADDRESS}:${server.port}`, ...each, prefix });
  try {
    const { id } = await call(server, "POST", "/api/v1/rollouts", { plan: JSON.stringify(PLAN) });
    await Promise.all([near.whenOn(CLIENTS_OF_PARTITION / 2), far.whenOn(CLIENTS_OF_PARTITION / 2)]);
    await sleep(6_000);
    ip("link", "set", HOST_END, "down");
    const cutAt = Date.now();
    await sleep(1_000);
    const askedAt = Date.now();
    await call(server, "POST", `/api/v1/rollouts/${id}/rollback`, { reason: "bench" });
    const [nearOff, farOff] = await Promise.all([near.whenOn(0), far.whenOn(0)]);
    const verdict = await closed(server, id);
    return {
      connectedOffMs: nearOff - askedAt,
      cutOffMs: farOff - askedAt,
      cutOffSinceCutMs: farOff - cutAt,
      verdict: verdict.verdict,
      acknowledged: verdict.acknowledged,
      expected: verdict.expected,
    };
  } finally {
    near.stop();
    far.stop();
    await server.stop();
  }
}

const PLAN = {
  apiVersion: "rampart/v1",
  kind: "RolloutPlan",
  metadata: { name: "bench-partition" },
  spec: {
    flag: "bench",
    environment: "production",
    interval: "1s",
    stages: [{ name: "all", percentage: 100, duration: "1h", timeout: "2h" }],
  },
};

async function closed(server, rollout) {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 250) {
    const { items } = await call(server, "GET", receiptsPath);
    const view = items.find((one) => one.rollout === rollout);
    if (view !== undefined && view.verdict !== "open") return view;
    await sleep(250);
  }
  throw new Error("the receipts were not closed within a minute");
}

/** As `rampart drill` does it, without starting a process each time. */
async function drillsOf(count) {
  const server = await startRampart({ flags: [{ key: "rampart-drill" }] });
  const options = { port: server.port, key: server.sdkKey, clients: DRILL_CLIENTS, name: "drill" };
  const child = fork(join(BENCH, "benches", "receipts.child.mjs"), [JSON.stringify(options)]);
  try {
    await said(child, "isOpen");
    const drills = [];
    for (let round = 0; round < count; round++) drills.push(await drillOnce(server, child));
    return drills;
  } finally {
    if (child.connected) child.disconnect();
    await server.stop();
  }
}

async function drillOnce(server, child) {
  const environment = "production";
  await call(server, "POST", flagPath("rampart-drill", "restore"), {});
  child.send({ ack: true });
  await said(child, "isReady");
  const plan = await call(server, "POST", "/api/v1/drills/plan", { environment });
  const { id } = await call(server, "POST", "/api/v1/rollouts", { plan: plan.text });
  while ((await call(server, "GET", `/api/v1/rollouts/${id}`)).percentage !== 100) await sleep(25);
  // At any moment between two samplings.
  await sleep(Math.random() * 1_000);
  await call(server, "POST", "/api/v1/drills/breach", { environment });
  await once(child, "message");
  const { revision } = await closed(server, id);
  return call(server, "POST", "/api/v1/drills", { environment, revision });
}

function outcomeOf({ sizes, partition, drills }) {
  const largest = sizes.at(-1);
  return {
    tables: [receiptsTable(sizes), ...partitionTables(partition), drillTable(drills)],
    goals: [
      {
        text: `commit to the last receipt of ${number(largest.count)} clients, median`,
        measured: median(largest.acked.map(({ lastReceiptMs }) => lastReceiptMs)),
        unit: "ms",
        bound: "atMost",
        limit: LAST_RECEIPT_LIMIT_MS,
      },
      {
        text: `commit to the last socket write of ${number(largest.count)} clients that send receipts, over the same without`,
        measured: writeRatio(largest),
        unit: "×",
        bound: "atMost",
        limit: FANOUT_LIMIT,
      },
      {
        text: "rollback to the last of the clients behind a cut link being off",
        measured: partition.rounds && Math.max(...partition.rounds.map(({ cutOffMs }) => cutOffMs)),
        unit: "ms",
        bound: "atMost",
        limit: LEASE_MS + 2_000,
      },
      {
        text: `breach to the last client, the slowest of ${drills.length} drills`,
        measured: Math.max(...drills.map(({ tookMs }) => tookMs)),
        unit: "ms",
        bound: "atMost",
        limit: 30_000,
      },
    ],
    notes: [
      "The clients speak the protocol on bare sockets in two processes on the server's own machine, so that reading 10,000 frames and sending 10,000 receipts is in these times. A receipt is sent up to 0.5 s after the change was applied, by chance.",
      "With and without receipts in turn, in the same run; without, the clients do all but the sending. All from the commit by the server's clock, in whole milliseconds. The last socket write is the server's own part. The last frame is read while receipts of other clients of the same process are sent already: on machines of their own clients would not wait for one another.",
      ...("missing" in partition ? [partition.missing] : []),
    ],
    data: { sizes, partition, drills },
  };
}

const writes = (rounds) => rounds.map(({ writeMs }) => writeMs);
const writeRatio = ({ acked, silent }) => Math.max(1, median(writes(acked))) / Math.max(1, median(writes(silent)));
const frames = (rounds) => rounds.map(({ lastFrameMs }) => lastFrameMs);
/** A millisecond is what the clock tells apart. */
const frameRatio = ({ acked, silent }) => Math.max(1, median(frames(acked))) / Math.max(1, median(frames(silent)));

function receiptsTable(sizes) {
  return {
    title: "A kill, receipts and fan-out (medians)",
    columns: [
      "clients",
      "commit to the last receipt, ms",
      "applied p50 / p99 / max, ms",
      "to the last socket write, with / without receipts, ms",
      "to the last frame read, with / without, ms",
      "receipts missing",
    ],
    rows: sizes.map((size) => [
      number(size.count),
      number(median(size.acked.map(({ lastReceiptMs }) => lastReceiptMs))),
      ["p50Ms", "p99Ms", "maxMs"]
        .map((key) => number(median(size.acked.map(({ applied }) => applied[key]))))
        .join(" / "),
      `${number(median(writes(size.acked)))} / ${number(median(writes(size.silent)))} (${times(writeRatio(size))})`,
      `${number(median(frames(size.acked)))} / ${number(median(frames(size.silent)))} (${times(frameRatio(size))})`,
      number(size.acked.reduce((sum, { expected, acknowledged }) => sum + expected - acknowledged, 0)),
    ]),
  };
}

function partitionTables(partition) {
  if (!("rounds" in partition)) return [];
  return [
    {
      title: `Half of ${CLIENTS_OF_PARTITION} SDK clients behind a cut link, lease ${LEASE_MS / 1000} s`,
      columns: ["run", "connected clients off after, ms", "cut off clients off after, ms", "receipts", "verdict"],
      rows: partition.rounds.map((round, index) => [
        number(index + 1),
        number(round.connectedOffMs),
        number(round.cutOffMs),
        `${round.acknowledged} of ${round.expected}`,
        round.verdict,
      ]),
    },
  ];
}

function drillTable(drills) {
  const legs = [
    ["breach to the sample that decided", ({ waitMs }) => waitMs],
    ["age of the data at the sample", ({ legs: { dataAgeMs } }) => dataAgeMs],
    ["sample to decision", ({ legs: { decideMs } }) => decideMs],
    ["decision to commit", ({ legs: { commitMs } }) => commitMs],
    ["commit to written to sockets", ({ legs: { writeMs } }) => writeMs],
    ["written to applied, the last client", ({ legs: { apply } }) => apply.maxMs],
    ["in all", ({ tookMs }) => tookMs],
  ];
  return {
    title: `The legs of ${drills.length} drills, ${DRILL_CLIENTS} clients, sampled each second`,
    columns: ["leg", "p50, ms", "p99, ms", "max, ms"],
    rows: legs.map(([leg, of]) => {
      const values = drills.map(of).filter((value) => value !== undefined);
      return [leg, ...[0.5, 0.99, 1].map((share) => number(quantile(values, share)))];
    }),
  };
}
