/** SDK clients of the flag `bench`. Says once that all are on, and, each time that it changes, how many are; looks every 20 ms. */
import { built } from "./paths.mjs";

const { url, key, clients: count } = JSON.parse(process.argv[2]);
const { createClient } = await import(built("sdk-node"));
const clients = Array.from({ length: count }, () => createClient({ url, sdkKey: key }));
await Promise.all(clients.map((client) => client.init({ timeoutMs: 20_000 })));

let before = -1;
setInterval(() => {
  const on = clients.filter((client) => client.isEnabled("bench", "user")).length;
  if (on !== before) console.log(JSON.stringify({ on, at: Date.now() }));
  before = on;
}, 20);
process.stdin.on("end", () => process.exit(0)).resume();
