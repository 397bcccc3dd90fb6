/** The console in real Chromium, over a real server with real SDKs and a metric source that can be made to fail. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CreatedToken, RolloutView } from "@rampart/core";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { CHROMIUM } from "../browser/harness.ts";
import { api, eventually, freePort, ServerProcess, temporaryFolder } from "../e2e/harness.ts";

/** What services say of themselves, as one JSON document. */
export class MetricSource {
  readonly #server: Server;
  isBad = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<MetricSource> {
    const server = createServer((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(source.#document())),
    );
    const source = new MetricSource(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return source;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/metrics.json`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #document(): { readonly p95: number; readonly errors: number } {
    const seconds = Date.now() / 1000;
    return this.isBad
      ? { p95: 1.4 + 0.1 * Math.sin(seconds / 3), errors: 0.07 }
      : { p95: 0.31 + 0.05 * Math.sin(seconds / 3), errors: 0.004 + 0.002 * Math.sin(seconds / 2) };
  }
}

/** A server, what it measures, and a browser that looks at its console. */
export class Desk {
  readonly server: ServerProcess;
  readonly metrics: MetricSource;
  readonly browser: Browser;
  readonly #folder: { dispose(): void };

  private constructor(parts: Pick<Desk, "server" | "metrics" | "browser">, folder: { dispose(): void }) {
    this.server = parts.server;
    this.metrics = parts.metrics;
    this.browser = parts.browser;
    this.#folder = folder;
  }

  static async start(args: readonly string[] = []): Promise<Desk> {
    const folder = temporaryFolder();
    const server = new ServerProcess({
      port: await freePort(),
      dataDir: folder.path,
      args: ["--egress-private", ...args],
    });
    await server.start();
    const metrics = await MetricSource.start();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    return new Desk({ server, metrics, browser }, folder);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.metrics.stop();
    await this.server.stop("SIGKILL");
    this.#folder.dispose();
  }

  /** A browser of its own in which whoever holds the token is signed in; without one the administrator. */
  async signedIn(options: BrowserContextOptions & { readonly token?: string } = {}): Promise<BrowserContext> {
    const { token = this.server.tokens().admin, ...rest } = options;
    const response = await fetch(`${this.server.url}/console/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    const [name = "", value = ""] = (response.headers.get("set-cookie") ?? "").split(";")[0]?.split("=") ?? [];
    const context = await this.browser.newContext({ baseURL: this.server.url, ...rest });
    await context.addCookies([{ name, value, url: this.server.url, httpOnly: true, sameSite: "Strict" }]);
    return context;
  }

  async token(body: object): Promise<string> {
    return (await api<CreatedToken>(this.server, "POST", "/api/v1/tokens", body)).body.token;
  }

  async flag(key: string, more: object = {}): Promise<void> {
    await api(this.server, "POST", "/api/v1/flags", { key, ...more });
  }

  /** Makes the flag and starts a rollout of it. Resolves with the rollout's id. */
  async rollout(flag: string, plan: string): Promise<string> {
    await this.flag(flag);
    const { status, body } = await api<RolloutView>(this.server, "POST", "/api/v1/rollouts", { plan });
    if (status !== 201) throw new Error(`the rollout was not made: ${JSON.stringify(body)}`);
    return body.id;
  }

  async view(id: string): Promise<RolloutView> {
    return (await api<RolloutView>(this.server, "GET", `/api/v1/rollouts/${id}`)).body;
  }

  /** Resolves when the rollout's status is the one. */
  async isAt(id: string, status: RolloutView["status"], withinMs = 20_000): Promise<void> {
    await eventually(async () => (await this.view(id)).status === status, withinMs);
  }

  async tell(id: string, command: string, body: object = {}): Promise<void> {
    const answer = await api(this.server, "POST", `/api/v1/rollouts/${id}/${command}`, body);
    if (answer.status >= 300) throw new Error(`${command} was refused: ${JSON.stringify(answer.body)}`);
  }

  /** A plan with everything that the page of a rollout shows, on this desk's metrics. */
  plan(flag: string, stages: string = STAGES): string {
    return `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag}, title: "${flag}: production canary" }
spec:
  flag: ${flag}
  environment: production
  interval: 1s
  metrics:
    p95: { http: { url: "${this.metrics.url}", measure: { pointer: /p95 } }, unit: seconds }
    error_rate: { http: { url: "${this.metrics.url}", measure: { pointer: /errors } }, unit: ratio }
    tickets: { signal: support_tickets, unit: count }
  triggers:
    - { name: errors, when: "error_rate >= 5%", for: 3s, action: rollback, severity: P0 }
    - { name: slow, when: "p95 >= 1000ms", for: 2m, action: rollback, severity: P1 }
    - { name: security, signal: security_incident, action: rollback, severity: P0 }
    - { name: tickets, when: "tickets >= 50", action: pause, severity: P1 }
  stages:
${stages}
  rollback: { verify: { within: 2m, criteria: [ { require: "error_rate < 1%", for: 3s } ] } }
`;
  }
}

/** Half a minute at each stage; the second one is opened by a person. */
export const STAGES = `    - { name: canary, percentage: 5, duration: 3s, timeout: 5m, criteria: [ { require: "p95 < 500ms", for: 2s } ] }
    - { name: quarter, percentage: 25, duration: 30m, timeout: 50m, approvals: [ { role: engineering-lead } ], checklist: [ "User feedback neutral or positive" ] }
    - { name: full, percentage: 100, duration: 30m, timeout: 50m }`;

/** A long first stage without people. */
export const CALM_STAGES = `    - { name: canary, percentage: 5, duration: 30m, timeout: 50m, criteria: [ { require: "p95 < 500ms", for: 1m } ] }
    - { name: full, percentage: 100, duration: 30m, timeout: 50m }`;

/** Holds the element's button down for as long as it takes. */
export async function hold(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).hover();
  await page.mouse.down();
  await page.waitForTimeout(HOLD_MS);
  await page.mouse.up();
}

/** The button acts after 700 ms. */
export const HOLD_MS = 900;
