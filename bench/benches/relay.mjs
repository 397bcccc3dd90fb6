import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../lib/api.mjs";
import { said } from "../lib/child.mjs";
import { BENCH } from "../lib/paths.mjs";
import { cpuMs } from "../lib/processes.mjs";
import { median, number, times } from "../lib/stats.mjs";
import { flagPath, startRampart, startRelayOf } from "../servers/contenders.mjs";

export const name = "relay";
export const title = "Through a relay";
export const about =
  "kill to the last client and to the proof of it, behind a relay beside without; what ten relays cost the server";

const RELAYS = 10;
const CLIENTS_EACH = 1_000;
/** Twenty-one processes share the machine. */
const LAST_FRAME_LIMIT_MS = 1_000;
const PROOF_LIMIT_MS = 10_000;
const IDLE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** @param {{ rounds?: number, relays?: number, clients?: number }} options */
export async function run({ rounds = 7, relays = RELAYS, clients = CLIENTS_EACH } = {}) {
  process.stderr.write(`  ${number(clients)} clients, with a relay and without …\n`);
  const beside = await besideOf(clients, rounds);
  process.stderr.write(`  ${relays} relays …\n`);
  return outcomeOf({ ...beside, tree: await treeOf(relays, clients, rounds), relays, clients });
}

const receiptsPath = "/api/v1/environments/production/receipts";

/** Clients at one port, in a process of their own. */
function clientsAt(port, key, clients, label) {
  const options = { port, key, clients, name: label };
  return fork(join(BENCH, "benches", "receipts.child.mjs"), [JSON.stringify(options)]);
}

/** Both stand at the same time, and are killed in turn. */
async function besideOf(clients, rounds) {
  const worlds = [await world(0, clients), await world(1, clients)];
  try {
    return await inTurn(worlds, rounds);
  } finally {
    for (const { stop } of worlds) await stop();
  }
}

async function inTurn([direct, relayed], rounds) {
  const found = { direct: [], relayed: [] };
  // The first round finds cold code; it is not counted.
  for (let round = 0; round <= rounds; round++) {
    const [one, other] = [await killOnce(direct), await killOnce(relayed)];
    if (round === 0) continue;
    found.direct.push(one);
    found.relayed.push(other);
  }
  return found;
}

/** A server with so many relays, and clients at each; without relays they are at the server. */
async function world(relays, clients) {
  const server = await startRampart();
  const started = [];
  const children = [];
  const stop = async () => {
    for (const child of children) if (child.connected) child.disconnect();
    for (const relay of started) await relay.stop();
    await server.stop();
  };
  try {
    for (let index = 0; index < relays; index++) started.push(await startRelayOf(server, `edge-${index}`));
    const ports = relays === 0 ? [server.port] : started.map(({ port }) => port);
    for (const [index, port] of ports.entries()) {
      const child = clientsAt(port, server.sdkKey, clients, `bench-${index}`);
      children.push(child);
      await said(child, "isOpen");
    }
    await call(server, "POST", flagPath("bench", "rollout"), { percentage: 100 });
    // The relays have said whom they have.
    await sleep(3_000);
    return { server, children, stop, clients: ports.length * clients };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function killOnce({ server, children, clients }) {
  for (const child of children) child.send({ ack: true });
  await Promise.all(children.map((child) => said(child, "isReady")));
  const done = Promise.all(children.map((child) => said(child, "frames")));
  const cpuBefore = cpuMs(server.pid);
  const killed = await call(server, "POST", flagPath("bench", "kill"), { reason: "bench" });
  const answers = await done;
  const view = await proven(server, killed.revision);
  const committedAt = Date.parse(view.committedAt);
  const result = {
    lastFrameMs: Math.max(...answers.map(({ receivedAt }) => receivedAt)) - committedAt,
    lastReceiptMs: Math.max(...answers.map(({ ackedAt }) => ackedAt)) - committedAt,
    provenMs: Date.now() - committedAt,
    cpuMs: cpuMs(server.pid) - cpuBefore,
    missing: clients - view.acknowledged,
  };
  await call(server, "POST", flagPath("bench", "restore"), {});
  await sleep(200);
  return result;
}

async function proven(server, revision) {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += LOOK_EVERY_MS) {
    const { items } = await call(server, "GET", receiptsPath);
    const view = items.find((one) => one.revision === revision);
    if (view?.verdict === "proven") return view;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`revision ${revision} was not proven within 30 s`);
}

async function treeOf(relays, clients, rounds) {
  const tree = await world(relays, clients);
  try {
    const cpuBefore = cpuMs(tree.server.pid);
    await sleep(IDLE_MS);
    const idleShare = (cpuMs(tree.server.pid) - cpuBefore) / IDLE_MS;
    const kills = [];
    for (let round = 0; round <= rounds; round++) {
      const kill = await killOnce(tree);
      if (round > 0) kills.push(kill);
    }
    return { idleShare, kills };
  } finally {
    await tree.stop();
  }
}

const of = (rounds, key) => median(rounds.map((round) => round[key]));
/** A millisecond is what the clock tells apart. */
const ratioOf = ({ direct, relayed }, key) =>
  median(relayed.map((round, index) => Math.max(1, round[key]) / Math.max(1, direct[index][key])));

function outcomeOf(found) {
  const { direct, relayed, tree, relays, clients } = found;
  const all = number(relays * clients);
  const line = (label, rounds) => [
    label,
    number(of(rounds, "lastFrameMs")),
    number(of(rounds, "lastReceiptMs")),
    number(of(rounds, "provenMs")),
    number(of(rounds, "cpuMs")),
    number(rounds.reduce((sum, { missing }) => sum + missing, 0)),
  ];
  return {
    tables: [
      {
        title: "A kill (medians, from the commit)",
        columns: [
          "",
          "to the last client, ms",
          "to the last receipt, ms",
          "to `proven` at the server, ms",
          "CPU of the server, ms",
          "receipts missing",
        ],
        rows: [
          line(`${number(clients)} clients at the server`, direct),
          line(`${number(clients)} clients behind a relay`, relayed),
          line(`${all} clients behind ${relays} relays`, tree.kills),
        ],
      },
    ],
    goals: [
      {
        text: `kill to the last of ${all} clients behind ${relays} relays, median`,
        measured: of(tree.kills, "lastFrameMs"),
        unit: "ms",
        bound: "atMost",
        limit: LAST_FRAME_LIMIT_MS,
      },
      {
        text: `kill to the proof by each of ${all} clients behind ${relays} relays, median`,
        measured: of(tree.kills, "provenMs"),
        unit: "ms",
        bound: "atMost",
        limit: PROOF_LIMIT_MS,
      },
    ],
    notes: [
      `Through one relay the last client has a kill after ${times(ratioOf(found, "lastFrameMs"))} the time without, in turn in the same run. Between kills ${relays} relays and ${all} clients cost the server ${number(tree.idleShare * 100)} % of a processor, their lists of clients included.`,
      "Server, relays and clients share the machine; relays on machines of their own would not wait for one another. A receipt is sent up to 0.5 s after the change was applied, by chance, a relay tells them once a second, and a server waits a second before it closes a change.",
    ],
    data: { direct, relayed, tree },
  };
}
