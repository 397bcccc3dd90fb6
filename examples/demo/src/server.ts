import { spawn, type ChildProcess } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A Rampart server in a process of its own, on a fresh data folder. */
export interface DemoServer {
  readonly url: string;
  readonly adminToken: string;
  readonly sdkKey: string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 50;
const CLI = fileURLToPath(new URL("./bin.js", import.meta.resolve("@rampart/cli")));

/** Starts the server and waits until it is ready; rejects with what the server said when it is not in time. */
export async function startServer(): Promise<DemoServer> {
  const folder = await mkdtemp(join(tmpdir(), "rampart-demo-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [CLI, "server", "--port", String(port), "--data-dir", folder, "--log-level", "error"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const close = async () => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  if (!(await isReady(url, child))) {
    await close();
    throw new Error(`the server did not become ready within ${START_TIMEOUT_MS / 1000} s:\n${said}`);
  }
  const tokens = JSON.parse(await readFile(join(folder, "first-tokens.json"), "utf8")) as { readonly admin: string; readonly server: string };
  return { url, adminToken: tokens.admin, sdkKey: tokens.server, close };
}

async function isReady(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`${url}/ready`).catch(() => undefined);
    if (response?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}

/** Asks the system for a port nobody uses. Another process could take it before the server does; then the demo says so and ends. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port is free"))));
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
