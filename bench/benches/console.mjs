import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../lib/paths.mjs";
import { freePort, startServer } from "../lib/processes.mjs";
import { median } from "../lib/stats.mjs";

export const name = "console";
export const title = "The console";
export const about =
  "first paint with 500 flags and 50 rollouts, and a page that gets two updates a second for ten minutes";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = 500;
const ROLLOUTS = 50;
const LOADS = 5;
const UPDATE_EVERY_MS = 500;
const LOOK_EVERY_MS = 15_000;
const LONG_TASK_MAX_MS = 50;
/** What the page keeps grows to its bounds first: 600 points a curve. */
const SETTLED_MS = 60_000;
const HEAP_GROWTH_MAX = 1.1;

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
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const call = caller(`http://127.0.0.1:${port}`);
    const live = await populate(call);
    const loads = [];
    for (const path of ["/", "/flags", "/rollouts"])
      loads.push(await loadsOf(browser, `http://127.0.0.1:${port}`, path));
    const page = await liveOf({ browser, url: `http://127.0.0.1:${port}/rollouts/${live}`, call, minutes: rounds });
    return outcomeOf({ loads, page, minutes: rounds });
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const caller = (url) => async (method, path, body) => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
};

const planOf = (flag) => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 1s
  metrics:
    load: { signal: load-${flag}, unit: count }
  triggers:
    - { name: overload, when: "load >= 1000", for: 1m, action: rollback, severity: P1 }
  stages:
    - { name: canary, percentage: 5, duration: 10h }
    - { name: full, percentage: 100, duration: 10h }
`;

/** Resolves with the id of the rollout that is looked at. */
async function populate(call) {
  for (let number = 0; number < FLAGS; number += 1)
    await call("POST", "/api/v1/flags", { key: `flag-${number}`, owner: "team", tags: ["bench"] });
  let id;
  for (let number = 0; number < ROLLOUTS; number += 1)
    ({ id } = await call("POST", "/api/v1/rollouts", { plan: planOf(`flag-${number}`) }));
  return id;
}

/** Fresh browsers each time: nothing is cached. */
async function loadsOf(browser, url, path) {
  const paints = [];
  const shown = [];
  for (let load = 0; load < LOADS; load += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url + path);
    await page
      .locator(path === "/" ? ".ramp-card" : "tbody tr")
      .first()
      .waitFor();
    shown.push(await page.evaluate("performance.now()"));
    paints.push(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
    await context.close();
  }
  return { path, paintMs: median(paints), shownMs: median(shown) };
}

async function liveOf({ browser, url, call, minutes }) {
  const page = await browser.newPage();
  const cdp = await page.context().newCDPSession(page);
  await page.goto(url);
  await page.getByRole("button", { name: "Show" }).click();
  await page.locator(".rail").waitFor();
  await page.evaluate(`window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ["longtask"] })`);
  const heaps = [];
  const started = Date.now();
  let looked = started;
  let updates = 0;
  while (Date.now() - started < minutes * 60_000) {
    updates += 1;
    const load = 500 + Math.round(300 * Math.sin(updates / 20));
    await call("POST", "/api/v1/signals", { name: `load-flag-${ROLLOUTS - 1}`, value: load });
    await call("PATCH", "/api/v1/environments/production/flags/flag-499", {
      targets: { someone: updates % 2 ? "on" : "off" },
    });
    if (Date.now() - looked >= LOOK_EVERY_MS) {
      looked = Date.now();
      await cdp.send("HeapProfiler.collectGarbage");
      heaps.push({ ms: looked - started, bytes: (await cdp.send("Runtime.getHeapUsage")).usedSize });
    }
    await sleep(Math.max(0, started + updates * UPDATE_EVERY_MS - Date.now()));
  }
  const longTasks = await page.evaluate("longTasks");
  await page.close();
  return { heaps, longTasks, updates, seconds: (Date.now() - started) / 1000 };
}

function outcomeOf({ loads, page, minutes }) {
  const settled = page.heaps.filter(({ ms }) => ms >= SETTLED_MS).map(({ bytes }) => bytes);
  const half = Math.ceil(settled.length / 2);
  const growth = settled.length < 2 ? undefined : median(settled.slice(half)) / median(settled.slice(0, half));
  const longest = Math.max(0, ...page.longTasks);
  const mega = (bytes) => (bytes === undefined ? "–" : `${(bytes / 1e6).toFixed(2)} MB`);
  return {
    tables: [
      {
        title: `A first load with ${FLAGS} flags and ${ROLLOUTS} rollouts, median of ${LOADS}, nothing cached`,
        columns: ["page", "first paint", "data shown"],
        rows: loads.map(({ path, paintMs, shownMs }) => [
          path,
          `${Math.round(paintMs)} ms`,
          `${Math.round(shownMs)} ms`,
        ]),
      },
      {
        title: `A rollout's page with ${(page.updates / page.seconds).toFixed(1)} updates a second for ${minutes} minutes`,
        columns: ["after", "JavaScript heap"],
        rows: page.heaps
          .filter((_, index) => index % Math.max(1, Math.floor(page.heaps.length / 10)) === 0)
          .map(({ ms, bytes }) => [`${Math.round(ms / 1000)} s`, mega(bytes)]),
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
        text: "longest task of the live page",
        measured: longest,
        unit: "ms",
        bound: "atMost",
        limit: LONG_TASK_MAX_MS,
      },
    ],
    notes: [`${page.longTasks.length} tasks above ${LONG_TASK_MAX_MS} ms, ${page.updates} updates.`],
    data: { loads, page },
  };
}
