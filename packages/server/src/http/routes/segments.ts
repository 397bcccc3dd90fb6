import type { JsonObject, Segment } from "@rampart/core";
import { checkSegment } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { segmentInUse } from "../../domain/in-use.ts";
import { invalidBody, mergeFields } from "../../domain/merge.ts";
import { patchSegment } from "../../domain/patch-definition.ts";
import type { Refusal } from "../../domain/problems.ts";
import { alreadyExists, segmentNotFound, wasDeleted } from "../../domain/problems.ts";
import { segmentView } from "../../domain/view.ts";
import { pageAfter, pageQuery } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf, publish } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { newSegment, pageOf, reason, segmentPatch, segmentView as segmentShown } from "../schemas.ts";

const TAG = "Segments";

/** A hundred thousand ids of forty characters. */
const SEGMENT_MAX_BYTES = 4 * 1024 * 1024;

const NEW_SEGMENT = { description: "", included: [], excluded: [], rules: [] };

/** Named sets of users, the same in every environment. */
export function segmentRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), createRoute(parts), getRoute(parts), patchRoute(parts), deleteRoute(parts)];
}

function listRoute({ store }: HttpParts): Route {
  return route(
    { scope: "segments:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/segments",
      tag: TAG,
      summary: "List segments",
      lane: "admin",
      query: pageQuery,
      answers: { 200: { description: "A page of segments, by key", schema: pageOf(segmentShown) } },
    },
    async ({ query }) => {
      const page = pageAfter(await store.segments(), ({ segment }) => segment.key, query);
      return json(200, { ...page, items: page.items.map(segmentView) });
    },
  );
}

function createRoute(parts: HttpParts): Route {
  return route(
    { scope: "segments:write", reach: "all" },
    {
      method: "post",
      path: "/api/v1/segments",
      tag: TAG,
      summary: "Create a segment",
      lane: "admin",
      body: z.looseObject({ reason: reason.optional(), reuse: z.boolean().optional() }),
      bodyShown: newSegment,
      bodyMaxBytes: SEGMENT_MAX_BYTES,
      answers: { 201: { description: "The new segment", schema: segmentShown } },
      problems: ["INVALID_BODY", "SEGMENT_EXISTS", "SEGMENT_DELETED"],
    },
    async ({ grant, body: { reason: why, reuse, ...fields } }) => {
      const checked = newSegmentOf(fields as JsonObject, parts);
      if (checked.kind === "refuse") return problemReply(checked.problem);
      const { segment } = checked;
      const meta = metaOf(parts, grant, { action: "segment.created", reason: why });
      const created = await parts.store.createSegment(segment, meta, reuse === undefined ? {} : { reuse });
      switch (created.kind) {
        case "created":
          await publish(parts, meta.action);
          return json(201, segmentView(created.record), {
            location: `/api/v1/segments/${encodeURIComponent(segment.key)}`,
          });
        case "exists":
          return problemReply(alreadyExists("segment", segment.key));
        case "tombstone":
          return problemReply(wasDeleted("segment", segment.key, created.deletedAt));
      }
    },
  );
}

function getRoute(parts: HttpParts): Route {
  return route(
    { scope: "segments:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/segments/{key}",
      tag: TAG,
      summary: "Get a segment",
      lane: "admin",
      answers: { 200: { description: "The segment", schema: segmentShown } },
      problems: ["SEGMENT_NOT_FOUND"],
    },
    async ({ params }) => {
      const record = await parts.store.segment(params.key);
      return record === undefined ? segmentMissing(parts, params.key) : json(200, segmentView(record));
    },
  );
}

function patchRoute(parts: HttpParts): Route {
  return route(
    { scope: "segments:write", reach: "all" },
    {
      method: "patch",
      path: "/api/v1/segments/{key}",
      tag: TAG,
      summary: "Change a segment",
      description: "Each field replaces the whole; null sets it back to its default.",
      lane: "admin",
      body: z.looseObject({ reason: reason.optional() }),
      bodyShown: segmentPatch,
      bodyMaxBytes: SEGMENT_MAX_BYTES,
      answers: { 200: { description: "The segment as it is now", schema: segmentShown } },
      problems: ["INVALID_BODY", "SEGMENT_NOT_FOUND"],
    },
    async ({ grant, params, body: { reason: why, ...patch } }) => {
      const meta = metaOf(parts, grant, { action: "segment.updated", reason: why });
      const written = await parts.store.changeSegment(
        params.key,
        (current) => patchSegment(current, patch as JsonObject, parts.regex),
        meta,
      );
      switch (written.kind) {
        case "written":
          await publish(parts, meta.action);
          return json(200, segmentView(written.after));
        case "kept":
          return json(200, segmentView(written.record));
        case "refused":
          return problemReply(written.problem);
        case "missing":
          return segmentMissing(parts, params.key);
      }
    },
  );
}

function deleteRoute(parts: HttpParts): Route {
  return route(
    { scope: "segments:write", reach: "all" },
    {
      method: "delete",
      path: "/api/v1/segments/{key}",
      tag: TAG,
      summary: "Delete a segment",
      description: "Refused while a rule names it.",
      lane: "admin",
      query: z.strictObject({ reason: reason.optional() }),
      answers: { 200: { description: "The segment as it was", schema: segmentShown } },
      problems: ["SEGMENT_NOT_FOUND", "IN_USE"],
    },
    async ({ grant, params, query }) => {
      const meta = metaOf(parts, grant, { action: "segment.deleted", reason: query.reason });
      const deleted = await parts.store.deleteSegment(params.key, (configs) => segmentInUse(params.key, configs), meta);
      switch (deleted.kind) {
        case "written":
          await publish(parts, meta.action);
          return json(200, segmentView(deleted.before));
        case "kept":
          return json(200, segmentView(deleted.record));
        case "refused":
          return problemReply(deleted.problem);
        case "missing":
          return segmentMissing(parts, params.key);
      }
    },
  );
}

type NewSegment =
  | { readonly kind: "segment"; readonly segment: Segment }
  | { readonly kind: "refuse"; readonly problem: Refusal };

function newSegmentOf(fields: JsonObject, { regex }: Pick<HttpParts, "regex">): NewSegment {
  const merged = mergeFields(NEW_SEGMENT, fields, { key: undefined, ...NEW_SEGMENT });
  if (merged.kind === "refuse") return merged;
  const errors = checkSegment(merged.merged, { regex });
  if (errors.length > 0) return { kind: "refuse", problem: invalidBody(errors) };
  return { kind: "segment", segment: merged.merged as unknown as Segment };
}

async function segmentMissing({ store }: Pick<HttpParts, "store">, key: string): Promise<Reply> {
  return problemReply(
    segmentNotFound(
      key,
      (await store.segments()).map(({ segment }) => segment.key),
    ),
  );
}
