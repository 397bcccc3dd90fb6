import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call, loopDelay } from "../lib/api.mjs";
import { ROOT } from "../lib/paths.mjs";
import { cpuMs, residentKb } from "../lib/processes.mjs";
import { median, number, quantile } from "../lib/stats.mjs";
import { startRampart } from "../servers/contenders.mjs";

export const name = "rollouts";
export const title = "Rollouts under way";
export const about = "500 rollouts of 10 metrics each, breach to committed 0 %, and a plan of twelve days simulated";

const METRICS = 10;
const SETTLE_MS = 12_000;
const BREACH_TIMEOUT_MS = 40_000;

/** @param {{ rounds?: number, rollouts?: number }} options rounds: how many rollouts breach at each interval */
export async function run({ rounds = 40, rollouts = 500 } = {}) {
  const simulated = await simulateSixDays();
  const provider = await startProvider();
  const server = await startRampart({ env: { RAMPART_EGRESS_PRIVATE: "true" } });
  try {
    const idle = { kb: residentKb(server.pid), cpu: cpuMs(server.pid) };
    process.stderr.write(`  ${rollouts} rollouts at 10 s …\n`);
    await start(server, { count: rollouts, interval: "10s", prefix: "steady", provider, metric: "good" });
    await sleep(SETTLE_MS);
    // The gauge counts from the scrape before.
    await loopDelay(server);
    const before = { cpu: cpuMs(server.pid), asked: provider.asked(), at: Date.now() };
    await sleep(20_000);
    const wallMs = Date.now() - before.at;
    const steady = {
      asked: (provider.asked() - before.asked) / (wallMs / 1000),
      cpuShare: (cpuMs(server.pid) - before.cpu) / wallMs,
      kb: residentKb(server.pid) - idle.kb,
      loopP99Ms: (await loopDelay(server)).p99Ms,
    };
    const legs = [];
    for (const interval of ["1s", "10s"])
      legs.push({ interval, ms: await breach(server, provider, { count: rounds, interval }) });
    return outcomeOf({ simulated, steady, legs, rollouts });
  } finally {
    await server.stop();
    provider.close();
  }
}

/** Answers each metric with the value that it stands at. */
async function startProvider() {
  const values = new Map([["good", 0.001]]);
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(`{"value":${values.get(request.url.slice(1).split("?")[0]) ?? 0}}`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    set: (metric, value) => values.set(metric, value),
    asked: () => asked,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function planText({ flag, interval, provider, metric }) {
  const names = Array.from({ length: METRICS }, (_, index) => `m${index}`);
  return JSON.stringify({
    apiVersion: "rampart/v1",
    kind: "RolloutPlan",
    metadata: { name: flag },
    spec: {
      flag,
      environment: "production",
      interval,
      metrics: Object.fromEntries(
        names.map((one) => [
          one,
          { http: { url: `${provider.url}/${metric}?${one}-${flag}`, measure: { pointer: "/value" } }, unit: "ratio" },
        ]),
      ),
      triggers: names.map((one) => ({ name: one, when: `${one} >= 5%`, action: "rollback" })),
      stages: [{ name: "only", percentage: 5, duration: "24h" }],
    },
  });
}

async function start(server, { count, interval, prefix, provider, metric }) {
  const ids = [];
  for (let index = 0; index < count; index++) {
    const flag = `${prefix}-${index}`;
    await call(server, "POST", "/api/v1/flags", { key: flag });
    ids.push(
      (await call(server, "POST", "/api/v1/rollouts", { plan: planText({ flag, interval, provider, metric }) })).id,
    );
  }
  return ids;
}

/** Milliseconds from the instant at which the provider begins to answer with a breach to the committed rollback, of each rollout. */
async function breach(server, provider, { count, interval }) {
  process.stderr.write(`  breach of ${count} rollouts at ${interval} …\n`);
  const metric = `bad-${interval}`;
  provider.set(metric, 0.001);
  const ids = await start(server, { count, interval, prefix: `breach-${interval}`, provider, metric });
  const deadline = Date.now() + BREACH_TIMEOUT_MS;
  while (!(await all(server, ids, (view) => view.percentage === 5)) && Date.now() < deadline) await sleep(200);
  const visibleAt = Date.now();
  provider.set(metric, 0.5);
  while (!(await all(server, ids, (view) => view.killedAt !== undefined)) && Date.now() < deadline) await sleep(200);
  const views = await Promise.all(ids.map((id) => call(server, "GET", `/api/v1/rollouts/${id}`)));
  return views.map((view) => (view.killedAt === undefined ? Infinity : Date.parse(view.killedAt) - visibleAt));
}

async function all(server, ids, holds) {
  for (const id of ids) if (!holds(await call(server, "GET", `/api/v1/rollouts/${id}`))) return false;
  return true;
}

async function simulateSixDays() {
  const { parsePlan, parseScenario, simulate } = await import(join(ROOT, "packages", "server", "dist", "index.js"));
  const text = readFileSync(join(ROOT, "examples", "plans", "phase-9-slice-b.yaml"), "utf8");
  const parsed = parsePlan(text, {});
  if (!parsed.ok) throw new Error("the example plan does not parse");
  const happy = readFileSync(join(ROOT, "examples", "scenarios", "phase-9-slice-b.happy.yaml"), "utf8");
  const scenario = parseScenario(happy, parsed.plan);
  if (!scenario.ok) throw new Error(JSON.stringify(scenario.problems));
  const times = [];
  for (let round = 0; round < 20; round++) {
    const started = performance.now();
    simulate(parsed.plan, scenario.scenario);
    times.push(performance.now() - started);
  }
  return times;
}

function outcomeOf({ simulated, steady, legs, rollouts }) {
  return {
    tables: [
      {
        title: `${number(rollouts)} rollouts of ${METRICS} metrics at 10 s, for 20 s`,
        columns: ["", ""],
        rows: [
          ["metrics asked, a second", number(steady.asked)],
          ["share of a core used", `${number(steady.cpuShare * 100)} %`],
          ["event loop delay, 99 %, ms", number(steady.loopP99Ms)],
          ["memory over the idle server, kB a rollout", number(steady.kb / rollouts)],
        ],
      },
      {
        title: "Milliseconds from the breach in the provider's answers to the committed 0 %",
        columns: ["interval", "median", "99 %", "rollouts"],
        rows: legs.map(({ interval, ms }) => [
          interval,
          number(median(ms)),
          number(quantile(ms, 0.99)),
          number(ms.length),
        ]),
      },
      {
        title: "A real plan of twelve days, simulated to its end",
        columns: ["", "median ms", "worst ms"],
        rows: [["phase-9-slice-b.yaml", number(median(simulated)), number(Math.max(...simulated))]],
      },
    ],
    goals: legs.map(({ interval, ms }) => ({
      text: `breach to committed 0 % at an interval of ${interval}, 99 %, of the interval and the 2 s that a query may take`,
      measured: quantile(ms, 0.99) / 1000,
      unit: "s",
      bound: "atMost",
      limit: Number.parseInt(interval, 10) + 2.6,
    })),
    notes: [
      "The breaches come while the other rollouts go on. A breach is seen at the next sampling, so half the interval is the floor of the median.",
    ],
    data: { simulated, steady, legs },
  };
}
