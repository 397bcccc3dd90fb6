import { BASIS_HEADER } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { outcomesOf, valuesFor, valuesJson } from "../../stream/browsers/values.ts";
import { allowedContext, clientRequest } from "../client-request.ts";
import { basisIn, identityOf, openByTicket, openViewer } from "../client-streams.ts";
import { matchesTag } from "../etag.ts";
import type { EnvironmentGrant } from "../grant.ts";
import { notePoll } from "../note-poll.ts";
import type { ServingParts } from "../parts.ts";
import { heldIn, presentFeed } from "../presence.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route, ticketRoute } from "../route.ts";
import { clientValues } from "../schemas-client.ts";
import type { Ticketed } from "../tickets.ts";
import { TICKET_MAX_MS } from "../tickets.ts";
import { CLIENT_TAG } from "./events.ts";
import { ackRoute } from "./sdk.ts";

const CONTEXT_PROBLEMS = [
  "INVALID_BODY",
  "INVALID_CONTEXT",
  "SIGNATURE_REQUIRED",
  "SIGNATURE_WRONG",
  "SIGNATURE_EXPIRED",
  "ORIGIN_NOT_ALLOWED",
] as const;

const STREAM_PROBLEMS = ["STREAMS_STORM", "STREAMS_FULL", "NOT_CURRENT", "SHUTTING_DOWN"] as const;

const STREAM = { 200: { description: "The stream", contentType: "text/event-stream" } } as const;

/** What browsers call, with a key that anybody may see: answers for one context, and nothing of how they came about; and `events`, what takes their reports at `CLIENT_EVENTS`. */
export function clientRoutes(parts: ServingParts, events: Route): readonly Route[] {
  const where = { scope: "client:write", tag: CLIENT_TAG, browsers: true } as const;
  return [
    evaluateRoute(parts),
    streamRoute(parts),
    ticketsRoute(parts),
    ticketStreamRoute(parts),
    ackRoute(parts, { ...where, path: "/client/v1/ack" }),
    events,
  ];
}

function evaluateRoute(parts: ServingParts): Route {
  return route(
    { scope: "client:read", reach: "key" },
    {
      method: "post",
      path: "/client/v1/evaluate",
      tag: CLIENT_TAG,
      summary: "Evaluate every flag for one context",
      description: `Only flags that are visible to browsers. \`If-None-Match\` saves the body when the answers are the same; \`${BASIS_HEADER}\` tells which revision they are at.`,
      lane: "browser",
      browsers: true,
      body: clientRequest,
      answers: {
        200: { description: "The values; `ETag` names them", schema: clientValues },
        304: { description: "They are still the same" },
      },
      problems: [...CONTEXT_PROBLEMS, "NOT_CURRENT"],
    },
    async ({ grant, body, incoming }) => {
      const { context } = allowed(parts, grant, body);
      const held = heldIn(incoming) ?? basisIn(body.basis);
      notePoll(parts, grant.environment, incoming, held);
      const feed = await presentFeed(parts, grant.environment, held);
      const values = valuesFor(feed.answers, context, "browser");
      const etag = `"${values.etag}"`;
      const headers = {
        etag,
        [BASIS_HEADER]: `${feed.epoch}:${feed.revision}`,
        "cache-control": "private, no-cache",
      };
      if (matchesTag(incoming.headers["if-none-match"], etag)) return { status: 304, headers };
      parts.evaluations.served(grant.environment, outcomesOf(values));
      return {
        status: 200,
        headers: { ...headers, "content-type": "application/json" },
        body: valuesJson(feed, values),
      };
    },
  );
}

function streamRoute(parts: ServingParts): Route {
  return route(
    { scope: "client:read", reach: "key" },
    {
      method: "post",
      path: "/client/v1/stream",
      tag: CLIENT_TAG,
      summary: "Follow the values of one context",
      description:
        "Server-sent events: `values` (or a `heartbeat`, when `etag` shows that they are held), then `changed` with the flags whose answer changed, a `heartbeat` every five seconds, and a `goodbye` before the server closes.",
      lane: "browser",
      browsers: true,
      body: clientRequest,
      answers: STREAM,
      problems: [...CONTEXT_PROBLEMS, ...STREAM_PROBLEMS],
    },
    (call) => openViewer(parts, call, asked(parts, call)),
  );
}

function ticketsRoute(parts: ServingParts): Route {
  return route(
    { scope: "client:read", reach: "key" },
    {
      method: "post",
      path: "/client/v1/tickets",
      tag: CLIENT_TAG,
      summary: "Get a ticket for a stream",
      description:
        "For `EventSource`, which sends no headers. Good once, for a minute, on the server that gave it out.",
      lane: "browser",
      browsers: true,
      body: clientRequest,
      answers: {
        201: {
          description: "The ticket",
          schema: z.object({ ticket: z.string(), expiresAt: z.number().int() }).openapi("ClientTicket"),
        },
      },
      problems: CONTEXT_PROBLEMS,
    },
    (call) => {
      const ticket = parts.tickets.issue(asked(parts, call));
      return json(201, { ticket, expiresAt: parts.clock.now() + TICKET_MAX_MS });
    },
  );
}

function ticketStreamRoute(parts: ServingParts): Route {
  return ticketRoute(
    {
      method: "get",
      path: "/client/v1/stream",
      tag: CLIENT_TAG,
      summary: "Follow the values of the context that a ticket was given for",
      lane: "browser",
      browsers: true,
      query: z.looseObject({ ticket: z.string().max(64).optional() }),
      answers: STREAM,
      problems: ["ORIGIN_NOT_ALLOWED", ...STREAM_PROBLEMS],
    },
    ({ query, incoming, outgoing }) =>
      openByTicket(parts, { incoming, outgoing }, { ticket: query.ticket ?? "", tells: "values" }),
  );
}

type Asked = z.output<typeof clientRequest>;

const allowed = (parts: ServingParts, grant: EnvironmentGrant, body: Asked): ReturnType<typeof allowedContext> =>
  allowedContext(grant, { context: body.context, signature: body.secure, now: parts.clock.now() });

function asked(
  parts: ServingParts,
  {
    grant,
    body,
    incoming,
  }: { readonly grant: EnvironmentGrant; readonly body: Asked } & Parameters<typeof openByTicket>[1],
): Ticketed {
  const { context, expiresAt } = allowed(parts, grant, body);
  return {
    principal: grant,
    environment: grant.environment,
    identity: identityOf(incoming, parts),
    basis: basisIn(body.basis),
    view: { context, audience: "browser", tells: "values", etag: body.etag, expiresAt },
  };
}
