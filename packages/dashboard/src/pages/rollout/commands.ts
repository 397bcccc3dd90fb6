import type { RolloutCommand, RolloutView } from "@rampart/core";
import { call } from "../../api/call.ts";
import { put, refresh } from "../../api/resource.ts";

/** Where a rollout is read. */
export const rolloutPath = (id: string): string => `/api/v1/rollouts/${encodeURIComponent(id)}`;

/** Tells a rollout to do something, and shows what came of it at once. Rejects with a `CallError`. */
export async function command(id: string, name: RolloutCommand, body: object = {}): Promise<RolloutView> {
  const after = await call<RolloutView>("POST", `${rolloutPath(id)}/${name}`, { body });
  put(rolloutPath(id), after);
  refresh("/api/v1/rollouts?");
  return after;
}
