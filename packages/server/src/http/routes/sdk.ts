import type { IncomingMessage, ServerResponse } from "node:http";
import type { Acknowledgement } from "@rampart/core";
import { BASIS_HEADER, INSTANCE_HEADER, parseAcknowledgement, parseBasis, SDK_HEADER } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { StreamRefusal } from "../../ports/meter.ts";
import type { ClientIdentity } from "../../stream/clients.ts";
import type { EncodedSnapshot, Feed } from "../../stream/feed.ts";
import type { ProblemCode } from "../codes.ts";
import { matchesTag } from "../etag.ts";
import type { EnvironmentGrant } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { TAKEN_OVER } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { eventsRoute, SDK_TAG } from "./events.ts";

/** Ids and names that clients give themselves: shown to people, kept in memory. */
const IDENTITY = /^[\w.:/@+-]{1,64}$/;

/** One receipt. */
const ACK_MAX_BYTES = 2 * 1024;

const ACCEPTED: Reply = { status: 204, headers: { "cache-control": "no-store" } };

/** What server SDKs call. The environment is that of the key. */
export function sdkRoutes(parts: HttpParts): readonly Route[] {
  return [flagsRoute(parts), streamRoute(parts), ackRoute(parts), eventsRoute(parts)];
}

function flagsRoute(parts: HttpParts): Route {
  return route(
    { scope: "sdk:read", reach: "key" },
    {
      method: "get",
      path: "/sdk/v1/flags",
      tag: SDK_TAG,
      summary: "Get the whole environment",
      description: `For polling. \`If-None-Match\` saves the body; ${INSTANCE_HEADER}, ${SDK_HEADER} and ${BASIS_HEADER} say who asks and what it holds, which counts as its receipt.`,
      lane: "sdk",
      answers: {
        200: { description: "A snapshot: every flag and segment at one revision; `ETag` names it" },
        304: { description: "Nothing has changed" },
      },
    },
    (call) => {
      const { grant, incoming } = call;
      const feed = feedOf(parts, grant);
      const { [BASIS_HEADER]: basis } = incoming.headers;
      const identity = namedIdentity(incoming, call.address);
      if (identity !== undefined) {
        const held = typeof basis === "string" ? parseBasis(basis) : undefined;
        parts.hub.clients(grant.environment)?.polled(identity, { basis: held, now: parts.clock.now() });
      }
      return snapshotReply(incoming, feed.snapshot);
    },
  );
}

function snapshotReply({ headers }: IncomingMessage, { etag, body, gzipped }: EncodedSnapshot): Reply | Promise<Reply> {
  const common = { etag, "cache-control": "no-cache", vary: "accept-encoding" };
  if (matchesTag(headers["if-none-match"], etag)) return { status: 304, headers: common };
  const typed = { ...common, "content-type": "application/json" };
  if (!/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(headers["accept-encoding"] ?? ""))
    return { status: 200, headers: typed, body };
  return gzipped().then((zipped) => ({ status: 200, headers: { ...typed, "content-encoding": "gzip" }, body: zipped }));
}

function streamRoute(parts: HttpParts): Route {
  return route(
    { scope: "sdk:read", reach: "key" },
    {
      method: "get",
      path: "/sdk/v1/stream",
      tag: SDK_TAG,
      summary: "Follow the environment",
      description:
        "Server-sent events: `snapshot` or `delta` to come up to the present (from `basis`, what the client holds), then each change as a `delta`, a `heartbeat` every five seconds, and a `goodbye` before the server closes.",
      lane: "sdk",
      query: z.looseObject({
        basis: z.string().max(160).optional().openapi({ description: "epoch:revision", example: "9f2c:42" }),
      }),
      answers: { 200: { description: "The stream", contentType: "text/event-stream" } },
      problems: ["STREAMS_STORM", "STREAMS_FULL", "SHUTTING_DOWN"],
    },
    async ({ grant, query, incoming, outgoing, address }): Promise<Reply | typeof TAKEN_OVER> => {
      // A stream has no end to wait for, so asking for its head alone gets just that.
      if (incoming.method === "HEAD")
        return {
          status: 200,
          headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
        };
      const { environment, tokenId } = grant;
      const identity = namedIdentity(incoming, address) ?? anonymousIdentity(outgoing, address);
      const answer = await parts.hub.open({
        outgoing,
        environment,
        tokenId,
        identity,
        basis: basisOf(incoming, query.basis),
      });
      if (answer.kind === "open") return TAKEN_OVER;
      return refusedReply(answer.refusal, answer.retryAfterSeconds);
    },
  );
}

/** Eventsource clients that don't set the query send what they last saw as `Last-Event-ID`, which is the same. */
function basisOf({ headers }: IncomingMessage, basis: string | undefined): ReturnType<typeof parseBasis> {
  const lastEventId = headers["last-event-id"];
  return parseBasis(basis ?? (typeof lastEventId === "string" ? lastEventId : ""));
}

function refusedReply(refusal: StreamRefusal, retryAfterSeconds: number): Reply {
  const wait = `Come back in ${retryAfterSeconds} s.`;
  const headers = { "retry-after": String(retryAfterSeconds), connection: "close" };
  return problemReply(
    { code: REFUSAL_CODES[refusal], detail: "The server takes no further stream right now.", hint: wait },
    headers,
  );
}

const REFUSAL_CODES: { readonly [refusal in StreamRefusal]: ProblemCode } = {
  storm: "STREAMS_STORM",
  full: "STREAMS_FULL",
  draining: "SHUTTING_DOWN",
};

function ackRoute(parts: HttpParts): Route {
  return route(
    { scope: "sdk:write", reach: "key" },
    {
      method: "post",
      path: "/sdk/v1/ack",
      tag: SDK_TAG,
      summary: "Confirm a change",
      description: "A client's receipt after a change marked `urgent`.",
      lane: "ack",
      bodyMaxBytes: ACK_MAX_BYTES,
      body: z.unknown(),
      bodyShown: z.object({
        instanceId: z.string(),
        epoch: z.string(),
        revision: z.number().int(),
        appliedAt: z.number().openapi({ description: "Epoch milliseconds of the client's clock" }),
      }),
      answers: { 204: { description: "Noted" } },
      problems: ["INVALID_BODY"],
    },
    ({ grant, body }) => {
      const parsed = parseAcknowledgement(body);
      if (!parsed.ok)
        return problemReply({
          code: "INVALID_BODY",
          detail: `The receipt can't be read: ${parsed.reason}.`,
          hint: "Send instanceId, epoch, revision and appliedAt.",
        });
      acknowledge(parts, grant, parsed.value);
      return ACCEPTED;
    },
  );
}

function acknowledge(parts: HttpParts, { environment }: EnvironmentGrant, receipt: Acknowledgement): void {
  const now = parts.clock.now();
  parts.hub.clients(environment)?.acknowledged(receipt, now);
  const feed = parts.feeds.get(environment);
  const urgent = feed?.urgent;
  if (urgent === undefined || receipt.epoch !== feed?.epoch || receipt.revision < urgent.revision) return;
  parts.meter.acknowledged(environment, Math.max(0, now - urgent.committedAt) / 1000);
}

/** Who a client says it is; undefined when it doesn't say, or says something that is no name. */
function namedIdentity({ headers }: IncomingMessage, address: string): ClientIdentity | undefined {
  const { [INSTANCE_HEADER]: instanceId, [SDK_HEADER]: sdk } = headers;
  if (typeof instanceId !== "string" || !IDENTITY.test(instanceId)) return undefined;
  return { instanceId, sdk: typeof sdk === "string" && IDENTITY.test(sdk) ? sdk : "unknown", address };
}

/** A client without a name (curl) is known by its connection, as long as it lasts. */
function anonymousIdentity({ socket }: ServerResponse, address: string): ClientIdentity {
  return { instanceId: `anonymous-${socket?.remotePort ?? 0}`, sdk: "unknown", address };
}

function feedOf({ feeds }: HttpParts, { environment }: EnvironmentGrant): Feed {
  const feed = feeds.get(environment);
  if (feed === undefined) throw new Error(`no feed for the granted environment ${JSON.stringify(environment)}`);
  return feed;
}
