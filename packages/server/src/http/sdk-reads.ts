import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Basis } from "@rampart/core";
import { parseBasis } from "@rampart/core";
import type { StreamRefusal } from "../ports/meter.ts";
import type { EncodedSnapshot } from "../stream/encoded-snapshot.ts";
import type { Feed } from "../stream/feed.ts";
import type { StreamAnswer } from "../stream/hub.ts";
import type { Presence } from "../stream/presence.ts";
import { presenceFor } from "../stream/presence.ts";
import { clientAddress } from "./address.ts";
import type { ProblemCode } from "./codes.ts";
import { matchesTag } from "./etag.ts";
import type { EnvironmentGrant } from "./grant.ts";
import { notePoll } from "./note-poll.ts";
import type { ServingParts } from "./parts.ts";
import { feedOf } from "./parts.ts";
import { heldIn, notCurrent, unconfirmedReply } from "./presence.ts";
import { problemReply } from "./problem.ts";
import { type Reply, send } from "./reply.ts";
import { anonymousIdentity, namedIdentity } from "./sdk-identity.ts";

/** An environment's snapshot with the heads of its answers, made once for each revision. */
interface Prepared {
  readonly snapshot: EncodedSnapshot;
  readonly plain: OutgoingHttpHeaders;
  readonly notModified: OutgoingHttpHeaders;
}

/** One SDK's request, and what answers it. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * The two reads that ten thousand SDKs make, written straight to the response. Both ways in use it: through the guards, and past them
 * for a key that they let in a moment ago.
 */
export class SdkReads {
  readonly #parts: ServingParts;
  readonly #prepared = new Map<string, Prepared>();

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Answers with the environment whole, or with nothing but that it has not changed. A promise only where it takes more than one turn. */
  flags({ environment }: EnvironmentGrant, exchange: Exchange): Promise<void> | undefined {
    const feed = feedOf(this.#parts, environment);
    const held = heldIn(exchange.incoming);
    notePoll(this.#parts, environment, exchange.incoming, held);
    const presence = presenceFor(feed, held, this.#parts.timers);
    return presence instanceof Promise
      ? presence.then((known) => this.#answer(known, feed, exchange))
      : this.#answer(presence, feed, exchange);
  }

  #answer(presence: Presence, feed: Feed, { incoming, outgoing }: Exchange): Promise<void> | undefined {
    if (presence !== "present") {
      send(outgoing, this.#refusal(presence, feed), { close: false });
      return undefined;
    }
    const { snapshot, plain, notModified } = this.#prepare(feed);
    const { "if-none-match": known, "accept-encoding": encoding } = incoming.headers;
    if (matchesTag(known, snapshot.etag)) outgoing.writeHead(304, notModified).end();
    else if (encoding === undefined || !takesGzip(encoding)) outgoing.writeHead(200, plain).end(snapshot.body);
    else return sendZipped(outgoing, snapshot, plain);
    return undefined;
  }

  #refusal(presence: Exclude<Presence, "present">, feed: Feed): Reply {
    if (presence === "unconfirmed") return unconfirmedReply(feed, () => feed.snapshot.body.toString());
    const { failure, headers } = notCurrent(presence);
    return problemReply(failure, headers);
  }

  /** Makes a stream of the response, or refuses with the time to come back after. A promise only where it takes more than one turn. */
  stream(
    grant: EnvironmentGrant,
    { incoming, outgoing }: Exchange,
    basis: string | undefined,
  ): Promise<void> | undefined {
    const address = clientAddress(incoming, this.#parts.trustedProxies);
    const answer = this.#parts.hub.open({
      outgoing,
      environment: grant.environment,
      tokenId: grant.tokenId,
      identity: namedIdentity(incoming, address) ?? anonymousIdentity(incoming, address),
      basis: basisOf(incoming, basis),
    });
    if (answer instanceof Promise) return answer.then((later) => refuseIfRefused(outgoing, later));
    refuseIfRefused(outgoing, answer);
    return undefined;
  }

  #prepare(feed: Feed): Prepared {
    const { snapshot } = feed;
    const prepared = this.#prepared.get(feed.environment);
    if (prepared?.snapshot === snapshot) return prepared;
    const notModified = { etag: snapshot.etag, "cache-control": "no-cache", vary: "accept-encoding" };
    const plain = {
      ...notModified,
      "content-type": "application/json",
      "content-length": snapshot.body.length,
      "x-content-type-options": "nosniff",
    };
    const made = { snapshot, plain, notModified };
    this.#prepared.set(feed.environment, made);
    return made;
  }
}

async function sendZipped(
  outgoing: ServerResponse,
  { gzipped }: EncodedSnapshot,
  plain: OutgoingHttpHeaders,
): Promise<void> {
  const zipped = await gzipped();
  outgoing.writeHead(200, { ...plain, "content-encoding": "gzip", "content-length": zipped.length }).end(zipped);
}

const takesGzip = (acceptEncoding: string): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding);

/** Eventsource clients that don't set the query send what they last saw as `Last-Event-ID`, which is the same. */
function basisOf({ headers }: IncomingMessage, basis: string | undefined): Basis | undefined {
  const lastEventId = headers["last-event-id"];
  return parseBasis(basis ?? (typeof lastEventId === "string" ? lastEventId : ""));
}

const REFUSAL_CODES: { readonly [refusal in StreamRefusal]: ProblemCode } = {
  storm: "STREAMS_STORM",
  full: "STREAMS_FULL",
  draining: "SHUTTING_DOWN",
  behind: "NOT_CURRENT",
};

/** Says when to come back to who was refused a stream. */
export function refuseIfRefused(outgoing: ServerResponse, answer: StreamAnswer): void {
  if (answer.kind === "open") return;
  const retryAfter = String(answer.retryAfterSeconds);
  const failure = {
    code: REFUSAL_CODES[answer.refusal],
    detail: "The server takes no further stream right now.",
    hint: `Come back in ${retryAfter} s.`,
  };
  send(outgoing, problemReply(failure, { "retry-after": retryAfter }), { close: true });
}
