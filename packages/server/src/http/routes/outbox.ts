import type { OutboxView, Resent } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { instantOf } from "../../domain/instant.ts";
import type { OutboxRow } from "../../ports/rollout-store.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import { outboxView } from "../schemas-rollouts.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** Characters of a message's key; ours are much shorter. */
const KEY_MAX = 256;

/** What leaves the house. */
export function outboxRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), resendRoute(parts)];
}

function listRoute({ rollouts }: HttpParts): Route {
  return route(
    { scope: "rollouts:read", reach: "all" },
    {
      method: "get",
      path: "/api/v1/outbox",
      tag: ROLLOUT_TAG,
      summary: "List notifications",
      description: "Those that wait, were delivered, or were given up (`status=dead`).",
      lane: "admin",
      query: z.strictObject({
        status: z.enum(["waiting", "sent", "dead"]).optional(),
        limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
      }),
      answers: { 200: { description: "The messages, the newest first", schema: pageOf(outboxView) } },
    },
    async ({ query: { status, limit } }) => {
      const rows = await rollouts.outbox({ ...(status !== undefined && { status }), limit });
      return json(200, { items: rows.map(viewOf) });
    },
  );
}

const resendBody = z
  .union(
    [
      z.strictObject({ key: z.string().min(1).max(KEY_MAX).openapi({ example: "r1:4:0:eng-slack" }) }),
      z.strictObject({ allDead: z.literal(true), channel: z.string().max(64).optional() }),
    ],
    "must be { key } of a message, or { allDead: true }, with a channel or without",
  )
  .openapi("Resend");

const resent = z.object({ resent: z.number().int() }).openapi("Resent");

function resendRoute(parts: HttpParts): Route {
  return route(
    { scope: "channels:test", reach: "all" },
    {
      method: "post",
      path: "/api/v1/outbox/resend",
      tag: ROLLOUT_TAG,
      summary: "Send again what was given up",
      description:
        "One message, all of them, or all of one channel: each begins anew, with all its tries. A page that comes late pages all the same.",
      lane: "admin",
      body: resendBody,
      answers: { 200: { description: "How many are under way again", schema: resent } },
      problems: ["MESSAGE_NOT_DEAD"],
    },
    async ({ grant, body }) => {
      const which = "key" in body ? { key: body.key } : body.channel === undefined ? {} : { channel: body.channel };
      const meta = metaOf(parts, grant, { action: "outbox.resent" });
      const count = await parts.rollouts.outboxResend(which, meta);
      if (count > 0 || !("key" in body)) return json(200, { resent: count } satisfies Resent);
      return problemReply({
        code: "MESSAGE_NOT_DEAD",
        detail: `No message ${JSON.stringify(body.key)} was given up.`,
        hint: "GET /api/v1/outbox?status=dead lists those that were.",
      });
    },
  );
}

function viewOf({
  key,
  rolloutId,
  notify,
  status,
  attempts,
  createdAt,
  dueAt,
  lastError,
  channel,
}: OutboxRow): OutboxView {
  const { event, severity, stage, subject } = notify;
  return {
    key,
    rolloutId,
    event,
    ...(severity !== undefined && { severity }),
    ...(stage !== undefined && { stage }),
    subject,
    channel,
    status,
    attempts,
    createdAt: instantOf(createdAt),
    dueAt: instantOf(dueAt),
    ...(lastError !== undefined && { lastError }),
  };
}
