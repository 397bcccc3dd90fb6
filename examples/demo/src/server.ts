import { spawn } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, stop, untilAnswers } from "./processes.ts";

/** A Rampart server in a process of its own, on a fresh data folder. */
export interface DemoServer {
  readonly url: string;
  readonly adminToken: string;
  readonly sdkKey: string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const CLI = fileURLToPath(new URL("./bin.js", import.meta.resolve("@rampart/cli")));

/** Starts the server and waits until it is ready; rejects with what the server said when it is not in time. */
export async function startServer(): Promise<DemoServer> {
  const folder = await mkdtemp(join(tmpdir(), "rampart-demo-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [CLI, "server", "--port", String(port), "--data-dir", folder, "--log-level", "error"],
    {
      stdio: ["ignore", "pipe", "pipe"],
      // The sample service, which the plan's metrics ask, is on this machine.
      env: { ...process.env, RAMPART_EGRESS_PRIVATE: "true" },
    },
  );
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const close = async () => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  if (!(await untilAnswers(`${url}/ready`, child, START_TIMEOUT_MS))) {
    await close();
    throw new Error(`the server did not become ready within ${START_TIMEOUT_MS / 1000} s:\n${said}`);
  }
  const tokens = JSON.parse(await readFile(join(folder, "first-tokens.json"), "utf8")) as {
    readonly admin: string;
    readonly server: string;
  };
  return { url, adminToken: tokens.admin, sdkKey: tokens.server, close };
}
