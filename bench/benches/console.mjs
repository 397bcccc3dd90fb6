import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BENCH, ROOT } from "../lib/paths.mjs";
import { freePort, startServer } from "../lib/processes.mjs";
import { median } from "../lib/stats.mjs";

export const name = "console";
export const title = "The console";
export const about =
  "first paint with 500 flags and 50 rollouts, and a page that gets two updates a second for ten minutes";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = 500;
const ROLLOUTS = 50;
const CLIENTS = 1200;
const LOADS = 5;
const UPDATE_EVERY_MS = 500;
const LOOK_EVERY_MS = 30_000;
/** The niceness of processes that a user's machine would not run. */
const GIVING_WAY = 10;
/** What a trace calls a task of a thread. */
const TASK = "ThreadControllerImpl::RunTask";
const LONG_TASK_MAX_MS = 50;
/** What the page keeps grows to its bounds first: 600 points a curve. */
const SETTLED_MS = 60_000;
const HEAP_GROWTH_MAX = 1.1;
/** A machine that stands still for seconds breaks idle connections: a call is tried again for this long. */
const CALL_PATIENCE_MS = 30_000;

/** @param {{ rounds?: number }} options `rounds`: minutes of the live page */
export async function run({ rounds = 10 } = {}) {
  if (!existsSync(CHROMIUM))
    return { tables: [], goals: [], notes: ["Chromium is not installed: nothing was measured."], data: {} };
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-"));
  const port = await freePort();
  const server = await startServer({
    command: process.execPath,
    args: [join(ROOT, "packages/cli/dist/bin.js"), "server", "--dev", "--port", String(port), "--data-dir", folder],
    port,
  });
  const url = `http://127.0.0.1:${port}`;
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  let clients;
  try {
    const { call, broken } = caller(url);
    await populate(call);
    const loads = [];
    for (const path of [FLOOR, "/", "/flags", "/rollouts"]) loads.push(await loadsOf(browser, url, path));
    clients = await connect(url);
    // Whoever looks at the page has a processor for it: what runs elsewhere gives way here.
    for (const { pid } of [server, clients]) setPriority(pid, GIVING_WAY);
    const { id } = await call("POST", "/api/v1/rollouts", { plan: LIVE_PLAN });
    const page = await liveOf({ browser, url, id, call, minutes: rounds });
    return outcomeOf({ loads, page, minutes: rounds, broken });
  } finally {
    clients?.disconnect();
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls the API. What breaks on the way is tried again, and counted by its cause. */
function caller(url) {
  const broken = {};
  const call = async (method, path, body, until = Date.now() + CALL_PATIENCE_MS) => {
    let response;
    let text;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      text = await response.text();
    } catch (error) {
      const cause = error.cause?.code ?? error.message;
      broken[cause] = (broken[cause] ?? 0) + 1;
      if (Date.now() > until) throw new Error(`${method} ${path}: ${cause}`, { cause: error });
      await sleep(UPDATE_EVERY_MS);
      return call(method, path, body, until);
    }
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return { call, broken };
}

/** Resolves when the clients are connected. */
async function connect(url) {
  const child = fork(join(BENCH, "benches", "console.child.mjs"), [url, "dev", String(CLIENTS), LIVE_FLAG]);
  await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the clients' process ended with ${code}`))),
  ]);
  return child;
}

/** The server's own plainest page. */
const FLOOR = "/health";

const LIVE_FLAG = "flag-499";

const planOf = (flag) => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 10s
  metrics:
    load: { signal: load-${flag}, unit: count }
  triggers:
    - { name: overload, when: "load >= 1000", for: 1m, action: rollback, severity: P1 }
  stages:
    - { name: canary, percentage: 5, duration: 10h }
    - { name: full, percentage: 100, duration: 10h }
`;

const LIVE_PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: live }
spec:
  flag: ${LIVE_FLAG}
  environment: production
  interval: 1s
  metrics:
    load: { signal: load, unit: count }
    errors: { signal: errors, unit: ratio }
    p95: { signal: p95, unit: seconds }
    failing: { sdk: { measure: error_rate, cohort: on, window: 10s, minEvents: 20 } }
  triggers:
    - { name: overload, when: "load >= 1000", for: 1m, action: rollback, severity: P1 }
    - { name: wrong, when: "errors >= 5%", for: 1m, action: rollback, severity: P0 }
    - { name: slow, when: "p95 >= 1s", for: 1m, action: pause, severity: P1 }
    - { name: busy, when: "load >= 600", for: 1s, action: notify, severity: P2 }
    - { name: regression, compare: failing, action: notify, severity: P1 }
  stages:
    - { name: canary, percentage: 20, duration: 10h, criteria: [ { require: "p95 < 500ms", for: 5m }, { require: "errors < 2%", for: 5m } ] }
    - { name: full, percentage: 100, duration: 10h }
`;

async function populate(call) {
  for (let number = 0; number < FLAGS; number += 1)
    await call("POST", "/api/v1/flags", { key: `flag-${number}`, owner: "team", tags: ["bench"] });
  for (let number = 0; number < ROLLOUTS - 1; number += 1)
    await call("POST", "/api/v1/rollouts", { plan: planOf(`flag-${number}`) });
}

/** Fresh browsers each time: nothing is cached. */
async function loadsOf(browser, url, path) {
  const paints = [];
  const shown = [];
  const cpu = [];
  for (let load = 0; load < LOADS; load += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const devtools = await measured(page);
    await page.goto(url + path);
    await page.locator(SHOWN[path]).first().waitFor();
    shown.push(await page.evaluate("performance.now()"));
    paints.push(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
    cpu.push(await cpuMs(devtools));
    await context.close();
  }
  return { path, paintMs: median(paints), shownMs: median(shown), cpuMs: median(cpu) };
}

/** What says that a page's data is there. */
const SHOWN = { [FLOOR]: "pre", "/": ".ramp-card", "/flags": "tbody tr", "/rollouts": "tbody tr" };

/** Times that the browser then gives are of the page's thread alone: what other processes take is not in them. */
async function measured(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  return devtools;
}

async function cpuMs(devtools) {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return metrics.find(({ name: metric }) => metric === "TaskDuration").value * 1000;
}

const WATCH = `window.longTasks = [];
  new PerformanceObserver((list) =>
    longTasks.push(...list.getEntries().map(({ startTime, duration }) => ({ at: performance.timeOrigin + startTime, ms: duration })))
  ).observe({ entryTypes: ["longtask"] })`;

/** An empty page that hears the same news and does nothing with them: its long tasks are the machine's. */
async function emptyPage(browser, url) {
  const page = await (await browser.newContext()).newPage();
  await page.route("**/floor", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><p>floor" }));
  await page.goto(`${url}/floor`);
  await page.evaluate(`window.heard = 0;
    window.stream = new EventSource("/api/v1/changes");
    for (const event of ["beat", "environment", "rollout"]) stream.addEventListener(event, () => heard++);`);
  return page;
}

async function livePage(browser, url, id) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${url}/rollouts/${id}`);
  await page.getByRole("button", { name: "Show" }).click();
  await page.locator(".rail").waitFor();
  return page;
}

async function liveOf({ browser, url, id, call, minutes }) {
  const pages = [await livePage(browser, url, id), await emptyPage(browser, url)];
  const tools = [];
  for (const page of pages) {
    tools.push(await measured(page));
    await page.evaluate(WATCH);
  }
  const before = await Promise.all(tools.map(cpuMs));
  const looks = [];
  const traces = [];
  const beat = beatOf(call);
  const started = Date.now();
  while (Date.now() - started < minutes * 60_000) {
    traces.push(await tasksDuring(browser, () => beat(LOOK_EVERY_MS)));
    looks.push(await lookAt(tools));
  }
  const { updates } = beat;
  const seconds = (updates * UPDATE_EVERY_MS) / 1000;
  const after = await Promise.all(tools.map(cpuMs));
  const [ours, floor] = await Promise.all(
    pages.map(async (page, at) => {
      const tasks = await page.evaluate("longTasks");
      const own = tasks.filter((task) => !looks.some(({ from, to }) => task.at <= to && task.at + task.ms >= from));
      return {
        longTasks: own.map(({ ms: long }) => long),
        forcedTasks: tasks.length - own.length,
        tasks: traces.reduce((sum, trace) => sum + (trace[at]?.count ?? 0), 0),
        longestCpuMs: Math.max(...traces.map((trace) => trace[at]?.longestCpuMs ?? 0)),
        cpuPerUpdateMs: (after[at] - before[at]) / updates,
      };
    }),
  );
  for (const page of pages) await page.context().close();
  const heaps = looks.map(({ from, bytes }) => ({ ms: from - started, bytes }));
  return { heaps, ours, floor, updates, seconds };
}

/** Makes updates at their pace for a time, and counts them. */
function beatOf(call) {
  const beat = async (forMs) => {
    const started = Date.now();
    for (let count = 1; Date.now() - started < forMs; count += 1) {
      beat.updates += 1;
      await update(call, beat.updates);
      await sleep(Math.max(0, started + count * UPDATE_EVERY_MS - Date.now()));
    }
  };
  beat.updates = 0;
  return beat;
}

/** What the first page holds once its garbage is gone. That the pages collect now is this benchmark's doing: when is kept. */
async function lookAt(tools) {
  const from = Date.now();
  for (const tool of tools) await tool.send("HeapProfiler.collectGarbage");
  const to = Date.now();
  return { from, to, bytes: (await tools[0].send("Runtime.getHeapUsage")).usedSize };
}

/**
 * The tasks of each page while `act` goes on, the busiest page first: how many, and the longest in time of its own
 * thread, in which what it waits for a processor is not.
 */
async function tasksDuring(browser, act) {
  await browser.startTracing(undefined, { categories: ["-*", "toplevel"] });
  await act();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
  const pages = new Map(
    traceEvents
      .filter((event) => event.name === "thread_name" && event.args.name === "CrRendererMain")
      .map((event) => [threadOf(event), { count: 0, longestCpuMs: 0 }]),
  );
  for (const event of traceEvents) {
    const page = pages.get(threadOf(event));
    if (page === undefined || event.name !== TASK) continue;
    page.count += 1;
    page.longestCpuMs = Math.max(page.longestCpuMs, (event.tdur ?? 0) / 1000);
  }
  return [...pages.values()].toSorted((a, b) => b.count - a.count);
}

async function update(call, count) {
  const wave = Math.sin(count / 20);
  await call("POST", "/api/v1/signals", { name: "load", value: 500 + Math.round(300 * wave) });
  await call("POST", "/api/v1/signals", { name: "errors", value: 0.01 + 0.005 * wave });
  await call("POST", "/api/v1/signals", { name: "p95", value: 0.3 + 0.1 * wave });
  await call("PATCH", `/api/v1/environments/production/flags/flag-498`, {
    targets: { someone: count % 2 ? "on" : "off" },
  });
}

const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const mega = (bytes) => (bytes === undefined ? "–" : `${(bytes / 1e6).toFixed(2)} MB`);

function liveRow(label, { longTasks, forcedTasks, tasks, longestCpuMs, cpuPerUpdateMs }) {
  return [
    label,
    ms(cpuPerUpdateMs),
    tasks.toLocaleString("en"),
    ms(longestCpuMs),
    String(longTasks.length),
    longTasks.length === 0 ? "–" : ms(Math.max(...longTasks)),
    String(forcedTasks),
  ];
}

function outcomeOf({ loads, page, minutes, broken }) {
  const settled = page.heaps.filter(({ ms: at }) => at >= SETTLED_MS).map(({ bytes }) => bytes);
  const half = Math.ceil(settled.length / 2);
  const growth = settled.length < 2 ? undefined : median(settled.slice(half)) / median(settled.slice(0, half));
  const rate = (page.updates / page.seconds).toFixed(1);
  const breaks = Object.entries(broken).map(([cause, count]) => `${count} × ${cause}`);
  return {
    tables: [
      {
        title: `A first load with ${FLAGS} flags and ${ROLLOUTS - 1} rollouts, median of ${LOADS}, nothing cached; \`${FLOOR}\` is the floor, the server's plainest page`,
        columns: ["page", "first paint", "data shown", "CPU time of the page"],
        rows: loads.map((load) => [load.path, ms(load.paintMs), ms(load.shownMs), ms(load.cpuMs)]),
      },
      {
        title: `A rollout's page with its charts open, ${rate} updates a second for ${minutes} minutes, ${CLIENTS} clients, beside an empty page that hears the same news`,
        columns: [
          "page",
          "CPU time an update",
          "tasks",
          "the longest in time of its thread",
          `above ${LONG_TASK_MAX_MS} ms by the wall clock`,
          "the longest of these",
          "while it had to collect garbage",
        ],
        rows: [liveRow("rollout", page.ours), liveRow("empty", page.floor)],
      },
      {
        title: "What it keeps",
        columns: ["after", "JavaScript heap"],
        rows: page.heaps
          .filter((_, index) => index % Math.max(1, Math.floor(page.heaps.length / 10)) === 0)
          .map(({ ms: at, bytes }) => [`${Math.round(at / 1000)} s`, mega(bytes)]),
      },
    ],
    goals: [
      {
        text: "heap in the second half of the time over that in the first, after the first minute",
        measured: growth,
        unit: "",
        bound: "atMost",
        limit: HEAP_GROWTH_MAX,
      },
      {
        text: "longest task of the live page, by the wall clock",
        measured: Math.max(0, ...page.ours.longTasks),
        unit: "ms",
        bound: "atMost",
        limit: LONG_TASK_MAX_MS,
      },
      {
        text: "longest task of the live page, in time of its thread",
        measured: page.ours.longestCpuMs,
        unit: "ms",
        bound: "atMost",
        limit: LONG_TASK_MAX_MS,
      },
      {
        text: "CPU time that the live page takes for an update",
        measured: page.ours.cpuPerUpdateMs,
        unit: "ms",
        bound: "atMost",
        limit: LONG_TASK_MAX_MS,
      },
    ],
    notes: [
      `${page.updates} updates, each of three signals and one change of a flag; each is told twice at most, and the page asks for what it shows.`,
      "A task that waits for a processor counts as long by the wall clock; the empty page shows how often that happened, and the server and its clients, which run elsewhere in life, give way to the browser.",
      "To tell what a page keeps, its garbage is collected every 30 s at the benchmark's word; tasks of those moments are counted apart.",
      breaks.length === 0
        ? "No call broke on the way."
        : `Calls that broke on the way and were made again: ${breaks.join(", ")}.`,
    ],
    data: { loads, page, broken },
  };
}
