import type { JsonObject } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { leaveToRollout } from "../../domain/managed.ts";
import { patchConfig } from "../../domain/patch-config.ts";
import { configView } from "../../domain/view.ts";
import type { ConfigRecord } from "../../ports/store.ts";
import { parseIfMatch, revisionTag } from "../etag.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf, publish } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { configPatch, configView as configShown, reason } from "../schemas.ts";
import { flagMissing } from "./definitions.ts";

const TAG = "Flags in an environment";

/** Ten thousand targets, or a few hundred rules. */
const CONFIG_MAX_BYTES = 1024 * 1024;

/** What flags do in an environment. */
export function configRoutes(parts: HttpParts): readonly Route[] {
  return [getRoute(parts), patchRoute(parts)];
}

function getRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "path" },
    {
      method: "get",
      path: "/api/v1/environments/{env}/flags/{key}",
      tag: TAG,
      summary: "Get a flag's configuration",
      lane: "admin",
      answers: {
        200: { description: "The configuration; `ETag` has its revision", schema: configShown },
        304: { description: "It is what `If-None-Match` names" },
      },
      problems: ["FLAG_NOT_FOUND"],
    },
    async ({ grant, params, incoming }) => {
      const record = await parts.store.config(grant.environment, params.key);
      if (record === undefined) return flagMissing(parts, params.key);
      if (incoming.headers["if-none-match"] === revisionTag(record.revision))
        return { status: 304, headers: { etag: revisionTag(record.revision) } };
      return configReply(record);
    },
  );
}

function patchRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:write", reach: "path" },
    {
      method: "patch",
      path: "/api/v1/environments/{env}/flags/{key}",
      tag: TAG,
      summary: "Change a flag's configuration",
      description:
        "With `If-Match` only if it still is at that revision; if not, the answer shows where your change differs from what is there.",
      lane: "admin",
      body: z.looseObject({ reason: reason.optional() }),
      bodyShown: configPatch,
      bodyMaxBytes: CONFIG_MAX_BYTES,
      answers: { 200: { description: "The configuration as it is now", schema: configShown } },
      problems: ["INVALID_BODY", "INVALID_IF_MATCH", "FLAG_NOT_FOUND", "REVISION_CONFLICT", "PREREQUISITE_CYCLE"],
    },
    async ({ grant, params, incoming, body: { reason: why, ...patch } }) => {
      const ifRevision = parseIfMatch(incoming.headers["if-match"]);
      const meta = metaOf(parts, grant, {
        action: "config.changed",
        reason: why,
        urgent: patch["enabled"] === false,
      });
      const wanted = {
        patch: patch as JsonObject,
        regex: parts.regex,
        ...(ifRevision === undefined ? {} : { ifRevision }),
      };
      const written = await parts.store.changeConfig(
        grant.environment,
        params.key,
        (record, around) => leaveToRollout(record, around.rollout, patchConfig(record, around, wanted)),
        meta,
      );
      switch (written.kind) {
        case "written":
          await publish(parts, meta.action, grant.environment);
          await parts.runner.flagTouched([grant.environment], params.key);
          return configReply(written.after);
        case "kept":
          return configReply(written.record);
        case "refused":
          return problemReply(written.problem);
        case "missing":
          return flagMissing(parts, params.key, written.deletedAt);
      }
    },
  );
}

const configReply = (record: ConfigRecord): Reply =>
  json(200, configView(record), { etag: revisionTag(record.revision) });
