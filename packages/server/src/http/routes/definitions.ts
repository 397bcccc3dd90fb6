import type { FlagDefinition, JsonObject } from "@rampart/core";
import { checkDefinition, defaultConfig, defaultVariants } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { flagInUse } from "../../domain/in-use.ts";
import { invalidBody, mergeFields } from "../../domain/merge.ts";
import { patchDefinition } from "../../domain/patch-definition.ts";
import type { Refusal } from "../../domain/problems.ts";
import { alreadyExists, flagNotFound, wasDeleted } from "../../domain/problems.ts";
import { flagView, type LastEvaluated } from "../../domain/view.ts";
import type { ConfigRecord, FlagRecord } from "../../ports/store.ts";
import type { Grant } from "../grant.ts";
import { isFor } from "../grant.ts";
import { pageAfter, pageQuery } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf, publish } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { flagPatch, flagView as flagShown, newFlag, pageOf, reason } from "../schemas.ts";

const TAG = "Flags";

/** Definitions with long texts as variants. */
const DEFINITION_MAX_BYTES = 256 * 1024;

const NEW_FLAG_FIELDS = {
  key: undefined,
  type: "boolean",
  description: "",
  variants: undefined,
  tags: [],
  owner: undefined,
  expectedEnd: undefined,
};

/** What flags are, the same in every environment. */
export function definitionRoutes(parts: HttpParts): readonly Route[] {
  return [listRoute(parts), createRoute(parts), getRoute(parts), patchRoute(parts), deleteRoute(parts)];
}

function listRoute(parts: HttpParts): Route {
  const { store } = parts;
  return route(
    { scope: "flags:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/flags",
      tag: TAG,
      summary: "List flags",
      lane: "admin",
      query: pageQuery.extend({ tag: z.string().optional().openapi({ description: "Only flags with this tag" }) }),
      answers: {
        200: { description: "A page of flags, by key, with a line for each environment", schema: pageOf(flagShown) },
      },
    },
    async ({ grant, query }) => {
      const [flags, configs] = await Promise.all([store.flags(), store.configs()]);
      const tagged =
        query.tag === undefined ? flags : flags.filter(({ definition }) => definition.tags.includes(query.tag ?? ""));
      const page = pageAfter(tagged, ({ definition }) => definition.key, query);
      const byKey = groupByKey(configs.filter(({ environment }) => isFor(grant, environment)));
      const ofPage = page.items.map((record) => ({ record, configs: byKey.get(record.definition.key) ?? [] }));
      const last = await lastEvaluated(
        parts,
        ofPage.flatMap((one) => one.configs),
      );
      const items = ofPage.map((one) => flagView(one.record, one.configs, last));
      return json(200, { ...page, items });
    },
  );
}

function createRoute(parts: HttpParts): Route {
  const { store } = parts;
  return route(
    { scope: "flags:write", reach: "all" },
    {
      method: "post",
      path: "/api/v1/flags",
      tag: TAG,
      summary: "Create a flag",
      description: "The flag appears in every environment, and nobody gets its on variant yet.",
      lane: "admin",
      body: z.looseObject({ reason: reason.optional(), reuse: z.boolean().optional() }),
      bodyShown: newFlag,
      bodyMaxBytes: DEFINITION_MAX_BYTES,
      answers: { 201: { description: "The new flag", schema: flagShown } },
      problems: ["INVALID_BODY", "FLAG_EXISTS", "FLAG_DELETED"],
    },
    async ({ grant, body: { reason: why, reuse, ...fields } }) => {
      const checked = newDefinition(fields as JsonObject);
      if (checked.kind === "refuse") return problemReply(checked.problem);
      const { definition } = checked;
      const configs = Object.fromEntries(
        [...parts.feeds.keys()].map((environment) => [environment, defaultConfig(definition)]),
      );
      const meta = metaOf(parts, grant, { action: "flag.created", reason: why });
      const created = await store.createFlag(definition, configs, meta, reuse === undefined ? {} : { reuse });
      switch (created.kind) {
        case "created":
          await publish(parts, meta.action);
          return json(201, await viewOf(parts, grant, created.record), {
            location: `/api/v1/flags/${encodeURIComponent(definition.key)}`,
          });
        case "exists":
          return problemReply(alreadyExists("flag", definition.key));
        case "tombstone":
          return problemReply(wasDeleted("flag", definition.key, created.deletedAt));
      }
    },
  );
}

function getRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/flags/{key}",
      tag: TAG,
      summary: "Get a flag",
      lane: "admin",
      answers: { 200: { description: "The flag, with a line for each environment", schema: flagShown } },
      problems: ["FLAG_NOT_FOUND"],
    },
    async ({ grant, params }) => {
      const record = await parts.store.flag(params.key);
      return record === undefined ? flagMissing(parts, params.key) : json(200, await viewOf(parts, grant, record));
    },
  );
}

function patchRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:write", reach: "all" },
    {
      method: "patch",
      path: "/api/v1/flags/{key}",
      tag: TAG,
      summary: "Change what a flag is",
      description: "For what it does in an environment, see the path with the environment.",
      lane: "admin",
      body: z.looseObject({ reason: reason.optional() }),
      bodyShown: flagPatch,
      bodyMaxBytes: DEFINITION_MAX_BYTES,
      answers: { 200: { description: "The flag as it is now", schema: flagShown } },
      problems: ["INVALID_BODY", "FLAG_NOT_FOUND"],
    },
    async ({ grant, params, body: { reason: why, ...patch } }) => {
      const meta = metaOf(parts, grant, { action: "flag.updated", reason: why });
      const written = await parts.store.changeFlag(
        params.key,
        (current) => patchDefinition(current, patch as JsonObject),
        meta,
      );
      switch (written.kind) {
        case "written":
          await publish(parts, meta.action);
          return json(200, await viewOf(parts, grant, written.after));
        case "kept":
          return json(200, await viewOf(parts, grant, written.record));
        case "refused":
          return problemReply(written.problem);
        case "missing":
          return flagMissing(parts, params.key, written.deletedAt);
      }
    },
  );
}

function deleteRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:write", reach: "all" },
    {
      method: "delete",
      path: "/api/v1/flags/{key}",
      tag: TAG,
      summary: "Delete a flag",
      description:
        "In every environment: programs that still ask for it get their default. Its key is not given out again by accident.",
      lane: "admin",
      query: z.strictObject({ reason: reason.optional() }),
      answers: { 200: { description: "The flag as it was", schema: flagShown } },
      problems: ["FLAG_NOT_FOUND", "IN_USE"],
    },
    async ({ grant, params, query }) => {
      const meta = metaOf(parts, grant, { action: "flag.deleted", reason: query.reason });
      const deleted = await parts.store.deleteFlag(params.key, (configs) => flagInUse(params.key, configs), meta);
      switch (deleted.kind) {
        case "written":
          await publish(parts, meta.action);
          await parts.runner.flagTouched([...parts.feeds.keys()], params.key);
          return json(200, flagView(deleted.before, []));
        case "kept":
          return json(200, flagView(deleted.record, []));
        case "refused":
          return problemReply(deleted.problem);
        case "missing":
          return flagMissing(parts, params.key, deleted.deletedAt);
      }
    },
  );
}

/** The answer for a flag that isn't there: with the nearest names, or with when it was deleted. */
export async function flagMissing(
  { store }: Pick<HttpParts, "store">,
  key: string,
  deletedAt?: number,
): Promise<Reply> {
  const refusal = flagNotFound(
    key,
    (await store.flags()).map(({ definition }) => definition.key),
  );
  if (deletedAt === undefined) return problemReply(refusal);
  return problemReply({
    ...refusal,
    detail: `${refusal.detail} It was deleted at ${new Date(deletedAt).toISOString()}.`,
  });
}

type NewDefinition =
  | { readonly kind: "definition"; readonly definition: FlagDefinition }
  | { readonly kind: "refuse"; readonly problem: Refusal };

function newDefinition(fields: JsonObject): NewDefinition {
  const type = fields["type"] ?? "boolean";
  const isBoolean = type === "boolean" && fields["variants"] === undefined;
  const defaults = { type, description: "", tags: [], ...(isBoolean ? { variants: defaultVariants("boolean") } : {}) };
  const merged = mergeFields(defaults, fields, NEW_FLAG_FIELDS);
  if (merged.kind === "refuse") return merged;
  const errors = checkDefinition(merged.merged);
  if (errors.length > 0) return { kind: "refuse", problem: invalidBody(errors) };
  return { kind: "definition", definition: merged.merged as unknown as FlagDefinition };
}

/** A token shows the environments that it is bound to. */
async function viewOf(parts: HttpParts, grant: Grant, record: FlagRecord): Promise<ReturnType<typeof flagView>> {
  const all = await parts.store.configs({ key: record.definition.key });
  const configs = all.filter(({ environment }) => isFor(grant, environment));
  return flagView(record, configs, await lastEvaluated(parts, configs));
}

async function lastEvaluated(
  { evaluations }: Pick<HttpParts, "evaluations">,
  configs: readonly ConfigRecord[],
): Promise<LastEvaluated> {
  const all = await evaluations.last(configs.map(({ key: flag, environment }) => ({ flag, environment })));
  const byConfig = new Map(configs.map((config, index) => [config, all[index]]));
  return (config) => byConfig.get(config);
}

function groupByKey(configs: readonly ConfigRecord[]): ReadonlyMap<string, readonly ConfigRecord[]> {
  const groups = new Map<string, ConfigRecord[]>();
  for (const config of configs) {
    const group = groups.get(config.key);
    if (group === undefined) groups.set(config.key, [config]);
    else group.push(config);
  }
  return groups;
}
