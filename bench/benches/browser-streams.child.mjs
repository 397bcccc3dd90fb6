/**
 * Streams on bare sockets. `node browser-streams.child.mjs '{ port, count, requests: "browser" | "server", key }'`
 *
 * Says `ready` when all have their first frame. Told `{ round }` it forgets what came; told `{ report }` it answers with how many streams had a
 * change since, and `lastNs` of the last on CLOCK_MONOTONIC, which is the same in every process of the machine.
 */
import { connect } from "node:net";

const { port, count, kind, key } = JSON.parse(process.argv[2]);
const OPENING_AT_ONCE = 100;

let changed = 0;
let lastNs = 0n;

function requestOf(index) {
  const head = `HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\nx-rampart-sdk: bench/1\r\nx-rampart-instance: ${kind}-${index}\r\n`;
  if (kind === "server") return `GET /sdk/v1/stream ${head}\r\n`;
  const context = {
    targetingKey: `user-${index}`,
    plan: `plan-${index % 10}`,
    age: index % 90,
    page: `/shop/${index}`,
  };
  const body = JSON.stringify({ context });
  return `POST /client/v1/stream ${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

const FIRST = kind === "server" ? "event: snapshot" : "event: values";
const CHANGE = kind === "server" ? "event: delta" : "event: changed";

function open(index) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(requestOf(index)));
    let isOpen = false;
    socket.setEncoding("latin1").on("error", reject);
    socket.on("data", (text) => {
      if (!isOpen && text.includes(FIRST)) {
        isOpen = true;
        resolve();
      } else if (text.includes(CHANGE)) {
        changed += 1;
        lastNs = process.hrtime.bigint();
      }
    });
    socket.on("close", () => reject(new Error(`stream ${index} was closed`)));
  });
}

process.on("message", (message) => {
  if (message.kind === "round") changed = 0;
  else process.send({ kind: "report", changed, lastNs: String(lastNs) });
});
process.on("disconnect", () => process.exit(0));
for (let from = 0; from < count; from += OPENING_AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, count - from) }, (_, i) => open(from + i)));
process.send({ kind: "ready" });
