/** Several SDK clients in a process of their own, for the end-to-end runs. Answers `{ ask: "status" }` over IPC. */
import { createClient } from "@rampart/sdk-node";

const { url, sdkKey, flag, clients: count, cacheDir } = JSON.parse(process.argv[2]);
const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);

const clients = Array.from({ length: count }, (_, index) =>
  createClient({ url, sdkKey, ...(cacheDir ? { cacheDir: `${cacheDir}/${process.pid}-${index}` } : {}) }),
);
await Promise.all(clients.map((client) => client.init({ timeoutMs: 10_000 })));

const report = () =>
  clients.map((client) => {
    const status = client.status();
    return { ...status, on: users.filter((user) => client.isEnabled(flag, user)).length };
  });

process.on("message", () => process.send({ report: report() }));
process.once("disconnect", () => {
  void Promise.all(clients.map((client) => client.close())).then(() => process.exit(0));
});
process.send({ report: report() });
