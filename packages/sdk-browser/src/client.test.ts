import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HIDDEN_MAX_MS } from "./client.ts";
import { SDK_VERSION } from "./version.ts";
import { EPOCH, FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";

const LEASE = { ms: 25_000, value: false, variant: "off" };

let page: FakePage;
beforeEach(() => {
  page = new FakePage();
});
afterEach(() => page.dispose());

describe("a browser client", () => {
  it("starts nothing before init, and then asks for its context's values with a header, not in the address", async () => {
    const { createClient } = await import("./client.ts");
    createClient({ url: "https://flags.example", clientKey: "key", context: "user-1" });
    expect(page.calls).toEqual([]);
    await page.client({ context: { targetingKey: "user-1", plan: "pro" } });
    expect(page.calls).toMatchObject([
      {
        path: "stream",
        headers: { authorization: "Bearer key" },
        body: { context: { targetingKey: "user-1", plan: "pro" } },
      },
    ]);
  });

  it("serves the caller's default until there are values, and says why", async () => {
    const client = await page.client();
    expect(client.isEnabled(FLAG)).toBe(false);
    expect(client.evaluate(FLAG, true)).toMatchObject({ value: true, errorCode: "PROVIDER_NOT_READY" });
    await page.stream.say(
      "values",
      valuesOf(1, {
        [FLAG]: flagOf(true),
        broken: { reason: "ERROR", errorCode: "TARGETING_KEY_MISSING", revision: 1 },
      }),
    );
    expect(client.evaluate(FLAG, false)).toEqual({
      flagKey: FLAG,
      value: true,
      variant: "on",
      reason: "SPLIT",
      revision: 1,
    });
    expect(client.evaluate("unknown", "red")).toMatchObject({ value: "red", errorCode: "FLAG_NOT_FOUND" });
    expect(client.evaluate(FLAG, "red")).toMatchObject({ value: "red", errorCode: "TYPE_MISMATCH" });
    expect(client.evaluate("broken", 7)).toMatchObject({ value: 7, errorCode: "TARGETING_KEY_MISSING" });
    expect(client.isEnabled("constructor")).toBe(false);
  });

  it("applies each change wholly, and tells which flags answer differently", async () => {
    const client = await page.client();
    const changes: unknown[] = [];
    client.on("change", (change) => changes.push(change));
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true), gone: flagOf(true) }));
    await page.stream.say("changed", {
      epoch: EPOCH,
      revision: 2,
      flags: { [FLAG]: flagOf(false) },
      removed: ["gone"],
      committedAt: 0,
    });
    expect(client.isEnabled(FLAG)).toBe(false);
    expect(client.evaluate("gone", true)).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
    expect(changes).toEqual([
      { revision: 1, flags: [FLAG, "gone"], urgent: false },
      { revision: 2, flags: [FLAG, "gone"], urgent: false },
    ]);
  });

  it("acknowledges an urgent change, and again when that did not arrive", async () => {
    await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    page.answers["ack"] = 503;
    await page.stream.say("changed", {
      epoch: EPOCH,
      revision: 2,
      flags: { [FLAG]: flagOf(false) },
      urgent: true,
      committedAt: 0,
    });
    await page.pass(500);
    page.answers["ack"] = 204;
    await page.pass(500);
    const receipts = page.calls.filter(({ path }) => path === "ack");
    expect(receipts.length).toBeGreaterThanOrEqual(2);
    expect(receipts[0]?.body).toMatchObject({ epoch: EPOCH, revision: 2, appliedAt: 1_750_000_000_000 });
    expect(receipts.at(-1)?.body).toEqual(receipts[0]?.body);
  });

  it("keeps what it has when the server's data is older, and says so", async () => {
    const client = await page.client();
    const errors: string[] = [];
    client.on("error", ({ code }) => errors.push(code));
    await page.stream.say("values", valuesOf(5, { [FLAG]: flagOf(false) }));
    await page.stream.say("values", valuesOf(4, { [FLAG]: flagOf(true) }));
    expect(client.isEnabled(FLAG)).toBe(false);
    expect(client.status()).toMatchObject({ state: "stale", revision: 5 });
    expect(errors).toEqual(["REVISION_WENT_BACK"]);
  });

  it("says once that a server stays behind, and again when another one is", async () => {
    const client = await page.client();
    const errors: string[] = [];
    client.on("error", ({ message }) => errors.push(message));
    const heartbeat = (revision: number) => page.stream.say("heartbeat", { epoch: EPOCH, revision, now: 0 });
    await page.stream.say("values", valuesOf(5, { [FLAG]: flagOf(false) }));
    await heartbeat(4);
    await heartbeat(4);
    expect(errors).toHaveLength(1);
    await heartbeat(5);
    expect(client.status().state).toBe("ready");
    await heartbeat(4);
    await heartbeat(4);
    expect(errors).toHaveLength(2);
    await heartbeat(3);
    expect(errors).toHaveLength(3);
  });

  it("takes an expired lease back by itself, tells the page, and puts it right when contact is back", async () => {
    const client = await page.client();
    const seen: boolean[] = [];
    client.on("change", () => seen.push(client.isEnabled(FLAG)));
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true, { leaseMs: 25_000 }) }));
    page.answers = { ...page.answers, stream: "unreachable", evaluate: "unreachable" };
    await page.pass(25_000);
    expect(client.isEnabled(FLAG)).toBe(true);
    await page.pass(2);
    expect(client.evaluate(FLAG, true)).toMatchObject({ value: false, variant: "off", reason: "STALE" });
    page.answers["stream"] = "stream";
    const stream = await page.nextStream();
    await stream.say("values", valuesOf(1, { [FLAG]: flagOf(true, { leaseMs: 25_000 }) }));
    expect(client.isEnabled(FLAG)).toBe(true);
    expect(seen).toEqual([true, false, true]);
  });

  it("keeps an earlier person's values from the next one, and lets those of the same person stand until new ones come", async () => {
    const client = await page.client({ context: { targetingKey: "ann", plan: "free" } });
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    void client.setContext({ targetingKey: "ann", plan: "pro" });
    expect(client.isEnabled(FLAG)).toBe(true);
    const seen: boolean[] = [];
    client.on("change", () => seen.push(client.isEnabled(FLAG)));
    void client.setContext("bob");
    expect(seen).toEqual([false]);
    expect(client.evaluate(FLAG, false)).toMatchObject({ value: false, errorCode: "PROVIDER_NOT_READY" });
    await page.pass(0);
    expect(page.calls.at(-1)?.body).toEqual({ context: "bob" });
  });

  it("counts runs by cohort and sends them together, and what is left as a beacon when the page goes", async () => {
    const client = await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    expect(client.run(FLAG, { on: () => "new", off: () => "old" })).toBe("new");
    client.track("cart", { value: 30 });
    client.run("unknown", { on: () => 1, off: () => 0 });
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    expect(page.calls.at(-1)).toMatchObject({
      path: "events",
      body: {
        seq: 1,
        runs: [{ flag: FLAG, cohort: "on", count: 1, failures: 0 }],
        tracks: [{ metric: "cart", count: 1, sum: 30 }],
      },
    });
    client.track("cart", { value: 12 });
    await page.fire("pagehide");
    expect(page.beacons).toMatchObject([{ url: "https://flags.example/client/v1/events" }]);
    expect(JSON.parse(page.beacons[0]?.body ?? "")).toMatchObject({
      key: "key",
      tracks: [{ metric: "cart", count: 1, sum: 12 }],
    });
  });

  it("passes a branch's error through, and counts it as a failure", async () => {
    const client = await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    const fail = (): never => {
      throw new Error("boom");
    };
    expect(() => client.run(FLAG, { on: fail, off: () => 0 })).toThrow("boom");
    await expect(
      client.run(FLAG, { on: () => Promise.reject(new Error("later")), off: () => Promise.resolve() }),
    ).rejects.toThrow("later");
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    expect(page.calls.at(-1)?.body).toMatchObject({ runs: [{ count: 2, failures: 2 }] });
  });

  it("measures from measure to done, and counts it once", async () => {
    const client = await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    const { on, done } = client.measure(FLAG);
    expect(on).toBe(true);
    await page.pass(100);
    done({ failed: true });
    done();
    client.measure(FLAG).done();
    // Who got the default is in no cohort.
    expect(client.measure("unknown").on).toBe(false);
    client.measure("unknown").done();
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    const run = { flag: FLAG, cohort: "on", count: 2, failures: 1, latencySumMs: 100 };
    expect(page.calls.at(-1)?.body).toMatchObject({ runs: [run] });
  });

  it("counts what is tracked in the cohort of each flag that may be under a rollout, as it was at that time", async () => {
    const client = await page.client();
    await page.stream.say(
      "values",
      valuesOf(1, {
        on: flagOf(true),
        off: flagOf(false),
        everybody: { value: true, variant: "on", reason: "STATIC", revision: 1, lease: LEASE },
        settled: { value: true, variant: "on", reason: "STATIC", revision: 1 },
        color: flagOf("red"),
        broken: { reason: "ERROR", errorCode: "GENERAL", revision: 1 },
      }),
    );
    client.track("uploads", { failed: true });
    client.track("uploads", { value: 30 });
    // The reporter is only loaded by now, and what it is to count was before.
    await page.stream.say("values", valuesOf(2, {}));
    client.track("uploads", { value: 12, failed: true });
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    const of = (flag: string, cohort: string): object => {
      return { flag, cohort, metric: "uploads", count: 2, failures: 1, valueBins: [[expect.any(Number), 1]] };
    };
    expect(page.calls.at(-1)).toMatchObject({ path: "events", body: { dropped: 0, runs: [] } });
    expect(page.calls.at(-1)?.body["tracks"]).toEqual([{ metric: "uploads", count: 3, sum: 43 }]);
    expect(page.calls.at(-1)?.body["cohorts"]).toEqual([of("on", "on"), of("off", "off"), of("everybody", "on")]);
  });

  it("serves what a server has that does not know what is stored now, but no lease of it, and is stale until one does", async () => {
    const client = await page.client();
    const values = valuesOf(1, { [FLAG]: flagOf(true, { leaseMs: 25_000 }), plain: flagOf(true) });
    await page.stream.say("unconfirmed", values);
    expect(client.isEnabled(FLAG, true)).toBe(false);
    expect(client.isEnabled("plain")).toBe(true);
    expect(client.status()).toMatchObject({ state: "stale", transport: "none" });
    await page.stream.say("heartbeat", { epoch: EPOCH, revision: 1, now: 0 });
    expect(client.isEnabled(FLAG)).toBe(true);
    expect(client.status()).toMatchObject({ state: "ready", transport: "stream" });
    await page.stream.say("unconfirmed", null);
    expect(client.isEnabled(FLAG)).toBe(true);
    expect(client.status().state).toBe("stale");
  });

  it("counts nobody in the cohort of a flag whose lease is over", async () => {
    const client = await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true, { leaseMs: 5_000 }) }));
    page.answers = { ...page.answers, stream: "hang" };
    await page.pass(5_001);
    expect(client.evaluate(FLAG, false).reason).toBe("STALE");
    client.track("cart");
    client.measure(FLAG).done();
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    const { body } = page.calls.find(({ path }) => path === "events") ?? {};
    expect(body).toMatchObject({ runs: [], tracks: [{ metric: "cart" }], cohorts: [] });
  });

  it("loses no report to a call that can't be counted", async () => {
    const client = await page.client();
    client.track("a".repeat(129));
    client.track("cart", { value: Number.NaN });
    client.track("cart");
    await vi.dynamicImportSettled();
    page.answers["events"] = "unreachable";
    await page.pass(10_000);
    page.answers["events"] = 204;
    client.track("cart");
    await page.pass(10_000);
    const events = page.calls.filter(({ path }) => path === "events").map(({ body }) => body);
    expect(events).toMatchObject([
      { seq: 1, tracks: [{ metric: "cart", count: 1, sum: 1 }], dropped: 2 },
      // The first one did not arrive.
      { seq: 2, tracks: [{ metric: "cart", count: 1, sum: 1 }], dropped: 3 },
    ]);
  });

  it("gives its connection back when nobody looks at the page for two minutes, and asks anew when somebody does", async () => {
    const client = await page.client();
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    await page.fire("visibilitychange", { hidden: true });
    for (let left = HIDDEN_MAX_MS - 5_000; left > 0; left -= 5_000) {
      await page.pass(5_000);
      await page.stream.say("heartbeat", { epoch: EPOCH, revision: 1, now: 0 });
    }
    expect(client.status()).toMatchObject({ state: "ready", transport: "stream" });
    await page.pass(5_000);
    expect(client.status()).toMatchObject({ state: "stale", transport: "none" });
    expect(page.streams).toHaveLength(1);
    await page.fire("visibilitychange", { hidden: false });
    await page.stream.say("values", valuesOf(2, { [FLAG]: flagOf(false) }));
    expect(page.streams).toHaveLength(2);
    expect(client.isEnabled(FLAG)).toBe(false);
  });

  it("passes on the proof of its context, and says which version it is", async () => {
    const secure = { expires: 1_750_000_060_000, hash: "ab".repeat(32) };
    await page.client({ secure });
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    expect(page.calls[0]?.body).toEqual({ context: "user-1", secure });
    expect(page.calls[0]?.headers).toMatchObject({ "x-rampart-sdk": `browser/${SDK_VERSION}` });
    expect((JSON.parse(manifest) as { version: string }).version).toBe(SDK_VERSION);
  });

  it("ends everything with close, more than once if asked to", async () => {
    const client = await page.client();
    await client.close();
    await client.close();
    await page.pass(60_000);
    expect(client.status()).toMatchObject({ state: "closed", transport: "none" });
    expect(page.paths()).toEqual(["stream"]);
    expect(await client.init()).toMatchObject({ status: "failed", message: "the client is closed" });
  });
});
