/**
 * The least that node:http can do, for comparison. `node node-bare.mjs PORT OPTIONS-AS-JSON`
 *
 * - GET /stream: an event stream; `firstBytes` of a first event come at once.
 * - POST anything: one event of `eventBytes`, encoded once, written straight to the socket of each stream; then the answer.
 * - GET anything else: `bodyPath`'s content as JSON from a prebuilt Buffer, or 304 when `If-None-Match` is its ETag.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [port, json] = process.argv.slice(2);
const { eventBytes = 200, firstBytes = 0, bodyPath } = JSON.parse(json ?? "{}");

const eventOf = (name, size) => {
  const head = `event: ${name}\ndata: `;
  const event = `${head}${"x".repeat(Math.max(0, size - head.length - 2))}\n\n`;
  return Buffer.from(`${event.length.toString(16)}\r\n${event}\r\n`);
};
const event = eventOf("delta", eventBytes);
const first = firstBytes > 0 ? eventOf("snapshot", firstBytes) : undefined;
const body = bodyPath === undefined ? Buffer.alloc(0) : readFileSync(bodyPath);
const etag = '"1:200"';
const bodyHeaders = { "content-type": "application/json", "content-length": body.length, etag };
const sockets = new Set();

const server = createServer((request, response) => {
  if (request.method === "POST") {
    for (const socket of sockets) socket.write(event);
    response.writeHead(200, { "content-length": 0 }).end();
  } else if (request.url === "/stream") {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.flushHeaders();
    const { socket } = response;
    if (first !== undefined) socket.write(first);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  } else if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag }).end();
  } else {
    response.writeHead(200, bodyHeaders).end(body);
  }
});
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 16_384 });
