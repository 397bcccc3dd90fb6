import type { Acknowledgement } from "@rampart/core";
import { BASIS_HEADER, INSTANCE_HEADER, parseAcknowledgement, SDK_HEADER } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { EnvironmentGrant } from "../grant.ts";
import type { ServingParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { TAKEN_OVER } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import type { SdkReads } from "../sdk-reads.ts";
import type { Where } from "./events.ts";
import { SDK_TAG } from "./events.ts";

/** One receipt. */
const ACK_MAX_BYTES = 2 * 1024;

const ACCEPTED: Reply = { status: 204, headers: { "cache-control": "no-store" } };

/** What server SDKs call, and `events`, what takes their reports at `SDK_EVENTS`. The environment is that of the key. */
export function sdkRoutes(parts: ServingParts, reads: SdkReads, events: Route): readonly Route[] {
  const where = { scope: "sdk:write", tag: SDK_TAG } as const;
  return [flagsRoute(reads), streamRoute(reads), ackRoute(parts, { ...where, path: "/sdk/v1/ack" }), events];
}

function flagsRoute(reads: SdkReads): Route {
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
      problems: ["NOT_CURRENT"],
    },
    async ({ grant, incoming, outgoing }): Promise<typeof TAKEN_OVER> => {
      await reads.flags(grant, { incoming, outgoing });
      return TAKEN_OVER;
    },
  );
}

function streamRoute(reads: SdkReads): Route {
  return route(
    { scope: "sdk:read", reach: "key" },
    {
      method: "get",
      path: "/sdk/v1/stream",
      tag: SDK_TAG,
      summary: "Follow the environment",
      description:
        "Server-sent events: `snapshot` or `delta` to come up to the present (from `basis`, what the client holds), then each change as a `delta`, a `heartbeat` every five seconds, and a `goodbye` before the server closes. A server that does not know what is stored now sends `unconfirmed` instead of either, with a snapshot or with `null`, which renews no lease.",
      lane: "sdk",
      query: z.looseObject({
        basis: z.string().max(160).optional().openapi({ description: "epoch:revision", example: "9f2c:42" }),
      }),
      answers: { 200: { description: "The stream", contentType: "text/event-stream" } },
      problems: ["STREAMS_STORM", "STREAMS_FULL", "NOT_CURRENT", "SHUTTING_DOWN"],
    },
    async ({ grant, query, incoming, outgoing }): Promise<Reply | typeof TAKEN_OVER> => {
      // A stream has no end to wait for, so asking for its head alone gets just that.
      if (incoming.method === "HEAD")
        return {
          status: 200,
          headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
        };
      await reads.stream(grant, { incoming, outgoing }, query.basis);
      return TAKEN_OVER;
    },
  );
}

/** Takes receipts. */
export function ackRoute(parts: ServingParts, { path, scope, tag, browsers = false }: Where): Route {
  return route(
    { scope, reach: "key" },
    {
      method: "post",
      path,
      tag,
      browsers,
      summary: "Confirm a change",
      description: "A client's receipt after a change marked `urgent`, or, with `left`, its goodbye.",
      lane: "ack",
      bodyMaxBytes: ACK_MAX_BYTES,
      body: z.unknown(),
      bodyShown: z.object({
        instanceId: z.string(),
        epoch: z.string(),
        revision: z.number().int(),
        appliedAt: z.number().openapi({ description: "Epoch milliseconds of the client's clock" }),
        left: z
          .boolean()
          .optional()
          .openapi({ description: "The client is being closed: no receipt of it is waited for" }),
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

function acknowledge(parts: ServingParts, { environment }: EnvironmentGrant, receipt: Acknowledgement): void {
  const now = parts.clock.now();
  const clients = parts.hub.clients(environment);
  clients?.acknowledged(receipt, now);
  if (receipt.left === true) {
    clients?.left(receipt.instanceId);
    // It says what is held, maybe for days, and not how long a change took to get there.
    return;
  }
  const feed = parts.feeds.get(environment);
  const urgent = feed?.urgent;
  if (urgent === undefined || receipt.epoch !== feed?.epoch || receipt.revision < urgent.revision) return;
  parts.meter.acknowledged(environment, Math.max(0, now - urgent.committedAt) / 1000);
}
