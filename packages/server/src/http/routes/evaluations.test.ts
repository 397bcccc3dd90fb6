import type { EvaluationsView, FlagView, Page } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import { manualPlatform, type ManualPlatform } from "../../testing/manual-platform.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

const HOUR_MS = 3_600_000;
const PATH = "/api/v1/environments/production/flags/checkout/evaluations";

let platform: ManualPlatform;
let server: TestServer;
let seq: number;

beforeEach(async () => {
  platform = manualPlatform();
  server = await startTestServer({ platform });
  seq = 0;
  for (const key of ["checkout", "hidden"]) await server.call("POST /api/v1/flags", { body: { key } });
  await server.call("PATCH /api/v1/environments/production/flags/checkout", { body: { clientVisible: true } });
});

const body = (counts: readonly unknown[], more: object = {}) => ({
  instanceId: "i",
  seq: (seq += 1),
  from: 0,
  to: 1,
  runs: [],
  tracks: [],
  dropped: 0,
  evaluations: { counts, dropped: 0 },
  ...more,
});
const report = (of: object, token = server.sdkKey) => server.call("POST /sdk/v1/events", { token, body: of });
const shown = (path = PATH, token = server.admin) => server.call<EvaluationsView>(`GET ${path}`, { token });

describe("GET …/flags/:key/evaluations", () => {
  it("gives what SDKs reported, by hour and variant, once for a report that comes twice", async () => {
    const one = body([
      ["checkout", "on", 7],
      ["checkout", "off", 3],
      ["checkout", null, 2],
      ["hidden", "on", 1],
    ]);
    for (let time = 0; time < 2; time++) expect((await report(one)).status).toBe(204);
    await report(body([["checkout", "on", 1]]));
    const { status, body: view } = await shown();
    expect(status).toBe(200);
    expect(view).toMatchObject({
      flag: "checkout",
      environment: "production",
      total: 13,
      variants: { on: 8, off: 3 },
      defaults: 2,
      hours: [{ variants: { on: 8, off: 3 }, defaults: 2 }],
      lastEvaluatedAt: expect.any(String) as string,
    });
    expect(Date.parse(view.hours[0]?.at ?? "") % HOUR_MS).toBe(0);
    expect((await shown(PATH.replace("production", "staging"))).body.total).toBe(0);
  });

  it("is of a day unless told otherwise, of thirty at most, and in whole hours", async () => {
    await report(body([["checkout", "on", 1]]));
    const now = platform.clock.now();
    const at = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
    const { from, to } = (await shown()).body;
    expect(Date.parse(from) % HOUR_MS).toBe(0);
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThanOrEqual(24 * HOUR_MS);
    expect((await shown(`${PATH}?from=${at(now - 30 * 24 * HOUR_MS)}`)).body.total).toBe(1);
    expect((await shown(`${PATH}?to=${at(now - 2 * HOUR_MS)}`)).body).toMatchObject({ total: 0, hours: [] });
    for (const query of [
      `from=${at(now - 32 * 24 * HOUR_MS)}`,
      `from=${at(now + 60_000)}`,
      "from=yesterday",
      "since=1",
    ])
      expect(await shown(`${PATH}?${query}`), query).toMatchObject({ status: 400, body: { code: "INVALID_QUERY" } });
  });

  it("says that there is no such flag, but tells of one that was deleted and is still asked for", async () => {
    expect(await shown(PATH.replace("checkout", "chekout"))).toMatchObject({
      status: 404,
      body: { code: "FLAG_NOT_FOUND", suggestions: ["checkout"] },
    });
    expect((await shown(PATH.replace("checkout", "hidden"))).body).toMatchObject({ total: 0, hours: [] });
    await server.call("DELETE /api/v1/flags/hidden");
    await report(body([["hidden", null, 4]]));
    expect((await shown(PATH.replace("checkout", "hidden"))).body).toMatchObject({ total: 4, defaults: 4 });
  });

  it("is found under keys with slashes, also one that ends like its own path", async () => {
    const keys = ["a/b", "a/b/evaluations"];
    for (const key of keys) await server.call("POST /api/v1/flags", { body: { key } });
    await report(body([["a/b", "on", 1]]));
    const at = (key: string): string => PATH.replace("checkout", key);
    expect((await shown(at("a/b"))).body).toMatchObject({ flag: "a/b", total: 1 });
    expect((await shown(at("a%2Fb"))).body).toMatchObject({ flag: "a/b", total: 1 });
    expect((await shown(at("a/b/evaluations"))).body).toMatchObject({ flag: "a/b/evaluations", total: 0 });
    const config = await server.call(`GET ${at("a/b%2Fevaluations").slice(0, -"/evaluations".length)}`);
    expect(config.body).toMatchObject({ key: "a/b/evaluations", enabled: true });
  });

  it("is for whoever may read the flag, in the environment", async () => {
    const { text } = await server.token("viewer", ["staging"]);
    expect((await shown(PATH.replace("production", "staging"), text)).status).toBe(200);
    expect((await shown(PATH, text)).status).toBe(403);
    expect((await shown(PATH, server.sdkKey)).status).toBe(403);
  });

  it.each([
    [[["checkout", "on", 0]]],
    [[["checkout", "on", 1.5]]],
    [[["checkout", "on", 1e12]]],
    [[["", "on", 1]]],
    [[["checkout", "on"]]],
    [[["x".repeat(129), null, 1]]],
  ])("takes nothing of a report that says %j", async (counts) => {
    expect(await report(body([["checkout", "on", 1], ...counts]))).toMatchObject({ status: 400 });
    expect((await shown()).body.total).toBe(0);
  });

  it("counts what pages and remote evaluation were given, and no answer that they had already", async () => {
    const key = (await server.token("client", ["production"])).text;
    const ask = (line: string, token: string, headers = {}) =>
      server.call(line, { token, headers, body: { context: { targetingKey: "u" } } });
    const { headers } = await ask("POST /client/v1/evaluate", key);
    await ask("POST /client/v1/evaluate", key, { "if-none-match": headers.get("etag") ?? "" });
    expect((await shown()).body).toMatchObject({ total: 1, variants: { off: 1 } });
    const bulk = await ask("POST /ofrep/v1/evaluate/flags", server.sdkKey);
    await ask("POST /ofrep/v1/evaluate/flags", server.sdkKey, { "if-none-match": bulk.headers.get("etag") ?? "" });
    await ask("POST /ofrep/v1/evaluate/flags/checkout", server.sdkKey);
    await ask("POST /ofrep/v1/evaluate/flags/checkout", key);
    await ask("POST /ofrep/v1/evaluate/flags/chekout", server.sdkKey);
    await ask("POST /ofrep/v1/evaluate/flags/made-up-by-a-page", key);
    expect((await shown()).body).toMatchObject({ total: 4 });
    expect((await shown(PATH.replace("checkout", "hidden"))).body).toMatchObject({ total: 1 });
    expect((await shown(PATH.replace("checkout", "chekout"))).body).toMatchObject({ total: 1, defaults: 1 });
    expect((await shown(PATH.replace("checkout", "made-up-by-a-page"))).status).toBe(404);
  });

  it("counts neither what the console asks, nor what a page says of itself", async () => {
    const key = (await server.token("client", ["production"])).text;
    await server.call("POST /api/v1/environments/production/evaluate", { body: { flag: "checkout", context: "u" } });
    const page = body([["checkout", "on", 9]]);
    expect((await server.call("POST /client/v1/events", { token: key, body: page })).status).toBe(204);
    expect((await shown()).body.total).toBe(0);
  });
});

describe("the list of flags", () => {
  it("says when each was last asked for, where it was", async () => {
    await report(body([["checkout", "on", 1]]));
    const { items } = (await server.call<Page<FlagView>>("GET /api/v1/flags")).body;
    const at = items[0]?.environments["production"]?.lastEvaluatedAt ?? "";
    expect(Date.parse(at)).toBe(platform.clock.now());
    expect(items[0]?.environments["staging"]).not.toHaveProperty("lastEvaluatedAt");
    expect(items[1]?.environments["production"]).not.toHaveProperty("lastEvaluatedAt");
    const one = (await server.call<FlagView>("GET /api/v1/flags/checkout")).body;
    expect(one.environments["production"]?.lastEvaluatedAt).toBe(at);
  });
});
