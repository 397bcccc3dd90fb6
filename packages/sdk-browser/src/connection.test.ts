import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EPOCH, FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";

let page: FakePage;
beforeEach(() => {
  page = new FakePage();
});
afterEach(() => page.dispose());

const ON = valuesOf(1, { [FLAG]: flagOf(true) });

describe("init", () => {
  it("is ready with the first values", async () => {
    const client = await page.client();
    const ready = client.init();
    await page.stream.say("values", ON);
    expect(await ready).toEqual({ status: "ready", revision: 1 });
  });

  it("never rejects, and says that time is up", async () => {
    page.answers["stream"] = "hang";
    const client = await page.client();
    const result = client.init({ timeoutMs: 300 });
    await page.pass(300);
    expect(await result).toMatchObject({ status: "timeout", revision: 0 });
  });

  it("fails when the server refuses the key, which is asked again minutes later at the earliest", async () => {
    page.answers["stream"] = 401;
    const client = await page.client();
    expect(await client.init()).toMatchObject({ status: "failed" });
    await page.pass(299_000);
    expect(page.paths()).toEqual(["stream"]);
  });
});

describe("a stream", () => {
  it("is taken in however its bytes are cut, and whatever its lines end with", async () => {
    const client = await page.client();
    const text = `event: values\r\ndata: ${JSON.stringify(ON)}\r\n\r\n`;
    for (const piece of text.match(/.{1,7}/gs) ?? []) await page.stream.write(piece);
    expect(client.isEnabled(FLAG)).toBe(true);
  });

  it("that falls silent for 12 s is left for another", async () => {
    const client = await page.client();
    await page.stream.say("values", ON);
    await page.pass(11_999);
    expect(client.status().state).toBe("ready");
    await page.pass(1);
    expect(client.status().state).toBe("stale");
    await page.pass(2_000);
    expect(page.streams).toHaveLength(2);
  });

  it("that is reopened says what is held", async () => {
    await page.client();
    await page.stream.say("values", ON);
    await page.stream.end();
    await page.pass(2_000);
    expect(page.calls.at(-1)?.body).toEqual({ context: "user-1", basis: `${EPOCH}:1` });
  });

  it("is not opened again before the server asked for it", async () => {
    page.answers["stream"] = 503;
    await page.client();
    await page.pass(6_999);
    expect(page.paths()).toEqual(["stream"]);
    await page.pass(1_001);
    expect(page.paths()).toEqual(["stream", "stream"]);
  });

  it("whose key was revoked is not opened again", async () => {
    const client = await page.client();
    await page.stream.say("goodbye", { reason: "revoked", retryAfterMs: 0 });
    await page.pass(60_000);
    expect(client.status().state).toBe("failed");
    expect(page.paths()).toEqual(["stream"]);
  });

  it("of another history is left, because what led there did not arrive", async () => {
    await page.client();
    await page.stream.say("values", ON);
    await page.stream.say("heartbeat", { epoch: "t0193ffffffff0000000a", revision: 9, now: 0 });
    await page.pass(2_000);
    expect(page.streams).toHaveLength(2);
  });
});

describe("after three failures", () => {
  it("the server is polled every 10 s, and the stream still tried", async () => {
    page.answers = { ...page.answers, stream: "unreachable", evaluate: ON };
    const client = await page.client();
    await page.pass(60_000);
    expect(client.status()).toMatchObject({ state: "ready", transport: "poll" });
    expect(client.isEnabled(FLAG)).toBe(true);
    const polls = page.paths().filter((path) => path === "evaluate").length;
    expect(polls).toBeGreaterThanOrEqual(4);
    expect(polls).toBeLessThanOrEqual(7);
    page.answers["stream"] = "stream";
    const stream = await page.nextStream();
    await stream.say("values", valuesOf(2, { [FLAG]: flagOf(false) }));
    expect(client.status()).toMatchObject({ state: "ready", transport: "stream" });
  });

  it("the network's return ends the waiting", async () => {
    page.answers = { ...page.answers, stream: "unreachable", evaluate: "unreachable" };
    const client = await page.client();
    await page.pass(20_000);
    page.answers["stream"] = "stream";
    await page.fire("online");
    await page.stream.say("values", ON);
    expect(client.status().state).toBe("ready");
  });
});

describe("where locks are forbidden", () => {
  it("a page has a connection of its own", async () => {
    page.forbidLocks();
    const client = await page.client();
    await page.stream.say("values", ON);
    expect(client.status()).toMatchObject({ state: "ready", transport: "stream" });
    await page.pass(60_000);
    await client.close();
  });
});
