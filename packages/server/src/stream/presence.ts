import type { Basis } from "@rampart/core";
import type { Timers } from "../ports/timers.ts";
import { pause } from "../ports/timers.ts";
import type { Feed } from "./feed.ts";

/** Whoever tells of a newer revision waits for this server to read it for so long: it takes milliseconds, or does not come. */
const CATCH_UP_MAX_MS = 2_000;

/**
 * How a feed stands to a client that asks. `present`: what it has is what is stored. `unconfirmed`: nobody here knows whether it is. `behind`: it is not, for the
 * client has heard of more from another server, and is told nothing older.
 */
export type Presence = "present" | "unconfirmed" | "behind";

/**
 * The one rule for every answer and stream. Reads what is stored first where the client is ahead; a promise only then. A server that is alone with its store
 * answers a client that is ahead all the same: nobody else knows better, and the client keeps what is newer and says so.
 */
export function presenceFor(
  feed: Feed,
  held: Basis | undefined,
  timers: Pick<Timers, "after">,
): Presence | Promise<Presence> {
  if (held === undefined || !feed.isBehind(held)) return feed.isConfirmed ? "present" : "unconfirmed";
  return Promise.race([feed.catchUp(), pause(timers, CATCH_UP_MAX_MS)]).then(() => {
    if (feed.isShared && feed.isBehind(held)) return "behind";
    return feed.isConfirmed ? "present" : "unconfirmed";
  });
}
