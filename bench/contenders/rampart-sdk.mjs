import { built } from "../lib/paths.mjs";
import { snapshotText } from "./rampart-snapshot.mjs";
import { userOf } from "./rampart-core.mjs";

export const name = "Rampart sdk-node";

export const payload = snapshotText;

export const load = () => import(built("sdk-node"));

/** From `bootstrap`, with no server: what a process does that was just deployed. */
export async function open(text, spec) {
  const { createClient } = await load();
  const client = createClient({ url: "http://127.0.0.1:9", sdkKey: "bench", bootstrap: JSON.parse(text) });
  return {
    user: userOf(spec),
    isEnabled: (key, user) => client.isEnabled(key, user),
    close: () => client.close(),
  };
}
