/** A site of ours in real Chromium, and the server whose flags it shows. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { api, freePort, ServerProcess, temporaryFolder } from "../e2e/harness.ts";

const SDK = fileURLToPath(new URL("../../packages/sdk-browser/dist/bundle/", import.meta.url));

export const FLAG = "checkout";
export const FLAG_PATH = `/api/v1/environments/production/flags/${FLAG}`;

/** A page with one button, whose words are the flag's. `painted` is everything that it ever showed. */
const APP = `
import { createClient } from "/sdk/index.js";
const ask = new URLSearchParams(location.search);
const button = document.querySelector("button");
window.painted = [];
window.errors = [];
window.client = createClient({
  url: ask.get("url"),
  clientKey: ask.get("key"),
  context: ask.get("context") ?? "user-1",
  hiddenMaxMs: Number(ask.get("hidden") ?? 120000),
});
const paint = () => {
  const word = client.isEnabled("${FLAG}") ? "new" : "old";
  button.textContent = word;
  if (painted.at(-1) !== word) painted.push(word);
};
client.on("change", paint);
client.on("error", ({ code }) => errors.push(code));
paint();
window.begun = client.init();
`;

/** Serves files of ours to the browser. */
export class Site {
  readonly #server: Server;
  /** Sent with every page. */
  csp: string | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `files`: texts by path, beside the page, its program and the SDK. */
  static async start(files: Readonly<Record<string, string>> = {}): Promise<Site> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://site").pathname;
      const body =
        path === "/"
          ? "<!doctype html><button></button><script type=module src=/app.js></script>"
          : (files[path] ?? fileAt(path));
      response.writeHead(body === undefined ? 404 : 200, {
        "content-type": path === "/" || path.endsWith(".html") ? "text/html" : "text/javascript",
        ...(site.csp === undefined ? {} : { "content-security-policy": site.csp }),
      });
      response.end(body);
    });
    const site = new Site(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return site;
  }

  get url(): string {
    // Web Locks are for secure pages; this name is one without a certificate.
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function fileAt(path: string): string | undefined {
  if (path === "/app.js") return APP;
  return /^\/sdk\/\w+\.js$/.test(path) ? readFileSync(join(SDK, path.slice(5)), "utf8") : undefined;
}

/** A server, a site and a browser, with one flag that browsers may see, at 100 %. */
export class Scene {
  readonly server: ServerProcess;
  readonly site: Site;
  readonly browser: Browser;
  readonly #folder: { dispose(): void };

  private constructor(parts: { server: ServerProcess; site: Site; browser: Browser; folder: { dispose(): void } }) {
    this.server = parts.server;
    this.site = parts.site;
    this.browser = parts.browser;
    this.#folder = parts.folder;
  }

  static async start(files?: Readonly<Record<string, string>>): Promise<Scene> {
    const folder = temporaryFolder();
    const server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
    await api(server, "POST", "/api/v1/flags", { key: FLAG });
    await api(server, "PATCH", FLAG_PATH, { clientVisible: true });
    const site = await Site.start(files);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const scene = new Scene({ server, site, browser, folder });
    await scene.ramp(100);
    return scene;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.site.stop();
    await this.server.stop("SIGKILL");
    this.#folder.dispose();
  }

  async ramp(percentage: number): Promise<void> {
    await api(this.server, "POST", `${FLAG_PATH}/rollout`, { percentage });
  }

  /** The value of the first series of one of the server's own metrics; undefined: there is none yet. */
  async metric(name: string): Promise<string | undefined> {
    const headers = { authorization: `Bearer ${this.server.tokens().admin}` };
    const text = await (await fetch(`${this.server.url}/metrics`, { headers })).text();
    return text.match(new RegExp(`^${name}(?:\\{.*\\})? (.+)$`, "m"))?.[1];
  }

  /** The page's address. */
  address(ask: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({ url: this.server.url, key: this.server.tokens().client, ...ask });
    return `${this.site.url}/?${query.toString()}`;
  }
}

export const CHROMIUM = "/usr/bin/chromium";

/** What the page's button says. */
export function wordOf(page: Page): Promise<string> {
  return page.locator("button").innerText();
}

/** An expression in the page. Its type is what the caller expects. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function inPage<T>(page: Page, expression: string): Promise<T> {
  return page.evaluate(expression);
}
