import type { FlagConfig } from "@rampart/core";
import { checkPercentage } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { Refusal } from "../../domain/problems.ts";
import { leaveToRollout } from "../../domain/managed.ts";
import { kill, rampTo, restore } from "../../domain/ramp.ts";
import { rampView, unstoredView } from "../../domain/view.ts";
import type { ConfigRecord, Decision } from "../../ports/store.ts";
import type { EnvironmentGrant } from "../grant.ts";
import { authorizeIn } from "../grant.ts";
import type { Change, HttpParts } from "../parts.ts";
import { metaOf, publish } from "../parts.ts";
import { ProblemError, problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { rampView as rampShown, reason, UNSTORED } from "../schemas.ts";
import { flagMissing } from "./definitions.ts";

const TAG = "Ramps";

/** Where the short form ramps when it is not told. */
const SHORT_FORM_ENVIRONMENT = "production";

/** Checked by the domain, which can say what is wrong with it. */
const percentage = z.unknown().optional();

const percentageShown = z.number().openapi({ minimum: 0, maximum: 100, multipleOf: 0.001, example: 25 });
const environment = z.string().default(SHORT_FORM_ENVIRONMENT);

const ANSWERS = {
  200: { description: "What was done; `changed` is false when there was nothing to do", schema: rampShown },
};

/** Ramping by hand, and the way back. */
export function rampRoutes(parts: HttpParts): readonly Route[] {
  return [rolloutRoute(parts), shortFormRoute(parts), killRoute(parts), restoreRoute(parts)];
}

function rolloutRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:ramp", reach: "path" },
    {
      method: "post",
      path: "/api/v1/environments/{env}/flags/{key}/rollout",
      tag: TAG,
      summary: "Ramp a flag",
      description: "Sets the percentage of users who get the on variant. Targets and rules stay as they are.",
      lane: "admin",
      body: z.strictObject({ percentage, reason: reason.optional() }),
      bodyShown: z.object({ percentage: percentageShown, reason: reason.optional() }),
      answers: ANSWERS,
      problems: ["INVALID_PERCENTAGE", "FLAG_NOT_FOUND", "FLAG_DISABLED", "FLAG_MANAGED", "NOT_BOOLEAN"],
    },
    ({ grant, params, body }) =>
      ramp(parts, grant, { key: params.key, to: percentageIn(body.percentage), why: body.reason }),
  );
}

function shortFormRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:ramp", reach: "some" },
    {
      method: "post",
      path: "/api/features/rollout",
      tag: TAG,
      summary: "Ramp a flag, in short",
      description: "For scripts: the body is read as JSON whatever its content type says, as `curl -d` sends it.",
      lane: "admin",
      anyContentType: true,
      body: z.strictObject({ feature: z.string(), percentage, environment, reason: reason.optional() }),
      bodyShown: z.object({
        feature: z.string().openapi({ example: "v1.4.0" }),
        percentage: percentageShown,
        environment,
        reason: reason.optional(),
      }),
      answers: ANSWERS,
      problems: [
        "INVALID_PERCENTAGE",
        "FLAG_NOT_FOUND",
        "ENVIRONMENT_NOT_FOUND",
        "FLAG_DISABLED",
        "FLAG_MANAGED",
        "NOT_BOOLEAN",
      ],
    },
    ({ grant, body }) => {
      const granted = authorizeIn(grant, body.environment, parts.feeds.keys());
      return ramp(parts, granted, { key: body.feature, to: percentageIn(body.percentage), why: body.reason });
    },
  );
}

function killRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:kill", reach: "path" },
    {
      method: "post",
      path: "/api/v1/environments/{env}/flags/{key}/kill",
      tag: TAG,
      summary: "Kill a flag",
      description:
        "Nobody gets the on variant any more, by percentage, rule or target. Idempotent, and never a conflict. While nothing can be stored it reaches the connected clients all the same: 202.",
      lane: "kill",
      anyContentType: true,
      bodyOptional: true,
      body: z.strictObject({ reason: reason.optional() }),
      answers: {
        ...ANSWERS,
        202: UNSTORED,
      },
      problems: ["FLAG_NOT_FOUND"],
    },
    async ({ grant, params, body }) => {
      const { environment, actor } = grant;
      const what = { action: "flag.killed", reason: body.reason, urgent: true };
      const write = change(parts, grant, params.key, what, kill);
      const said = { actor, action: what.action, ...(body.reason !== undefined && { reason: body.reason }) };
      const told = await parts.emergency.watch(write, { environment, flag: params.key, ...said });
      return told === undefined ? write : json(202, unstoredView({ environment, flag: params.key }, told));
    },
  );
}

function restoreRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:write", reach: "path" },
    {
      method: "post",
      path: "/api/v1/environments/{env}/flags/{key}/restore",
      tag: TAG,
      summary: "Undo a kill",
      description: "Percentage, rules and targets are what they were before it.",
      lane: "admin",
      anyContentType: true,
      bodyOptional: true,
      body: z.strictObject({ reason: reason.optional() }),
      answers: ANSWERS,
      problems: ["FLAG_NOT_FOUND"],
    },
    ({ grant, params, body }) =>
      change(parts, grant, params.key, { action: "flag.restored", reason: body.reason }, restore),
  );
}

function ramp(
  parts: HttpParts,
  grant: EnvironmentGrant,
  { key, to, why }: { readonly key: string; readonly to: number; readonly why: string | undefined },
): Promise<Reply> {
  return change(parts, grant, key, { action: "flag.ramped", reason: why, urgent: to === 0 }, (record, definition) =>
    rampTo(record, definition, to),
  );
}

type Decide = (record: ConfigRecord, definition: Parameters<typeof rampTo>[1]) => Decision<FlagConfig, Refusal>;

async function change(
  parts: HttpParts,
  grant: EnvironmentGrant,
  key: string,
  what: Change,
  decide: Decide,
): Promise<Reply> {
  const { environment } = grant;
  const meta = metaOf(parts, grant, what);
  const written = await parts.store.changeConfig(
    environment,
    key,
    (record, around) => leaveToRollout(record, around.rollout, decide(record, around.definition)),
    meta,
  );
  switch (written.kind) {
    case "written":
      await publish(parts, meta.action, environment);
      await parts.runner.flagTouched([environment], key);
      return json(200, rampView({ before: written.before, after: written.after, at: meta.at }));
    case "kept":
      return json(200, rampView({ after: written.record, at: meta.at }));
    case "refused":
      return problemReply(written.problem);
    case "missing":
      return flagMissing(parts, key, written.deletedAt);
  }
}

function percentageIn(value: unknown): number {
  const checked = checkPercentage(value);
  if (checked.ok) return checked.percentage;
  const { detail, hint } = checked;
  throw new ProblemError({ code: "INVALID_PERCENTAGE", detail, hint, errors: [{ pointer: "/percentage", detail }] });
}
