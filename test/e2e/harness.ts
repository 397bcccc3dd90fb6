/** Starts the built programs as a person would, and takes them down as a bad night would. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const CLI = join(ROOT, "packages", "cli", "dist", "bin.js");
const READY_TIMEOUT_MS = 20_000;

export interface FirstTokens {
  readonly admin: string;
  readonly server: string;
  readonly client: string;
}

/** A temporary folder that goes away with `dispose`. */
export function temporaryFolder(): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), "rampart-e2e-"));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** A server process that can be killed and started again on the same data. */
export class ServerProcess {
  readonly url: string;
  readonly dataDir: string;
  readonly #args: readonly string[];
  readonly #nodeArgs: readonly string[];
  #child: ChildProcess | undefined;
  output = "";

  constructor(options: {
    readonly port: number;
    readonly dataDir: string;
    readonly args?: readonly string[];
    /** What is run in place of a server. */
    readonly program?: readonly string[];
    /** Of the process itself, before the program. */
    readonly nodeArgs?: readonly string[];
  }) {
    this.#nodeArgs = options.nodeArgs ?? [];
    this.url = `http://127.0.0.1:${options.port}`;
    this.dataDir = options.dataDir;
    const program = options.program ?? ["server", "--data-dir", options.dataDir];
    this.#args = [...program, "--port", String(options.port), ...(options.args ?? [])];
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...this.#nodeArgs, CLI, ...this.#args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${this.output}`);
      return (await fetch(`${this.url}/ready`).catch(() => undefined))?.ok === true;
    }, READY_TIMEOUT_MS);
  }

  tokens(): FirstTokens {
    return JSON.parse(readFileSync(join(this.dataDir, "first-tokens.json"), "utf8")) as FirstTokens;
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves with the exit code, or the signal's name. */
  async stop(signal: NodeJS.Signals): Promise<number | string> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? "gone";
    child.kill(signal);
    const [code, by] = (await once(child, "exit")) as [number | null, string | null];
    return code ?? by ?? "gone";
  }

  /** Does something while the server is dead. It is started again whatever comes of that, so that the next test finds it. */
  async whileDead(act: () => Promise<void>): Promise<void> {
    await this.stop("SIGKILL");
    try {
      await act();
    } finally {
      await this.start();
    }
  }
}

export interface ClientReport {
  readonly state: string;
  readonly epoch: string | undefined;
  readonly revision: number;
  readonly transport: string;
  readonly on: number;
}

/** `processes` × `clients` SDK clients. */
export class SdkFleet {
  readonly #children: readonly ChildProcess[];

  constructor(options: {
    readonly url: string;
    readonly sdkKey: string;
    readonly flag: string;
    readonly processes: number;
    readonly clients: number;
    readonly cacheDir?: string;
    /** What the processes are started with, before their own names; for another network. */
    readonly prefix?: readonly string[];
  }) {
    const { processes, prefix = [], ...rest } = options;
    const program = fileURLToPath(new URL("sdk-process.mjs", import.meta.url));
    const command: readonly string[] = [...prefix, process.execPath, program, JSON.stringify(rest)];
    const [first = "", ...line] = command;
    this.#children = Array.from({ length: processes }, () =>
      spawn(first, line, { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    );
  }

  /** Resolves once every process has opened its clients. */
  async ready(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        const gone = once(child, "exit").then(([code]) =>
          Promise.reject(new Error(`an SDK process ended with ${String(code)}`)),
        );
        return Promise.race([once(child, "message"), gone]);
      }),
    );
  }

  async reports(): Promise<readonly ClientReport[]> {
    const answers = this.#children.map(async (child) => {
      const answer = once(child, "message");
      child.send({ ask: "status" });
      const [message] = (await answer) as [{ readonly report: readonly ClientReport[] }];
      return message.report;
    });
    return (await Promise.all(answers)).flat();
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null) return;
        const exit = once(child, "exit");
        child.disconnect();
        await exit;
      }),
    );
  }
}

const LOOK_EVERY_MS = 25;

/** Asks until the answer is yes; the only waiting in these runs, and it waits for a fact, not for time. */
export async function eventually(condition: () => Promise<boolean> | boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A call of the management API; `T` is what the caller expects in the answer. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export async function api<T>(
  server: Pick<ServerProcess, "url" | "tokens">,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: T }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      accept: "application/json",
      authorization: `Bearer ${server.tokens().admin}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** A plan that puts everybody on at once, for an hour, and watches nothing. `lease`: as a plan has it; the usual one when left out. */
export const planForAll = (flag: string, lease?: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 1s
${lease === undefined ? "" : `  lease: ${lease}\n`}  stages: [ { name: all, percentage: 100, duration: 1h, timeout: 2h } ]
`;
