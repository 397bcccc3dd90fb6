import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linearRegex } from "../main/regex.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

/** What nobody may hold the event loop up for longer than. */
const BLOCKED_MAX_MS = 20;

/** The least of so many tries counts: what else the machine does can only make one longer. */
const TRIES_MAX = 20;

/** Just below the limit of most routes. */
const SIZE_BYTES = 63 * 1024;

/** `open`, then as many pieces as there is room for, then `close`. */
function filled(open: string, piece: (index: number) => string, close: string, sizeBytes = SIZE_BYTES): string {
  const pieces: string[] = [];
  for (let used = open.length + close.length; used < sizeBytes; used += (pieces.at(-1)?.length ?? 0) + 1)
    pieces.push(piece(pieces.length));
  pieces.pop();
  return open + pieces.join(",") + close;
}

const BODIES: { readonly [name: string]: string } = {
  "brackets without an end": "[".repeat(SIZE_BYTES),
  "lists within lists": "[".repeat(SIZE_BYTES / 2) + "]".repeat(SIZE_BYTES / 2),
  "objects within objects": '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
  "thousands of unknown fields": filled("{", (index) => `"k${index}":1`, "}"),
  "thousands of fields that are nearly right": filled("{", (index) => `"percentag${index.toString(36)}":1`, "}"),
  "thousands of items": filled("[", () => "1", "]"),
  "thousands of empty objects": filled("[", () => "{}", "]"),
  "a number of sixty thousand digits": "1".repeat(SIZE_BYTES),
  "a text of escapes": `"${"\\u0041".repeat(SIZE_BYTES / 6)}"`,
  "an object that is not closed": filled("{", (index) => `"k${index}":1`, ""),
  "empty lines, and an error at the end": `${"\n".repeat(SIZE_BYTES - 1)}x`,
  "a name as long as the body": `{"feature":"${"x".repeat(60_000)}","percentage":5}`,
  "a context of thousands of attributes": filled('{"context":{', (index) => `"k${index}":"v"`, "}}", 15_000),
  "a context of lists within lists": `{"context":{"a":${"[".repeat(7_000)}${"]".repeat(7_000)}}}`,
  "rules of regular expressions": filled(
    '{"rules":[',
    () => '{"clauses":[{"attribute":"a","operator":"regex","values":["(a+)+$"]}],"variant":"none"}',
    "]}",
  ),
};

const PLANS: { readonly [name: string]: string } = {
  "a billion laughs": `a: &a [x,x,x,x]\n${Array.from({ length: 40 }, (_, index) => `b${index}: [*a,*a,*a,*a,*a]`).join("\n")}`,
  "brackets without an end": "[".repeat(SIZE_BYTES),
  "thousands of items": "- a\n".repeat(SIZE_BYTES / 4),
  "thousands of unknown fields": Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`).join("\n"),
  "thousands of anchors": Array.from({ length: 2_500 }, (_, index) => `k${index}: &a${index} 1`).join("\n"),
  "hundreds of fields that are nearly right": `spec:\n  stages:\n${lines(900, (index) => `    - { nam: s${index}, percntage: ${index} }`)}`,
  "metrics as far as there is room": plan(
    `  metrics:\n${lines(650, (index) => `    m${index}: { prometheus: up, unit: count }`)}`,
  ),
  "triggers as far as there is room": plan(
    `  metrics: { up: { prometheus: up } }\n  triggers:\n${lines(300, (index) => `    - { name: t${index}, when: "up < 1", for: 1m, action: notify }`)}`,
  ),
};

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

function plan(spec: string): string {
  return `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: bomb }
spec:
  flag: bomb
  environment: production
${spec}
  stages: [ { name: all, percentage: 100, duration: 1h } ]
`;
}

/** Processor time of the whole process, so that a busy machine is not taken for a slow server. */
async function leastMs(enoughMs: number, act: () => unknown): Promise<number> {
  let leastMs = Infinity;
  for (let tries = 0; tries < TRIES_MAX && leastMs >= enoughMs; tries += 1) {
    const before = process.cpuUsage();
    await act();
    const { user, system } = process.cpuUsage(before);
    leastMs = Math.min(leastMs, (user + system) / 1_000);
  }
  return leastMs;
}

/** Processor time of the longest turn of the event loop while something goes on. */
async function longestTurnMs(act: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  let before = process.cpuUsage();
  const look = (): void => {
    const { user, system } = process.cpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1_000);
    before = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await act();
  isOver = true;
  return longestMs;
}

async function leastTurnMs(act: () => Promise<unknown>): Promise<number> {
  let leastMs = Infinity;
  for (let tries = 0; tries < TRIES_MAX && leastMs >= BLOCKED_MAX_MS; tries += 1)
    leastMs = Math.min(leastMs, await longestTurnMs(act));
  return leastMs;
}

let server: TestServer;
let client: string;
let routes: readonly { readonly line: string; readonly token: string }[];
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll, config: { requestsPerSecond: 100_000 } });
  client = (await server.token("client", ["production"])).text;
  await server.call("POST /api/v1/flags", { body: { key: "nothing" } });
  const { body } = await server.call<{ paths: Record<string, Record<string, unknown>> }>("GET /openapi.json");
  routes = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => method !== "get" && method !== "delete")
      .map((method) => ({ line: lineOf(method, path), token: tokenFor(path) })),
  );
});

const lineOf = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replace("{env}", "production").replaceAll(/\{\w+\}/g, "nothing")}`;

function tokenFor(path: string): string {
  if (path.startsWith("/sdk/")) return server.sdkKey;
  return /^\/(client|ofrep)\//.test(path) ? client : server.admin;
}

describe(`no body holds the server up for ${BLOCKED_MAX_MS} ms, its sender's part included`, () => {
  it.each(Object.keys(BODIES))("%s", async (name) => {
    for (const { line, token } of routes) {
      let status = 0;
      const tookMs = await leastMs(BLOCKED_MAX_MS, async () => {
        ({ status } = await server.call(line, {
          token,
          body: BODIES[name],
          headers: { "content-type": "application/json" },
        }));
      });
      expect([line, tookMs < BLOCKED_MAX_MS]).toEqual([line, true]);
      expect(status).toBeLessThan(500);
    }
  });
});

describe(`no plan holds the event loop up for ${BLOCKED_MAX_MS} ms: it is read piece by piece`, () => {
  const yaml = { "content-type": "application/yaml" };

  it.each(Object.keys(PLANS))("%s", async (name) => {
    for (const path of ["/api/v1/plans", "/api/v1/plans/validate", "/api/v1/rollouts"]) {
      let status = 0;
      const tookMs = await leastTurnMs(async () => {
        ({ status } = await server.call(`POST ${path}`, { body: PLANS[name], headers: yaml }));
      });
      expect([path, tookMs < BLOCKED_MAX_MS, tookMs]).toEqual([path, true, tookMs]);
      expect(status).toBeLessThan(500);
    }
  });

  it("nor ten of them at once", async () => {
    const bodies = Object.values(PLANS).slice(-2);
    const tookMs = await leastTurnMs(() =>
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          server.call("POST /api/v1/plans/validate", { body: bodies[index % 2], headers: yaml }),
        ),
      ),
    );
    expect(tookMs).toBeLessThan(BLOCKED_MAX_MS);
  });

  it.each(Object.keys(PLANS).slice(-2))("nor the past of %s", async (name) => {
    const tookMs = await leastTurnMs(() =>
      server.call("POST /api/v1/plans/backtest", { body: { plan: PLANS[name], days: 0.1 } }),
    );
    expect(tookMs).toBeLessThan(BLOCKED_MAX_MS);
  });

  it("nor a scenario", async () => {
    const scenario = `metrics:\n${lines(2_000, (index) => `  m${index}: 1`)}`;
    const tookMs = await leastTurnMs(() =>
      server.call("POST /api/v1/plans/simulate", { body: { plan: plan("  metrics: {}"), scenario } }),
    );
    expect(tookMs).toBeLessThan(BLOCKED_MAX_MS);
  });
});

describe(`no pattern holds the server up for ${BLOCKED_MAX_MS} ms on the longest text that a context may hold`, () => {
  it.each([
    "^(a+)+$",
    "(a|aa)+$",
    "(.*)*x",
    "(a?){30}a{30}",
    "(?:a|a|a|a)*b",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "\\w*\\w*\\w*!",
  ])("%s", async (pattern) => {
    const search = linearRegex(pattern);
    const text = `${"a".repeat(1_024)}!`;
    expect(await leastMs(BLOCKED_MAX_MS, () => search(text))).toBeLessThan(BLOCKED_MAX_MS);
  });

  it.each(["(?=a)b", "(a)\\1", "(?<=a)b"])("%s, which only a backtracking engine knows, is refused", (pattern) => {
    expect(() => linearRegex(pattern)).toThrow();
  });
});

it("a body with thousands of mistakes is told of the first twenty, and of their number", async () => {
  const { status, body } = await server.call("POST /api/v1/tokens", {
    body: BODIES["thousands of unknown fields"],
    headers: { "content-type": "application/json" },
  });
  expect(status).toBe(400);
  expect(body.errors).toHaveLength(20);
  expect(body.detail).toMatch(/\(and \d{4} more\)/);
});
