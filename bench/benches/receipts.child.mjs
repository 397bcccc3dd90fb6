/**
 * Clients that speak the SDK protocol on bare sockets: a stream each, and a receipt for each urgent change, up to half a second after it. Told
 * `{ ack }`, they answer the next urgent change with `{ receivedAt, ackedAt, acks }`: the wall clock at the last frame and at the last answer.
 */
import { Agent, request } from "node:http";
import { connect } from "node:net";

const { port, key, clients, name } = JSON.parse(process.argv[2]);
const OPENING_AT_ONCE = 200;
const RECEIPT_SPREAD_MS = 500;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

let round = { ack: true, frames: 0, acks: 0, receivedAt: 0, ackedAt: 0 };

function open(index) {
  const instanceId = `${name}-${index}`;
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(
        `GET /sdk/v1/stream HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\nauthorization: Bearer ${key}\r\nx-rampart-sdk: bench/1\r\nx-rampart-instance: ${instanceId}\r\n\r\n`,
      ),
    );
    let rest = "";
    socket.setEncoding("latin1").on("error", reject);
    socket.on("data", (text) => {
      rest += text;
      for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
        const frame = rest.slice(0, end);
        rest = rest.slice(end + 2);
        // A snapshot, or what a server says that is too busy to vouch for one.
        if (!frame.includes("event: delta")) resolve();
        else if (frame.includes('"urgent":true')) urgent(instanceId, frame);
      }
    });
  });
}

function urgent(instanceId, frame) {
  round.receivedAt = Date.now();
  round.frames += 1;
  const { ack } = round;
  const { epoch, revision } = JSON.parse(frame.slice(frame.indexOf("data: ") + 6));
  const body = JSON.stringify({ instanceId, epoch, revision, appliedAt: round.receivedAt });
  // Without receipts it does all but the sending, so that what differs is what the server gets.
  setTimeout(() => ack && post(body), Math.random() * RECEIPT_SPREAD_MS);
  answerWhenDone();
}

function post(body) {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-rampart-sdk": "bench/1",
    "x-rampart-instance": JSON.parse(body).instanceId,
  };
  const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/sdk/v1/ack", agent, headers }, (response) => {
    response.resume().on("end", () => {
      if (response.statusCode >= 300) throw new Error(`a receipt was answered with ${response.statusCode}`);
      round.acks += 1;
      round.ackedAt = Date.now();
      answerWhenDone();
    });
  });
  sent.end(body);
}

function answerWhenDone() {
  if (round.frames === clients && (!round.ack || round.acks === clients)) process.send(round);
}

process.on("message", ({ ack }) => {
  round = { ack, frames: 0, acks: 0, receivedAt: 0, ackedAt: 0 };
  process.send({ isReady: true });
});
process.once("disconnect", () => process.exit(0));

for (let from = 0; from < clients; from += OPENING_AT_ONCE) {
  const some = Array.from({ length: Math.min(OPENING_AT_ONCE, clients - from) }, (_, i) => open(from + i));
  await Promise.all(some);
}
process.send({ isOpen: true });
