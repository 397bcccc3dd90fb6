/** Many windows of the console in one browser, which opens six connections to a server at most. */
import { once } from "node:events";
import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../e2e/harness.ts";
import { isInstalled } from "../e2e/real-parts.ts";
import { CALM_STAGES, Desk, hold } from "./harness.ts";

const WINDOWS = 8;
const SOON = { timeout: 20_000 };

describe.skipIf(!isInstalled("chromium"))("eight windows of one browser", () => {
  let desk: Desk;
  let context: BrowserContext;
  let streams: Set<Page>;
  let made = 0;

  beforeAll(async () => {
    desk = await Desk.start();
  });
  afterAll(() => desk?.stop());
  beforeEach(async () => {
    context = await desk.signedIn();
    streams = new Set();
  });
  afterEach(() => context.close());

  async function running(name: string): Promise<string> {
    made += 1;
    const flag = `${name}-${made}`;
    const id = await desk.rollout(flag, desk.plan(flag, CALM_STAGES));
    await desk.isAt(id, "running");
    return id;
  }

  async function opened(count: number, path: string): Promise<readonly Page[]> {
    const pages: Page[] = [];
    for (let window = 0; window < count; window += 1) {
      const page = await context.newPage();
      page.on("request", (request) => request.url().endsWith("/api/v1/changes") && streams.add(page));
      await page.goto(path);
      await page.locator(".now", { hasText: "5 %" }).waitFor(SOON);
      pages.push(page);
    }
    return pages;
  }

  it("hear by one stream, and the kill works in the eighth", async () => {
    const id = await running("windows");
    const pages = await opened(WINDOWS, `/rollouts/${id}`);
    expect(streams.size).toBe(1);
    await hold(pages.at(-1) as Page, "Roll back to 0 %");
    for (const page of pages) await page.locator(".now", { hasText: /^0 %$/ }).waitFor(SOON);
  });

  it("go on hearing when the one that had the stream is closed", async () => {
    const id = await running("closing");
    const [first, ...others] = await opened(3, `/rollouts/${id}`);
    await first?.close();
    await eventually(() => others.some((page) => streams.has(page)), SOON.timeout);
    await desk.tell(id, "promote");
    for (const page of others) await page.locator(".now", { hasText: "100 %" }).waitFor(SOON);
    await Promise.all(others.map((page) => page.locator(".strip-bad").waitFor({ state: "detached", ...SOON })));
    expect(streams.size).toBe(2);
  });

  it("take a feature back while as many answers hang as there are connections", async () => {
    const id = await running("hanging");
    const proxy = await HangingProxy.start(desk.server.url);
    try {
      const pages = await opened(WINDOWS / 2, `${proxy.url}/rollouts/${id}`);
      proxy.isHanging = true;
      await eventually(() => proxy.hanging >= CONNECTIONS_MAX - 1, SOON.timeout);
      await hold(pages.at(-1) as Page, "Roll back to 0 %");
      await eventually(async () => (await desk.view(id)).percentage === 0, REACHED_WITHIN_MS);
    } finally {
      await proxy.stop();
    }
  });
});

/** Of a browser, to one server. */
const CONNECTIONS_MAX = 6;

/** Below the ten seconds after which the console gives up a call, and so frees its connection. */
const REACHED_WITHIN_MS = 5_000;

/** Stands before a server, and can stop answering what is read: only the stream and commands get through. */
class HangingProxy {
  readonly #server: Server;
  isHanging = false;
  /** Answers that hang now. */
  hanging = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: string): Promise<HangingProxy> {
    const server = createServer((request, response) => {
      if (proxy.isHanging && request.method === "GET") {
        proxy.hanging += 1;
        response.once("close", () => (proxy.hanging -= 1));
        return;
      }
      const { method = "GET", headers, url = "/" } = request;
      const forwarded = forward(`${target}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      forwarded.on("error", () => response.destroy());
      response.on("close", () => forwarded.destroy());
      request.pipe(forwarded);
    });
    const proxy = new HangingProxy(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
