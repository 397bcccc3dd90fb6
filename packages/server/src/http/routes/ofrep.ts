import type { ErrorCode } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { Answer, Audience } from "../../stream/browsers/answers.ts";
import { outcomesOf, valuesFor, variantOf } from "../../stream/browsers/values.ts";
import { allowedContext, signatureIn } from "../client-request.ts";
import { openByTicket } from "../client-streams.ts";
import type { ProblemCode } from "../codes.ts";
import { matchesTag } from "../etag.ts";
import type { EnvironmentGrant } from "../grant.ts";
import type { ServingParts } from "../parts.ts";
import type { Answering } from "../presence.ts";
import { answeringFeed, heldIn } from "../presence.ts";
import { ProblemError, type Failure } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route, ticketRoute } from "../route.ts";
import { ofrepBulk, ofrepFailure, ofrepSuccess } from "../schemas-client.ts";

const TAG = "OpenFeature (OFREP)";

/** A client that nobody looks at closes its stream after this long, and asks again when it is looked at. */
const INACTIVITY_DELAY_SECONDS = 120;

const body = z.looseObject({
  context: z.unknown().openapi({ type: "object", description: "With a `targetingKey`" }),
});

const PROBLEMS = [
  "SIGNATURE_REQUIRED",
  "SIGNATURE_WRONG",
  "SIGNATURE_EXPIRED",
  "ORIGIN_NOT_ALLOWED",
  "NOT_CURRENT",
] as const;

/** OpenFeature's remote evaluation protocol, version 0.3. Server keys evaluate every flag, client keys those that browsers may see. */
export function ofrepRoutes(parts: ServingParts): readonly Route[] {
  return [oneRoute(parts), bulkRoute(parts), streamRoute(parts)];
}

function oneRoute(parts: ServingParts): Route {
  return route(
    { scope: "ofrep:read", reach: "key" },
    {
      method: "post",
      path: "/ofrep/v1/evaluate/flags/{key}",
      tag: TAG,
      summary: "Evaluate one flag",
      lane: "ofrep",
      browsers: true,
      body,
      failed: (failure, { key = "" }) => failedReply(failure, { key }),
      answers: {
        200: { description: "The value", schema: ofrepSuccess },
        400: { description: "It can't be evaluated for this context", schema: ofrepFailure },
        404: { description: "There is no such flag", schema: ofrepFailure },
      },
      problems: PROBLEMS,
    },
    async ({ grant, params: { key }, body: { context: given }, incoming }) => {
      const { context } = allowed(parts, grant, { given, incoming });
      const answering = await answeringFeed(parts, grant.environment, heldIn(incoming));
      const answer = answering.feed.answers.answer(key, context, audienceOf(grant));
      // Anybody has a page's key, and could make up flags with it.
      if (answer !== undefined || grant.kind === "server")
        parts.evaluations.served(grant.environment, [[key, answer && variantOf(answer)]]);
      if (answer === undefined)
        return json(404, {
          key,
          errorCode: "FLAG_NOT_FOUND",
          errorDetails: `There is no flag ${JSON.stringify(key)}.`,
        });
      return json("errorCode" in answer.flag ? 400 : 200, shown(key, answer, answering));
    },
  );
}

function bulkRoute(parts: ServingParts): Route {
  return route(
    { scope: "ofrep:read", reach: "key" },
    {
      method: "post",
      path: "/ofrep/v1/evaluate/flags",
      tag: TAG,
      summary: "Evaluate every flag",
      description:
        "`eventStreams` names where to hear that it is time to ask again: an address that is good once, for a minute.",
      lane: "ofrep",
      browsers: true,
      query: z.looseObject({
        flagConfigEtag: z.string().max(200).optional(),
        flagConfigLastModified: z.string().max(200).optional(),
      }),
      body,
      failed: (failure) => failedReply(failure, {}),
      answers: {
        200: { description: "The values; `ETag` names them", schema: ofrepBulk },
        304: { description: "They are still the same" },
        400: { description: "The context can't be read", schema: ofrepFailure },
      },
      problems: PROBLEMS,
    },
    async ({ grant, body: { context: given }, incoming }) => {
      const { context, expiresAt } = allowed(parts, grant, { given, incoming });
      const answering = await answeringFeed(parts, grant.environment, heldIn(incoming));
      const { feed, isConfirmed } = answering;
      const audience = audienceOf(grant);
      const values = valuesFor(feed.answers, context, audience);
      // Other values than those that the same flags have once it is known what is stored.
      const tag = isConfirmed ? values.etag : `${values.etag}~`;
      const etag = `"${tag}"`;
      const headers = { etag, "cache-control": "private, no-cache" };
      if (matchesTag(incoming.headers["if-none-match"], etag)) return { status: 304, headers };
      parts.evaluations.served(grant.environment, outcomesOf(values));
      const ticket = parts.tickets.issue({
        principal: grant,
        environment: grant.environment,
        identity: undefined,
        basis: undefined,
        view: { context, audience, tells: "notices", etag: tag, expiresAt },
      });
      const endpoint = { requestUri: `/ofrep/v1/stream?ticket=${ticket}` };
      return json(
        200,
        {
          flags: [...values.answers].map(([key, answer]) => shown(key, answer, answering)),
          metadata: { revision: feed.revision },
          eventStreams: [{ type: "sse", endpoint, inactivityDelaySec: INACTIVITY_DELAY_SECONDS }],
        },
        headers,
      );
    },
  );
}

function streamRoute(parts: ServingParts): Route {
  return ticketRoute(
    {
      method: "get",
      path: "/ofrep/v1/stream",
      tag: TAG,
      summary: "Hear that it is time to ask again",
      description:
        "Server-sent events `message` with `refetchEvaluation`, each when an answer for the context changed.",
      lane: "browser",
      browsers: true,
      query: z.looseObject({ ticket: z.string().max(64).optional() }),
      answers: { 200: { description: "The stream", contentType: "text/event-stream" } },
      problems: ["ORIGIN_NOT_ALLOWED", "STREAMS_STORM", "STREAMS_FULL", "SHUTTING_DOWN"],
    },
    ({ query, incoming, outgoing }) =>
      openByTicket(parts, { incoming, outgoing }, { ticket: query.ticket ?? "", tells: "notices" }),
  );
}

const audienceOf = ({ kind }: EnvironmentGrant): Audience => (kind === "server" ? "server" : "browser");

const allowed = (
  parts: ServingParts,
  grant: EnvironmentGrant,
  { given, incoming }: { readonly given: unknown; readonly incoming: Parameters<typeof signatureIn>[0] },
): ReturnType<typeof allowedContext> => {
  // Our own clients may say an id alone; the protocol knows objects only.
  if (typeof given === "string" || typeof given === "number") {
    throw new ProblemError({
      code: "INVALID_CONTEXT",
      detail: "/context is not an object.",
      hint: 'Send { "context": { "targetingKey": "user-42" } }.',
    });
  }
  return allowedContext(grant, { context: given ?? {}, signature: signatureIn(incoming), now: parts.clock.now() });
};

/** These clients know of no leases: while it is not known what is stored, one counts as over. */
function shown(key: string, { flag }: Answer, { isConfirmed }: Pick<Answering, "isConfirmed">): object {
  if ("errorCode" in flag) return { key, errorCode: flag.errorCode, errorDetails: detailsOf(flag.errorCode) };
  const { lease, revision } = flag;
  const { value, variant, reason } = isConfirmed || lease === undefined ? flag : { ...lease, reason: "STALE" };
  return { key, reason, variant, value, metadata: { revision } };
}

/** Says nothing of how the flag is made: whoever asks may not be allowed to know. */
const detailsOf = (code: ErrorCode): string =>
  code === "TARGETING_KEY_MISSING"
    ? "The flag is served to a share of users, and the context lacks what tells them apart: send a targetingKey."
    : "The flag could not be evaluated for this context.";

const CODES: { readonly [code in ProblemCode]?: ErrorCode } = {
  MALFORMED_JSON: "PARSE_ERROR",
  INVALID_BODY: "PARSE_ERROR",
  INVALID_CONTEXT: "INVALID_CONTEXT",
  FORBIDDEN_KEY: "INVALID_CONTEXT",
};

/** A problem with what was sent, in the protocol's own words; undefined for one that it has no words for. */
function failedReply({ code, detail }: Failure, of: { readonly key?: string }): Reply | undefined {
  const errorCode = CODES[code];
  return errorCode === undefined ? undefined : json(400, { ...of, errorCode, errorDetails: detail });
}
