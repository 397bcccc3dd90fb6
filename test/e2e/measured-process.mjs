/**
 * SDK clients in a process of their own that serve users through `run`, those from number `from` on. `{ on, off }` over IPC: the share of each
 * path's calls that fail from now on.
 */
import { createClient } from "@rampart/sdk-node";

const { url, sdkKey, flag, clients: count, from = 0 } = JSON.parse(process.argv[2]);
const CALLS_PER_TICK = 20;
const TICK_MS = 50;
const USERS = 3000;

const clients = Array.from({ length: count }, () => createClient({ url, sdkKey }));
await Promise.all(clients.map((client) => client.init({ timeoutMs: 10_000 })));

let fails = { on: 0, off: 0 };
const path = (share) => () => {
  if (Math.random() < share) throw new Error("broken");
};

const timer = setInterval(() => {
  for (let call = 0; call < CALLS_PER_TICK; call += 1) {
    const client = clients[call % clients.length];
    const user = `user-${from + Math.floor(Math.random() * USERS)}`;
    try {
      client.run(flag, user, { on: path(fails.on), off: path(fails.off) });
    } catch {
      // What fails is counted by the SDK.
    }
  }
}, TICK_MS);

process.on("message", (message) => {
  fails = message;
});
process.once("disconnect", () => {
  clearInterval(timer);
  void Promise.all(clients.map((client) => client.close())).then(() => process.exit(0));
});
process.send({ kind: "ready" });
