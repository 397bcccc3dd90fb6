import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { api, eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { FLAG_PATH, inPage, Scene, wordOf } from "./harness.ts";

interface Status {
  readonly state: string;
  readonly transport: string;
  readonly revision: number;
}

const SOON_MS = 10_000;

describe.skipIf(!isInstalled("chromium"))("in real Chromium, a page", () => {
  let scene: Scene;
  let context: BrowserContext;

  beforeAll(async () => {
    scene = await Scene.start();
  });
  afterAll(() => scene?.stop());
  beforeEach(async () => {
    await api(scene.server, "POST", `${FLAG_PATH}/restore`, {});
    await scene.ramp(100);
    context = await scene.browser.newContext();
  });
  afterEach(() => context.close());

  async function open(ask: Readonly<Record<string, string>> = {}): Promise<Page> {
    const page = await context.newPage();
    await page.goto(scene.address(ask));
    return page;
  }

  const statusOf = (page: Page): Promise<Status> => inPage<Status>(page, "client.status()");
  const says = (page: Page, word: string, withinMs = SOON_MS): Promise<void> =>
    eventually(async () => (await wordOf(page)) === word, withinMs);
  const isAt = (page: Page, wanted: Partial<Status>, withinMs = SOON_MS): Promise<void> =>
    eventually(async () => {
      const status = await statusOf(page);
      return Object.entries(wanted).every(([field, value]) => status[field as keyof Status] === value);
    }, withinMs);

  /** Streams that are open at the server. */
  const connected = async (): Promise<number> => Number((await scene.metric("rampart_streams")) ?? 0);

  it("changes the moment the operator ramps, and when a kill takes it back", async () => {
    const page = await open();
    await says(page, "new");
    await scene.ramp(0);
    await says(page, "old", 2_000);
    await scene.ramp(100);
    await says(page, "new", 2_000);
    await api(scene.server, "POST", `${FLAG_PATH}/kill`, {});
    await says(page, "old", 2_000);
  });

  it("shares one connection with the other tabs, which take it over when its tab goes", async () => {
    const first = await open();
    await isAt(first, { state: "ready", transport: "stream" });
    const second = await open();
    const third = await open();
    await isAt(second, { state: "ready", transport: "tab" });
    await isAt(third, { state: "ready", transport: "tab" });
    expect(await connected()).toBe(1);
    await scene.ramp(0);
    await Promise.all([first, second, third].map((page) => says(page, "old", 2_000)));
    await first.close();
    await isAt(second, { state: "ready", transport: "stream" });
    expect(await connected()).toBe(1);
    await scene.ramp(100);
    await Promise.all([second, third].map((page) => says(page, "new", 2_000)));
    expect(await statusOf(third)).toMatchObject({ transport: "tab" });
  });

  it("takes the connection from a tab that hangs, which then listens to it", async () => {
    const hanging = await open();
    await isAt(hanging, { state: "ready", transport: "stream" });
    const other = await open();
    await isAt(other, { state: "ready", transport: "tab" });
    await inPage(hanging, "void (BroadcastChannel.prototype.postMessage = () => {})");
    await isAt(other, { state: "ready", transport: "stream" }, 40_000);
    await isAt(hanging, { state: "ready", transport: "tab" });
    await scene.ramp(0);
    await Promise.all([hanging, other].map((page) => says(page, "old", 2_000)));
  });

  it("does not share it with a tab of another person", async () => {
    const ann = await open({ context: "ann" });
    const bob = await open({ context: "bob" });
    await isAt(ann, { transport: "stream" });
    await isAt(bob, { transport: "stream" });
  });

  it("outlives the server's death, and is current again when it is back", async () => {
    const page = await open();
    await says(page, "new");
    await scene.server.whileDead(async () => {
      await isAt(page, { state: "stale" }, 20_000);
      expect(await wordOf(page)).toBe("new");
    });
    await scene.ramp(0);
    await says(page, "old", 20_000);
    await isAt(page, { state: "ready" });
  });

  it("hears what happened while it was offline as soon as it is online", async () => {
    const page = await open();
    await says(page, "new");
    await context.setOffline(true);
    // Being offline does not end what is open here; a server that comes anew does.
    await scene.server.whileDead(async () => undefined);
    await isAt(page, { state: "stale" }, 20_000);
    await scene.ramp(0);
    expect(await wordOf(page)).toBe("new");
    await context.setOffline(false);
    await says(page, "old", 3_000);
  });

  it("gives its connection back when nobody looks at it, and asks anew when somebody does", async () => {
    const page = await open({ hidden: "300" });
    await isAt(page, { state: "ready" });
    const turn = (isHidden: boolean): Promise<void> =>
      inPage(
        page,
        `Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} }); document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`,
      );
    await turn(true);
    await isAt(page, { transport: "none" });
    await eventually(async () => (await connected()) === 0, SOON_MS);
    await scene.ramp(0);
    await turn(false);
    await says(page, "old");
  });

  it.each([
    ["full", `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }`],
    [
      "forbidden",
      `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError") } })`,
    ],
  ])("works where storage is %s", async (_, script) => {
    await context.addInitScript(script);
    const page = await open();
    await says(page, "new");
    expect(await inPage(page, "errors")).toContain("CACHE_UNWRITABLE");
  });

  it("needs of a content security policy its own scripts and one address, and breaks no other rule of it", async () => {
    scene.site.csp = `default-src 'none'; script-src 'self'; connect-src ${scene.server.url}; require-trusted-types-for 'script'`;
    try {
      const complaints: string[] = [];
      const page = await context.newPage();
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(scene.address());
      await says(page, "new");
      await inPage(page, "client.track('cart')");
      expect(complaints.filter((text) => !text.includes("favicon"))).toEqual([]);
    } finally {
      scene.site.csp = undefined;
    }
  });

  it("sends what it measured when it goes", async () => {
    const page = await open();
    await says(page, "new");
    await inPage(page, "client.run('checkout', { on: () => 1, off: () => 0 })");
    const loaded = "performance.getEntriesByName(location.origin + '/sdk/reporter.js').length > 0";
    await eventually(() => inPage<boolean>(page, loaded), SOON_MS);
    await page.goto("about:blank");
    await eventually(async () => (await scene.metric("rampart_flag_runs_total")) === "1", SOON_MS);
  });

  describe("that was on when it was left", () => {
    beforeEach(async () => {
      const page = await open();
      await says(page, "new");
      await page.close();
    });

    it("never paints it again after a rollback", async () => {
      await scene.ramp(0);
      const page = await open();
      await inPage(page, "begun");
      await says(page, "old");
      expect(await inPage(page, "painted")).toEqual(["old"]);
    });

    it("paints it without a server where there is no lease", async () => {
      await scene.server.stop("SIGKILL");
      try {
        const page = await open();
        await says(page, "new");
        expect(await statusOf(page)).toMatchObject({ state: "stale" });
      } finally {
        await scene.server.start();
      }
    });
  });

  describe("that was on under a lease when it was left", () => {
    it("does not paint it without a server once the lease is over, and takes it back while it is open", async () => {
      await api(scene.server, "PATCH", FLAG_PATH, { leaseMs: 5_000 });
      const page = await open();
      await says(page, "new");
      await scene.server.stop("SIGKILL");
      try {
        await says(page, "old", 15_000);
        expect(await inPage(page, "painted")).toEqual(["old", "new", "old"]);
        await page.reload();
        await inPage(page, "begun");
        expect(await inPage(page, "client.evaluate('checkout', true)")).toMatchObject({
          value: false,
          reason: "STALE",
        });
        expect(await inPage(page, "painted")).toEqual(["old"]);
      } finally {
        await scene.server.start();
        await api(scene.server, "PATCH", FLAG_PATH, { leaseMs: null });
      }
    });
  });
});
