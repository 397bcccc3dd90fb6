import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromService, ToService } from "./protocol.ts";

/** What is known of one process of the sample service. */
export interface ServiceView {
  readonly name: string;
  readonly state: string;
  readonly revision: number;
  /** Over the last second. */
  readonly requests: number;
  readonly onShare: number;
  readonly failureShare: number;
  /** When it applied which revision, by the wall clock, epoch milliseconds. */
  readonly applied: readonly { readonly revision: number; readonly at: number }[];
}

const REPORTS_KEPT = 10;
const CLOSE_TIMEOUT_MS = 3000;

class Service {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #reports: { readonly requests: number; readonly on: number; readonly failures: number }[] = [];
  #revision = 0;
  #state = "starting";
  readonly #applied: { readonly revision: number; readonly at: number }[] = [];
  requests = 0;
  failures = 0;

  constructor(name: string, args: readonly string[], onMessage: () => void) {
    this.name = name;
    this.#child = fork(fileURLToPath(new URL("./service.js", import.meta.url)), args, {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (message: FromService) => {
      this.#take(message);
      onMessage();
    });
    this.#child.on("exit", (code) => {
      this.#state = code === 0 ? "stopped" : `exited with ${code}`;
      onMessage();
    });
  }

  #take(message: FromService): void {
    if (message.kind === "applied") {
      this.#applied.push({ revision: message.revision, at: message.at });
      this.#revision = message.revision;
      return;
    }
    this.#reports.push(message);
    this.requests += message.requests;
    this.failures += message.failures;
    if (this.#reports.length > REPORTS_KEPT) this.#reports.shift();
    this.#revision = message.revision;
    this.#state = message.state;
  }

  view(): ServiceView {
    const total = (field: "requests" | "on" | "failures") =>
      this.#reports.reduce((sum, report) => sum + report[field], 0);
    const requests = total("requests");
    const share = (count: number) => (requests === 0 ? 0 : count / requests);
    return {
      name: this.name,
      state: this.#state,
      revision: this.#revision,
      requests,
      onShare: share(total("on")),
      failureShare: share(total("failures")),
      applied: [...this.#applied],
    };
  }

  send(message: ToService): void {
    this.#child.send(message);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
      this.#child.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.#child.exitCode !== null) {
        clearTimeout(timer);
        resolve();
      } else if (this.#child.connected) this.#child.disconnect();
    });
  }
}

/** The sample service's processes. */
export class Fleet {
  readonly #services: readonly Service[];
  readonly #waiters = new Set<() => void>();

  constructor(options: {
    readonly size: number;
    readonly url: string;
    readonly sdkKey: string;
    readonly flag: string;
  }) {
    const args = [options.url, options.sdkKey, options.flag];
    this.#services = Array.from(
      { length: options.size },
      (_, index) => new Service(`service-${index + 1}`, args, () => this.#wake()),
    );
  }

  views(): readonly ServiceView[] {
    return this.#services.map((service) => service.view());
  }

  breakNewCode(share: number): void {
    for (const service of this.#services) service.send({ kind: "fault", share });
  }

  /** Requests ask for another flag from now on. */
  turnTo(flag: string): void {
    for (const service of this.#services) service.send({ kind: "scenery", flag });
  }

  /** Since the start. */
  totals(): { readonly requests: number; readonly failures: number } {
    return {
      requests: this.#services.reduce((sum, service) => sum + service.requests, 0),
      failures: this.#services.reduce((sum, service) => sum + service.failures, 0),
    };
  }

  /** Share of failed requests over the last second; 0 without traffic. */
  errorRate(): number {
    const views = this.views();
    const requests = views.reduce((sum, view) => sum + view.requests, 0);
    return requests === 0 ? 0 : views.reduce((sum, view) => sum + view.failureShare * view.requests, 0) / requests;
  }

  /** Resolves with whether `condition` came true, looked at whenever a process says something. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return true;
    return new Promise((resolve) => {
      const finish = (outcome: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(outcome);
      };
      const look = () => {
        if (condition()) finish(true);
      };
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#waiters.add(look);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.close()));
  }

  #wake(): void {
    for (const look of this.#waiters) look();
  }
}
