import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { compile } from "./gcc.mjs";

/**
 * Streams held by the load generator (`c/sse-load.c`); several ports get them in turn, and the first is fired at.
 *
 * @param {{ port: number | readonly number[], streams: number, inFlight: number, timeoutS: number, until: string, marker: string, request: string }} options
 */
export function openStreams({ port, streams, inFlight, timeoutS, until, marker, request }) {
  const args = [port, streams, inFlight, timeoutS, until, marker, request].map(String);
  const child = spawn(compile("sse-load"), args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise((resolve) => child.on("close", resolve));
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the load generator ended; its last words are above");
    return JSON.parse(value);
  };
  return {
    opened: answer(),
    /** Sends the request and waits until every open stream has the event, or the time is up. */
    fire: (text) => {
      child.stdin.write(`fire ${Buffer.byteLength(text)}\n${text}`);
      return answer();
    },
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

/** A request as bytes, for the C programs. */
export function rawRequest(method, path, { headers = {}, body } = {}) {
  const all = {
    host: "127.0.0.1",
    ...headers,
    ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

/**
 * The same request again and again (`c/http-load.c`).
 *
 * @param {{ port: number, connections: number, requests: number, timeoutS: number, request: string }} options
 */
export async function hammer({ port, connections, requests, timeoutS, request }) {
  const child = spawn(compile("http-load"), [port, connections, requests, timeoutS, request].map(String), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (out += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`the load generator ended with ${code}; its last words are above`);
  return JSON.parse(out);
}
