import type { RolloutCommand, RolloutCommandAnswer } from "@rampart/core";
import { call } from "../../api/call.ts";
import { put, refresh } from "../../api/resource.ts";

/** Where a rollout is read. */
export const rolloutPath = (id: string): string => `/api/v1/rollouts/${encodeURIComponent(id)}`;

/** Tells a rollout to do something, and shows what came of it at once. Rejects with a `CallError`. */
export async function command<C extends RolloutCommand>(
  id: string,
  name: C,
  body: object = {},
): Promise<RolloutCommandAnswer<C>> {
  const after = await call<RolloutCommandAnswer<C>>("POST", `${rolloutPath(id)}/${name}`, { body });
  // What clients were told while nothing can be stored is no rollout.
  if (!("unstored" in after)) put(rolloutPath(id), after);
  refresh("/api/v1/rollouts?");
  return after;
}
