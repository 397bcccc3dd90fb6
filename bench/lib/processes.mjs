import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Below the range that outgoing connections take theirs from, which a run of 10,000 streams uses up. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** A port of loopback that nobody listens on. */
export async function freePort() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    const free = await new Promise((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`no free port between ${PORT_MIN} and ${PORT_MAX}`);
}

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a server and waits until its port takes connections.
 *
 * @param {{ command: string, args: readonly string[], port: number, env?: NodeJS.ProcessEnv, timeoutMs?: number }} options
 */
export async function startServer({ command, args, port, env = {}, timeoutMs = 20_000 }) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  running.add(child);
  let output = "";
  let ended;
  const keep = (chunk) => (output = (output + chunk).slice(-4000));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.on("error", (error) => (ended = error.message));
  const closed = new Promise((resolve) =>
    child.on("close", (code, signal) => {
      running.delete(child);
      ended ??= `it ended with ${signal ?? code}`;
      resolve();
    }),
  );
  const deadline = Date.now() + timeoutMs;
  while (!(await accepts(port))) {
    if (ended !== undefined || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(
        `${command} ${args[0] ?? ""} did not start on port ${port}: ${ended ?? "timed out"} ${output.trim()}`,
      );
    }
    await sleep(25);
  }
  return {
    pid: child.pid,
    output: () => output,
    /** Resolves when the process has ended, by whatever cause. */
    closed,
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
    stop: async () => {
      child.kill("SIGTERM");
      const patience = setTimeout(() => child.kill("SIGKILL"), 3000);
      await closed;
      clearTimeout(patience);
    },
  };
}

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

const statusOf = (pid) => readFileSync(`/proc/${pid}/status`, "utf8");

/** The process and its children's resident memory in kB: nginx does its work in a child. */
export function residentKb(pid) {
  return familyOf(pid).reduce((sum, member) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(statusOf(member))?.[1] ?? 0), 0);
}

/** CPU time that the process and its children have used, in milliseconds. Its resolution is that of the kernel's ticks, 10 ms. */
export function cpuMs(pid) {
  return familyOf(pid).reduce((sum, member) => {
    const fields = readFileSync(`/proc/${member}/stat`, "utf8").split(") ")[1].split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}

function familyOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
  return [pid, ...children.flatMap(familyOf)];
}

/** Waits until a server has done with what was asked of it: no CPU time for a while. Gives up after `timeoutMs`. */
export async function idle(pid, timeoutMs = 5000) {
  const deadline = Date.now() + timeoutMs;
  let used = -1;
  while (Date.now() < deadline && used !== cpuMs(pid)) {
    used = cpuMs(pid);
    await sleep(150);
  }
}
