/**
 * Many SDK clients of one server, in one process. `node flip.child.mjs URL SDK-KEY COUNT`
 *
 * Tells the parent when all are `ready`, with how many are in contact, and when each has `applied` a revision:
 * `lastNs` on CLOCK_MONOTONIC, which is the same in every process of the machine.
 */
import { built } from "../lib/paths.mjs";

const [url, sdkKey] = process.argv.slice(2);
const count = Number(process.argv[4]);
const { createClient } = await import(built("sdk-node"));

const seen = new Map();
const clients = Array.from({ length: count }, () => createClient({ url, sdkKey }));
for (const client of clients) {
  client.on("change", ({ revision }) => {
    const lastNs = process.hrtime.bigint();
    const so = (seen.get(revision) ?? 0) + 1;
    seen.set(revision, so);
    if (so === count) process.send({ kind: "applied", revision, count, lastNs: String(lastNs) });
  });
}
const results = [];
// A few at a time: it is the flip that is measured, not the coming up.
for (let i = 0; i < count; i += 25)
  results.push(...(await Promise.all(clients.slice(i, i + 25).map((client) => client.init({ timeoutMs: 15_000 })))));
process.send({ kind: "ready", count: results.filter(({ status }) => status === "ready").length });

async function closeAll() {
  await Promise.all(clients.map((client) => client.close()));
  process.exit(0);
}
process.on("message", () => void closeAll());
process.on("disconnect", () => process.exit(0));
