/**
 * SDK clients in a process of their own, of which the first two serve users, so that there is something to compare.
 * `node console.child.mjs URL SDK-KEY COUNT FLAG`; tells the parent when it is `ready`.
 */
import { built } from "../lib/paths.mjs";

const [url, sdkKey, count, flag] = process.argv.slice(2);
const USERS = 3000;
const CALLS_PER_TICK = 10;
const TICK_MS = 50;
const FAILING = 0.01;

const { createClient } = await import(built("sdk-node"));
const clients = Array.from({ length: Number(count) }, () => createClient({ url, sdkKey }));
// A few at a time: it is the page that is measured, not the coming up.
for (let first = 0; first < clients.length; first += 25)
  await Promise.all(clients.slice(first, first + 25).map((client) => client.init({ timeoutMs: 15_000 })));

const serve = () => {
  if (Math.random() < FAILING) throw new Error("made up");
};
setInterval(() => {
  for (let call = 0; call < CALLS_PER_TICK; call += 1) {
    try {
      clients[call % 2].run(flag, `user-${Math.floor(Math.random() * USERS)}`, { on: serve, off: serve });
    } catch {
      // What fails is counted by the SDK.
    }
  }
}, TICK_MS);

process.on("disconnect", () => process.exit(0));
process.send("ready");
