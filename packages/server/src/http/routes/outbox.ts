import type { OutboxView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { instantOf } from "../../domain/instant.ts";
import type { OutboxRow } from "../../ports/rollout-store.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import { outboxView } from "../schemas-rollouts.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** What leaves the house. */
export function outboxRoutes({ rollouts }: HttpParts): readonly Route[] {
  return [
    route(
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
    ),
  ];
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
