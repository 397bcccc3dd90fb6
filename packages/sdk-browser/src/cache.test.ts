import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";

let page: FakePage;
beforeEach(async () => {
  page = new FakePage();
});
afterEach(() => page.dispose());

/** A page that saw these values, and is gone. */
async function earlierPage(revision: number, value: boolean, leaseMs?: number): Promise<void> {
  const client = await page.client();
  await page.stream.say(
    "values",
    valuesOf(revision, { [FLAG]: flagOf(value, leaseMs === undefined ? {} : { leaseMs }) }),
  );
  await client.close();
}

describe("a cached true", () => {
  it("does not paint while the server may still answer, and never after it has said false", async () => {
    await earlierPage(1, true);
    const client = await page.client();
    expect(client.isEnabled(FLAG)).toBe(false);
    await page.stream.say("values", valuesOf(2, { [FLAG]: flagOf(false) }));
    await page.pass(10_000);
    expect(client.isEnabled(FLAG)).toBe(false);
  });

  it("is served when the server can't be reached, and there is no rollout", async () => {
    await earlierPage(1, true);
    page.answers["stream"] = "unreachable";
    const client = await page.client();
    await page.pass(2_000);
    expect(client.isEnabled(FLAG)).toBe(true);
    expect(client.status().state).toBe("stale");
    const again = client.init();
    await page.pass(2_000);
    expect(await again).toMatchObject({ status: "stale", revision: 1 });
  });

  it("of a rollout does not paint when the server was last heard of longer ago than the lease", async () => {
    await earlierPage(1, true, 25_000);
    page.answers["stream"] = "unreachable";
    await page.pass(20_000);
    const soon = await page.client();
    await page.pass(2_000);
    expect(soon.isEnabled(FLAG)).toBe(true);
    await soon.close();
    await page.pass(5_000);
    const late = await page.client();
    await page.pass(2_000);
    expect(late.evaluate(FLAG, false)).toMatchObject({ value: false, reason: "STALE" });
  });

  it("does not come back from a server that lags behind what an earlier page saw", async () => {
    await earlierPage(7, false);
    const client = await page.client();
    await page.stream.say("values", valuesOf(6, { [FLAG]: flagOf(true) }));
    expect(client.isEnabled(FLAG)).toBe(false);
    await page.pass(2_000);
    expect(client.evaluate(FLAG, true)).toMatchObject({ value: false, revision: 7 });
  });

  it("does not come back with a page that was made before the rollback", async () => {
    const bootstrap = valuesOf(1, { [FLAG]: flagOf(true) });
    await earlierPage(2, false);
    const client = await page.client({ bootstrap });
    expect(client.isEnabled(FLAG)).toBe(false);
  });

  it("is nobody else's", async () => {
    await earlierPage(1, true);
    page.answers["stream"] = "unreachable";
    const client = await page.client({ context: "user-2" });
    await page.pass(2_000);
    expect(client.isEnabled(FLAG)).toBe(false);
  });
});

describe("values that the page brings along", () => {
  it("are served at once, also where nothing was begun", async () => {
    const client = await page.client({ bootstrap: valuesOf(1, { [FLAG]: flagOf(true) }) });
    expect(client.isEnabled(FLAG)).toBe(true);
  });
});

describe("storage that is full or forbidden", () => {
  it("leaves the client as it is, without a cache", async () => {
    page.storageFails = true;
    const client = await page.client();
    const errors: string[] = [];
    client.on("error", ({ code }) => errors.push(code));
    await page.stream.say("values", valuesOf(1, { [FLAG]: flagOf(true) }));
    expect(client.isEnabled(FLAG)).toBe(true);
    expect(errors).toEqual(["CACHE_UNWRITABLE"]);
  });
});
