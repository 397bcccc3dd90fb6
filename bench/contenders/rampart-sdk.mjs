import { built } from "../lib/paths.mjs";
import { snapshotText } from "./rampart-snapshot.mjs";
import { userOf } from "./rampart-core.mjs";

export const name = "Rampart sdk-node";

export const payload = snapshotText;

export const load = () => import(built("sdk-node"));

/** From `bootstrap`, and a server that refuses connections: `init` hands over what there is at once. */
export async function startFrom(bootstrap) {
  const { createClient } = await load();
  const client = createClient({ url: "http://127.0.0.1:9", sdkKey: "bench", bootstrap });
  await client.init({ timeoutMs: 0 });
  if (client.status().revision === 0) throw new Error("the bootstrap was not taken");
  return client;
}

export async function open(text, spec) {
  const client = await startFrom(JSON.parse(text));
  return {
    user: userOf(spec),
    isEnabled: (key, user) => client.isEnabled(key, user),
    close: () => client.close(),
  };
}
