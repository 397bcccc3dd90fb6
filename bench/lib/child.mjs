import { spawn } from "node:child_process";

/**
 * Runs a Node program that prints one JSON value as its last line, and returns that value.
 *
 * @param {{ program: string, args?: readonly string[], nodeArgs?: readonly string[], timeoutMs: number, env?: NodeJS.ProcessEnv }} options
 */
export async function runJson({ program, args = [], nodeArgs = [], timeoutMs, env = {} }) {
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    env: { ...process.env, ...env },
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk) => (err = (err + chunk).slice(-4000)));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...end) => resolve(end));
  });
  if (code !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${signal ?? code}: ${err.trim() || "it said nothing"}`);
  return JSON.parse(out.trim().split("\n").at(-1));
}

/** The next message of a forked child that has the field. Rejects when the child ends first. */
export function said(child, field) {
  return new Promise((resolve, reject) => {
    const gone = (code) => reject(new Error(`a child process ended with ${code} before it said ${field}`));
    const listen = (message) => {
      if (!(field in message)) return;
      child.off("message", listen).off("exit", gone);
      resolve(message);
    };
    child.on("message", listen).on("exit", gone);
  });
}
