import type { IncomingMessage } from "node:http";
import type { Basis } from "@rampart/core";
import { BASIS_HEADER, parseBasis } from "@rampart/core";
import type { Feed } from "../stream/feed.ts";
import type { Presence } from "../stream/presence.ts";
import { presenceFor } from "../stream/presence.ts";
import type { ServingParts } from "./parts.ts";
import { feedOf } from "./parts.ts";
import type { Failure } from "./problem.ts";
import { ProblemError, problemReply } from "./problem.ts";
import type { Reply } from "./reply.ts";

/** A server is behind, or cut off from its database, for seconds at least. */
const RETRY_AFTER = { "retry-after": "2" } as const;

/** A feed, and what it may be asked for. */
export interface Answering {
  readonly feed: Feed;
  /** Otherwise it is not known whether what the feed holds is what is stored. */
  readonly isConfirmed: boolean;
}

/** What a client says in a header that it holds. */
export function heldIn({ headers }: IncomingMessage): Basis | undefined {
  const { [BASIS_HEADER]: held } = headers;
  return typeof held === "string" ? parseBasis(held) : undefined;
}

/** The feed of a granted environment, read up to what the client has heard of. Throws a 503 `ProblemError` where another server is ahead. */
export async function answeringFeed(
  parts: Pick<ServingParts, "feeds" | "timers">,
  environment: string,
  held: Basis | undefined,
): Promise<Answering> {
  const feed = feedOf(parts, environment);
  const presence = await presenceFor(feed, held, parts.timers);
  if (presence === "behind") throw notCurrent(presence);
  return { feed, isConfirmed: presence === "present" };
}

/** As `answeringFeed`, for answers that renew leases: throws also where nobody knows whether the feed holds what is stored. */
export async function presentFeed(...of: Parameters<typeof answeringFeed>): Promise<Feed> {
  const { feed, isConfirmed } = await answeringFeed(...of);
  if (!isConfirmed) throw notCurrent("unconfirmed");
  return feed;
}

/** Why there is no answer, for who would take it for the present. */
export function notCurrent(presence: Exclude<Presence, "present">): ProblemError {
  return new ProblemError(FAILURES[presence], RETRY_AFTER);
}

/**
 * As `notCurrent("unconfirmed")`. Where there are kills that are told and not stored, the members of what is held here (`content`, a JSON object) go with it, so that clients
 * that can only poll hear of them; it renews no lease.
 */
export function unconfirmedReply({ overruled }: Pick<Feed, "overruled">, content: () => string): Reply {
  const { failure, headers } = notCurrent("unconfirmed");
  const reply = problemReply(failure, headers);
  if (overruled.length === 0) return reply;
  return { ...reply, body: `${String(reply.body).slice(0, -1)},${content().slice(1)}` };
}

const HINT = "Ask again; another server may know. What is held meanwhile stays, as far as its leases go.";

const FAILURES: { readonly [presence in Exclude<Presence, "present">]: Failure } = {
  behind: {
    code: "NOT_CURRENT",
    detail: "What you hold is newer than what this server has, and it can't read the rest right now.",
    hint: HINT,
  },
  unconfirmed: {
    code: "NOT_CURRENT",
    detail: "This server has not reached its database for a while, so it does not know what is stored now.",
    hint: HINT,
  },
};
