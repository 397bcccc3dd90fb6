import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { BENCH } from "./paths.mjs";

/**
 * SDK clients of the flag `bench` in a process of their own.
 *
 * @param {{ url: string, key: string, clients: number, prefix?: readonly string[] }} options a prefix is a command that runs another one
 */
export function startSdkClients({ prefix = [], ...options }) {
  const program = join(BENCH, "lib", "sdk-clients.child.mjs");
  const [command, ...args] = [...prefix, process.execPath, program, JSON.stringify(options)];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  let last = { on: -1, at: 0 };
  createInterface({ input: child.stdout }).on("line", (line) => (last = JSON.parse(line)));
  return {
    /** Resolves with the moment at which so many were on. */
    whenOn: async (count, timeoutMs = 60_000) => {
      for (const deadline = Date.now() + timeoutMs; last.on !== count; await sleep(20))
        if (Date.now() > deadline) throw new Error(`${last.on} clients are on after ${timeoutMs} ms, not ${count}`);
      return last.at;
    },
    stop: () => child.kill("SIGKILL"),
  };
}
