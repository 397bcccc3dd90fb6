/** Debian's Prometheus and Alertmanager on private ports, fed by a sample service. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { eventually, freePort } from "./harness.ts";

const START_TIMEOUT_MS = 30_000;

/** False: the suite is left out, and says so. With CI=true nothing may be left out, and the runner counts it as a failure. */
export function isInstalled(...programs: readonly string[]): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length > 0) console.warn(`left out: ${missing.join(", ")} is not installed`);
  return missing.length === 0;
}

/** A service whose requests can be made to fail, with the metrics that a Prometheus client library would give it. */
export class SampleService {
  readonly #server: Server;
  #counts = { good: 0, bad: 0 };
  readonly #traffic: NodeJS.Timeout;
  failureShare = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.#traffic = setInterval(() => this.#serve(), 50);
  }

  static async start(): Promise<SampleService> {
    const server = createServer((_, response) =>
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(service.metrics()),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const service = new SampleService(server);
    return service;
  }

  get target(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  metrics(): string {
    const { good, bad } = this.#counts;
    return [
      "# TYPE http_requests_total counter",
      `http_requests_total{status="200"} ${good}`,
      `http_requests_total{status="500"} ${bad}`,
      "# TYPE http_request_duration_seconds histogram",
      `http_request_duration_seconds_bucket{le="0.1"} ${good}`,
      `http_request_duration_seconds_bucket{le="0.5"} ${good + bad}`,
      `http_request_duration_seconds_bucket{le="+Inf"} ${good + bad}`,
      `http_request_duration_seconds_sum ${good * 0.05}`,
      `http_request_duration_seconds_count ${good + bad}`,
      "",
    ].join("\n");
  }

  /** As a process that starts anew: its counters begin at nothing. */
  restart(): void {
    this.#counts = { good: 0, bad: 0 };
  }

  async stop(): Promise<void> {
    clearInterval(this.#traffic);
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** Ten requests, of which the share that fails is exact over time. */
  #serve(): void {
    for (let request = 0; request < 10; request += 1) {
      const total = this.#counts.good + this.#counts.bad;
      const isBad = this.failureShare > 0 && (total * this.failureShare) % 1 < this.failureShare;
      if (isBad) this.#counts.bad += 1;
      else this.#counts.good += 1;
    }
  }
}

/** Puts samples of the past where Prometheus will find them when it starts. */
function backfill(folder: string, openMetrics: string): void {
  const file = join(folder, "past.txt");
  writeFileSync(file, openMetrics);
  const args = ["tsdb", "create-blocks-from", "openmetrics", file, join(folder, "data")];
  const { status, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`promtool ended with ${status}:\n${stderr}`);
}

/** A program on a private port, ready to answer. */
export class Counterpart {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async prometheus(options: {
    readonly folder: string;
    readonly target?: string;
    readonly rules?: string;
    readonly alertmanager?: string;
    /** What it knows of the past, as OpenMetrics text with the instants of the samples. */
    readonly past?: string;
  }): Promise<Counterpart> {
    const folder = join(options.folder, "prometheus");
    mkdirSync(folder);
    const port = await freePort();
    const targets = JSON.stringify(options.target === undefined ? [] : [options.target]);
    const lines = [
      "global: { scrape_interval: 1s, evaluation_interval: 1s }",
      "scrape_configs:",
      `  - { job_name: sample, static_configs: [ { targets: ${targets} } ] }`,
    ];
    if (options.past !== undefined) backfill(folder, options.past);
    if (options.rules !== undefined) {
      writeFileSync(join(folder, "rules.yml"), options.rules);
      lines.push(`rule_files: ["${join(folder, "rules.yml")}"]`);
    }
    if (options.alertmanager !== undefined)
      lines.push(`alerting: { alertmanagers: [ { static_configs: [ { targets: ["${options.alertmanager}"] } ] } ] }`);
    const config = join(folder, "prometheus.yml");
    writeFileSync(config, `${lines.join("\n")}\n`);
    return Counterpart.#start("prometheus", port, [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
  }

  static async alertmanager(options: {
    readonly folder: string;
    readonly webhook: string;
    readonly token: string;
  }): Promise<Counterpart> {
    const folder = join(options.folder, "alertmanager");
    mkdirSync(folder);
    const port = await freePort();
    const config = join(folder, "alertmanager.yml");
    writeFileSync(
      config,
      [
        "route: { receiver: rampart, group_wait: 0s, group_interval: 1s, repeat_interval: 1h }",
        "receivers:",
        "  - name: rampart",
        "    webhook_configs:",
        `      - url: ${options.webhook}`,
        "        send_resolved: true",
        `        http_config: { authorization: { type: Bearer, credentials: "${options.token}" } }`,
        "",
      ].join("\n"),
    );
    return Counterpart.#start("prometheus-alertmanager", port, [
      `--config.file=${config}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ]);
  }

  static async #start(program: string, port: number, args: readonly string[]): Promise<Counterpart> {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${said}`);
      return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
    }, START_TIMEOUT_MS);
    return new Counterpart(url, child);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exit;
  }
}
