import type { ExplainedEvaluation } from "@rampart/core";
import { checkContext } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { isFor } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { clientsView, environmentView, explainedEvaluation, pageOf } from "../schemas.ts";
import { flagMissing } from "./definitions.ts";
import { receiptsRoutes } from "./receipts.ts";

const TAG = "Environments";

/** A context of 16 KiB, and what stands around it. */
const EVALUATE_MAX_BYTES = 20 * 1024;

/** Environments, who follows them, and what they would answer. */
export function environmentRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), clientsRoute(parts), ...receiptsRoutes(parts, TAG), evaluateRoute(parts)];
}

function listRoute({ feeds }: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/environments",
      tag: TAG,
      summary: "List environments",
      lane: "admin",
      answers: { 200: { description: "Those that the token is good for", schema: pageOf(environmentView) } },
    },
    ({ grant }) => {
      const shown = [...feeds.values()].filter(({ environment }) => isFor(grant, environment));
      return json(200, { items: shown.map(({ environment: key, epoch, revision }) => ({ key, epoch, revision })) });
    },
  );
}

function clientsRoute({ clients }: HttpParts): Route {
  return route(
    { scope: "clients:read", reach: "path" },
    {
      method: "get",
      path: "/api/v1/environments/{env}/clients",
      tag: TAG,
      summary: "List connected SDKs",
      description:
        "Those connected to any of the servers, and those heard of in the last ten minutes; the furthest behind first. All are counted, `limit` are listed, of each other server 5,000 at most. What other servers have is known as of the last seconds.",
      lane: "admin",
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(50_000).default(1_000) }),
      answers: { 200: { description: "The SDK instances", schema: clientsView } },
    },
    async ({ grant, query }) => json(200, await clients(grant.environment, query.limit)),
  );
}

function evaluateRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "path" },
    {
      method: "post",
      path: "/api/v1/environments/{env}/evaluate",
      tag: TAG,
      summary: "Evaluate a flag, and explain it",
      description: "What an SDK would give this user, and which rule or bucket decided. Counts nowhere.",
      lane: "admin",
      body: z.strictObject({
        flag: z.string(),
        context: z.unknown().openapi({
          description: "An id, or an object with targetingKey and attributes",
          example: { targetingKey: "user-1" },
        }),
      }),
      bodyMaxBytes: EVALUATE_MAX_BYTES,
      answers: { 200: { description: "The value, and what was asked in turn", schema: explainedEvaluation } },
      problems: ["INVALID_CONTEXT", "FLAG_NOT_FOUND"],
    },
    async ({ grant, body }) => {
      const context = checkContext(body.context);
      if (!context.ok) {
        const { pointer, detail, hint } = context.problem;
        const error = { pointer: `/context${pointer}`, detail };
        return problemReply({
          code: "INVALID_CONTEXT",
          detail: `${error.pointer}: ${detail}.`,
          errors: [error],
          ...(hint === undefined ? {} : { hint }),
        });
      }
      const ruleset = parts.feeds.get(grant.environment)?.ruleset;
      if (ruleset?.has(body.flag) !== true) return flagMissing(parts, body.flag);
      const { details, steps } = ruleset.explain(body.flag, context.context);
      return json(200, { ...details, steps } satisfies ExplainedEvaluation);
    },
  );
}
