import { Agent, request } from "node:http";

/** Connections that are open before it begins: those of clients that are there already, which no storm stands before. */
const CONNECTIONS = 32;
const EVERY_MS = 10;

/**
 * Asks a server for its health every 10 ms, whether or not it has answered before, from now until `stop`, which resolves with how long the answers took in
 * milliseconds. What was asked while the server did not answer waits for as long as it did not: the times are those of requests that come at any moment.
 *
 * @param {{ port: number }} server
 */
export async function startProbe({ port }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const ask = () =>
    new Promise((resolve, reject) => {
      const askedMs = performance.now();
      const sent = request({ host: "127.0.0.1", port, path: "/health", agent }, (response) => {
        response.resume().on("end", () => resolve(performance.now() - askedMs));
      });
      sent.on("error", reject).end();
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  const asked = [];
  const timer = setInterval(() => asked.push(ask()), EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      const took = await Promise.all(asked);
      agent.destroy();
      return took;
    },
  };
}
