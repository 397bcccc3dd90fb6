import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { versionOf } from "../lib/install.mjs";
import { BENCH, built } from "../lib/paths.mjs";
import { median, number, quantile } from "../lib/stats.mjs";
import { flagPath, startRampart } from "../servers/contenders.mjs";

export const name = "browser";
export const title = "In the browser";
export const about =
  "gzip sizes of SDKs for browsers by one bundler, and from an operator's flip to the DOM in Chromium";

const CLIENT_LIMIT_BYTES = 5_000;
const DOM_LIMIT_MS = 100;
const CHROMIUM = "/usr/bin/chromium";
const WARM_UP = 3;

/** What an application writes to have a client that follows its flags. */
const PROGRAMS = [
  { label: "Rampart", program: `export { createClient } from "${fileURLToPath(built("sdk-browser"))}"` },
  { pkg: "unleash-proxy-client", program: `export { UnleashClient } from "unleash-proxy-client"` },
  { pkg: "@growthbook/growthbook", program: `export { GrowthBook } from "@growthbook/growthbook"` },
  {
    pkg: "@openfeature/web-sdk",
    label: "@openfeature/web-sdk with its OFREP provider",
    program: `export { OpenFeature } from "@openfeature/web-sdk"; export { OFREPWebProvider } from "@openfeature/ofrep-web-provider"`,
  },
  { pkg: "launchdarkly-js-client-sdk", program: `export { initialize } from "launchdarkly-js-client-sdk"` },
  { pkg: "@launchdarkly/js-client-sdk", program: `export { createClient } from "@launchdarkly/js-client-sdk"` },
];

/** @param {{ rounds?: number }} options */
export async function run({ rounds = 40 } = {}) {
  const sizes = [];
  for (const one of PROGRAMS) sizes.push({ label: labelOf(one), ...(await sizeOf(one.program)) });
  const flips = existsSync(CHROMIUM) ? await flipsToDom(rounds) : undefined;
  return outcomeOf({ sizes, flips });
}

const labelOf = ({ pkg, label = pkg }) => (pkg === undefined ? label : `${label} ${versionOf(pkg)}`);

/** The entry, and what it loads only when that is called for. */
async function sizeOf(program) {
  const entry = join(BENCH, "app.js");
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    logLevel: "silent",
    plugins: [
      {
        name: "app",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? program : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const [first, ...later] = output.filter(({ type }) => type === "chunk").map(({ code }) => code);
  const gzipped = (code) => gzipSync(code, { level: 9 }).length;
  return {
    bytes: first.length,
    gzipBytes: gzipped(first),
    laterGzipBytes: later.map(gzipped).reduce((sum, bytes) => sum + bytes, 0),
  };
}

const PAGE = `<!doctype html><button></button><script type=module src=/app.js></script>`;
const APP = `
import { createClient } from "/index.js";
const ask = new URLSearchParams(location.search);
const client = createClient({ url: ask.get("url"), clientKey: ask.get("key"), context: "user-1" });
const button = document.querySelector("button");
window.changes = [];
new MutationObserver(() => changes.push(performance.timeOrigin + performance.now())).observe(button, { childList: true });
const paint = () => { button.textContent = client.isEnabled("bench") ? "on" : "off"; };
client.on("change", paint);
await client.init();
paint();
window.ready = client.status().state === "ready";
`;

/** Milliseconds from the operator's request to the changed DOM, and to the frame after it. */
async function flipsToDom(rounds) {
  const { chromium } = await import("playwright-core");
  const server = await startRampart();
  const site = await serve();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const operate = async (path, method, body) => {
      const answer = await fetch(`${server.url}${path}`, {
        method,
        headers: server.operator,
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status} ${await answer.text()}`);
    };
    await operate(flagPath("bench", "").slice(0, -1), "PATCH", { clientVisible: true });
    await operate(flagPath("bench", "rollout"), "POST", { percentage: 0 });
    const page = await browser.newPage();
    const query = new URLSearchParams({ url: server.url, key: server.clientKey });
    await page.goto(`http://localhost:${site.address().port}/?${query}`);
    await page.waitForFunction("window.ready");
    const samples = [];
    for (let round = -WARM_UP; round < rounds; round++) {
      await page.evaluate("changes.length = 0");
      const sentAt = performance.timeOrigin + performance.now();
      await operate(flagPath("bench", "rollout"), "POST", { percentage: (round + WARM_UP) % 2 === 0 ? 100 : 0 });
      await page.waitForFunction("changes.length > 0");
      const [changedAt] = await page.evaluate("changes");
      if (round >= 0) samples.push(changedAt - sentAt);
      await sleep(20);
    }
    return samples;
  } finally {
    await browser.close();
    site.closeAllConnections();
    site.close();
    await server.stop();
  }
}

/** A site with the page and the SDK as it is published. */
function serve() {
  const site = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://site");
    response.setHeader("content-type", pathname === "/" ? "text/html" : "text/javascript");
    if (pathname === "/") response.end(PAGE);
    else if (pathname === "/app.js") response.end(APP);
    else if (pathname === "/index.js") response.end(readFileSync(new URL(built("sdk-browser"))));
    else response.writeHead(404).end();
  });
  return new Promise((resolve) => site.listen(0, "127.0.0.1", () => resolve(site)));
}

function outcomeOf({ sizes, flips }) {
  const [own] = sizes;
  const kilobytes = (bytes) => (bytes / 1000).toFixed(2);
  return {
    tables: [
      {
        title: "Kilobytes (1,000 bytes) that a page loads",
        columns: ["", "minified", "gzip", "gzip, beside Rampart", "loaded when called for"],
        rows: sizes.map(({ label, bytes, gzipBytes, laterGzipBytes }) => [
          label,
          kilobytes(bytes),
          kilobytes(gzipBytes),
          (gzipBytes / own.gzipBytes).toFixed(2),
          laterGzipBytes === 0 ? "" : kilobytes(laterGzipBytes),
        ]),
      },
      ...(flips === undefined
        ? []
        : [
            {
              title: "Milliseconds from the operator's request sent to the changed DOM",
              columns: ["", "median", "95 %", "longest"],
              rows: [["one page", number(median(flips)), number(quantile(flips, 0.95)), number(Math.max(...flips))]],
            },
          ]),
    ],
    goals: [
      {
        text: "what a page loads for createClient, gzip",
        measured: own.gzipBytes,
        unit: "bytes",
        bound: "atMost",
        limit: CLIENT_LIMIT_BYTES,
      },
      {
        text: "flip to DOM change in Chromium, median",
        measured: flips === undefined ? undefined : median(flips),
        unit: "ms",
        bound: "atMost",
        limit: DOM_LIMIT_MS,
      },
    ],
    notes: [
      "Each program imports what its documentation says one needs for a client and is bundled by rolldown for browsers, minified, and gzipped at level 9. What they do differs: GrowthBook's evaluates rules in the page, the others ask a server.",
      "The server, the browser and the operator share one machine and its clock; the page's time is that of a MutationObserver on the button.",
    ],
    data: { sizes, flips },
  };
}
