import type { ChannelList, ChannelTest } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { nearest } from "../../domain/nearest.ts";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

const channelView = z
  .object({
    name: z.string().openapi({ example: "eng-slack" }),
    type: z.enum(["log", "slack", "pagerduty", "webhook", "statuspage", "email"]),
    state: z
      .enum(["ready", "disabled"])
      .openapi({ description: "`disabled`: its receiver said that it is gone, and messages to it are given up" }),
    reason: z.string().optional().openapi({ description: "Why it is disabled" }),
  })
  .openapi("Channel");

const channelTest = z
  .object({
    name: z.string(),
    delivered: z.boolean(),
    reason: z.string().optional().openapi({ description: "Why it was not delivered" }),
  })
  .openapi("ChannelTest");

/** Where notifications go. Addresses and secrets are configuration and never read back. */
export function channelRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), testRoute(parts)];
}

function listRoute({ channels }: HttpParts): Route {
  return route(
    { scope: "rollouts:read", reach: "all" },
    {
      method: "get",
      path: "/api/v1/channels",
      tag: ROLLOUT_TAG,
      summary: "List the channels of notifications",
      description: "Their names, types and states; addresses and secrets are never shown.",
      lane: "admin",
      answers: {
        200: { description: "The channels", schema: z.object({ items: z.array(channelView) }).openapi("ChannelList") },
      },
    },
    () => json(200, { items: channels.channels() } satisfies ChannelList),
  );
}

function testRoute({ channels }: HttpParts): Route {
  return route(
    { scope: "channels:test", reach: "all" },
    {
      method: "post",
      path: "/api/v1/channels/{name}/test",
      tag: ROLLOUT_TAG,
      summary: "Send a test message to a channel",
      description:
        "Sends a message that says it is a test. PagerDuty gets a change event, a status page is only read: nobody is called, and the public sees nothing. A disabled channel that it reaches is ready again.",
      lane: "admin",
      answers: { 200: { description: "Whether it was delivered", schema: channelTest } },
      problems: ["CHANNEL_NOT_FOUND"],
    },
    async ({ params: { name } }) => {
      const delivery = await channels.test(name);
      if (delivery === undefined) return notFound(name, channels.channels());
      const delivered = delivery.kind === "delivered";
      return json(200, { name, delivered, ...(!delivered && { reason: delivery.reason }) } satisfies ChannelTest);
    },
  );
}

function notFound(name: string, channels: readonly { readonly name: string }[]) {
  const names = channels.map((one) => one.name);
  const suggestions = nearest(name, names);
  return problemReply({
    code: "CHANNEL_NOT_FOUND",
    detail: `There is no channel ${JSON.stringify(name.slice(0, 64))}.`,
    hint: "Channels are named in the file that RAMPART_CHANNELS points to; the server reads it at its start.",
    ...(suggestions.length > 0 && { suggestions }),
  });
}
