import type { ChannelList, ChannelTest, ChannelView } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { nearest } from "../../domain/nearest.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** Characters of a problem's detail. */
const DETAIL_MAX = 2000;

const channelView = z
  .object({
    name: z.string().openapi({ example: "eng-slack" }),
    type: z.enum(["log", "slack", "pagerduty", "webhook", "statuspage", "email", "otlp"]),
    source: z
      .enum(["server", "file", "api"])
      .openapi({ description: "Who made it; only those of `api` can be changed and removed here" }),
    state: z.enum(["ready", "disabled"]).openapi({
      description: "`disabled`: its receiver is gone, or its settings can't be used; messages to it are given up",
    }),
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
  return [listRoute(parts), saveRoute(parts), removeRoute(parts), testRoute(parts)];
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
    async () => json(200, { items: await channels.channels() } satisfies ChannelList),
  );
}

/** Only shown: what is wrong with settings is told by their reader, which quotes none of them. */
const settingsShown = z
  .looseObject({
    type: z.enum(["slack", "pagerduty", "webhook", "statuspage", "email", "otlp", "log"]),
    template: z
      .string()
      .optional()
      .openapi({ description: "What people read in place of the text, with placeholders like `{{flag}}`" }),
  })
  .openapi("ChannelSettings", {
    description: "As one channel of the channels file; `${NAME}` is a variable that plans may use, too",
    example: { type: "slack", url: "https://hooks.slack.com/services/T/B/x" },
  });

function saveRoute(parts: HttpParts): Route {
  return route(
    { scope: "channels:write", reach: "all" },
    {
      method: "put",
      path: "/api/v1/channels/{name}",
      tag: ROLLOUT_TAG,
      summary: "Make or replace a channel",
      description:
        "The next message goes there. The settings replace all that were there, are stored encrypted and are never read back.",
      lane: "admin",
      body: z.unknown(),
      bodyShown: settingsShown,
      answers: {
        200: { description: "Replaced", schema: channelView },
        201: { description: "Made", schema: channelView },
      },
      problems: ["CHANNEL_INVALID", "CHANNEL_FIXED", "CHANNELS_FULL"],
    },
    async ({ grant, params: { name }, body }) => {
      const saved = await parts.channels.save(name, body, metaOf(parts, grant, { action: "channel.saved" }));
      switch (saved.kind) {
        case "created":
        case "changed":
          return json(saved.kind === "created" ? 201 : 200, saved.channel satisfies ChannelView);
        case "invalid":
          return problemReply({
            code: "CHANNEL_INVALID",
            detail: saved.problems
              .map(({ where, detail }) => `${where} ${detail}`)
              .join("; ")
              .slice(0, DETAIL_MAX),
            hint: "docs/notifications.md has the settings of each type.",
          });
        case "fixed":
          return fixed(name);
        case "full":
          return problemReply({
            code: "CHANNELS_FULL",
            detail: `There are ${saved.countMax} channels, and no more can be made.`,
            hint: "Remove those that no plan names any more.",
          });
      }
    },
  );
}

function removeRoute(parts: HttpParts): Route {
  return route(
    { scope: "channels:write", reach: "all" },
    {
      method: "delete",
      path: "/api/v1/channels/{name}",
      tag: ROLLOUT_TAG,
      summary: "Remove a channel",
      description: "What waits for it goes to the server's log only.",
      lane: "admin",
      answers: { 204: { description: "Removed" } },
      problems: ["CHANNEL_NOT_FOUND", "CHANNEL_FIXED"],
    },
    async ({ grant, params: { name } }) => {
      const removed = await parts.channels.remove(name, metaOf(parts, grant, { action: "channel.removed" }));
      switch (removed) {
        case "removed":
          return { status: 204 };
        case "missing":
          return notFound(name, await parts.channels.channels());
        case "fixed":
          return fixed(name);
      }
    },
  );
}

function fixed(name: string): Reply {
  return problemReply({
    code: "CHANNEL_FIXED",
    detail: `The channel ${JSON.stringify(name.slice(0, 64))} is not one that the API made.`,
    hint: "Change it in the file that RAMPART_CHANNELS names, and start the server anew; log is the server's own.",
  });
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
      if (delivery === undefined) return notFound(name, await channels.channels());
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
    hint: "Make it with rampart notify channels add, or name it in the file that RAMPART_CHANNELS points to.",
    ...(suggestions.length > 0 && { suggestions }),
  });
}
