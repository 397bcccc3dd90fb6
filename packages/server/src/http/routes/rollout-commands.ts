import type { RolloutCommand } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import type { Plan } from "../../domain/plan/types.ts";
import { unstoredView } from "../../domain/view.ts";
import type { Command, Person } from "../../domain/rollout/event.ts";
import type { Scope } from "../../domain/tokens.ts";
import type { Running } from "../../gates/runner.ts";
import type { ProblemCode } from "../codes.ts";
import { EVERY_ROLE } from "../dev.ts";
import type { Grant } from "../grant.ts";
import type { Lane } from "../lanes.ts";
import type { HttpParts } from "../parts.ts";
import { outcomeReply, rolloutFor, type RolloutViews } from "../rollout-views.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { reason as reasonText, UNSTORED } from "../schemas.ts";
import { rolloutView } from "../schemas-rollouts.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** As long as a plan may write one. */
const ROLE_LENGTH_MAX = 500;
const ITEM_LENGTH_MAX = 4_000;

const role = z.string().max(ROLE_LENGTH_MAX).openapi({
  description: "One of the roles that the token carries; all of them when nothing is said",
  example: "engineering-lead",
});
const reason = { reason: reasonText.optional() };
const withReason = z.strictObject(reason);

/** A command as a route. */
interface CommandSpec<Body extends z.ZodType> {
  readonly name: RolloutCommand;
  readonly summary: string;
  readonly description?: string;
  readonly scope: Scope;
  readonly lane?: Lane;
  readonly body: Body;
  readonly isBodyNeeded?: boolean;
  readonly problems?: readonly ProblemCode[];
  /** Takes the flag back: told to clients also while nothing can be stored. */
  readonly isUrgent?: boolean;
  readonly command: (body: z.output<Body>, running: Running) => Command;
}

/** What people ask of a rollout. Decisions in place of a gate are a person's (`rollouts:approve`); the rest a pipeline can do, too. */
export function rolloutCommandRoutes(parts: HttpParts, views: RolloutViews): readonly Route[] {
  const add = <Body extends z.ZodType>(spec: CommandSpec<Body>): Route => commandRoute(parts, views, spec);
  return [
    add({
      name: "start",
      summary: "Start a scheduled rollout now",
      scope: "rollouts:write",
      body: withReason,
      command: (body) => ({ kind: "start", ...given(body) }),
    }),
    add({
      name: "approve",
      summary: "Approve a stage",
      description:
        "The one that waits, or the next one. It counts for the plan of `planDigest`, which is the running one when nothing is said, and for the roles that the token carries: no kind of token has a role by itself.",
      scope: "rollouts:approve",
      body: z.strictObject({ planDigest: z.string().max(64).optional(), role: role.optional() }),
      problems: ["ROLE_MISSING", "PLAN_CHANGED", "NO_APPROVAL_NEEDED"],
      command: (body, { row }) => ({ kind: "approve", planDigest: row.state.planDigest, ...given(body) }),
    }),
    add({
      name: "reject",
      summary: "Reject a stage",
      description: "Takes its approvals back and pauses.",
      scope: "rollouts:approve",
      body: z.strictObject({ role: role.optional(), ...reason }),
      problems: ["ROLE_MISSING", "NO_APPROVAL_NEEDED"],
      command: (body) => ({ kind: "reject", ...given(body) }),
    }),
    add({
      name: "tick",
      summary: "Tick an item of the checklist",
      scope: "rollouts:write",
      body: z.strictObject({
        item: z
          .string()
          .min(1)
          .max(ITEM_LENGTH_MAX)
          .openapi({ description: "Its id or its text, or `all` that are open and that the token may tick" }),
      }),
      isBodyNeeded: true,
      problems: ["ITEM_UNKNOWN", "ROLE_MISSING"],
      command: ({ item }) => ({ kind: "tick", item }),
    }),
    add({
      name: "pause",
      summary: "Hold the percentage",
      description: "Until somebody resumes, promotes or rolls back. Triggers are watched all the same.",
      scope: "rollouts:write",
      body: withReason,
      command: (body) => ({ kind: "pause", ...given(body) }),
    }),
    add({
      name: "resume",
      summary: "Go on after a pause",
      scope: "rollouts:approve",
      body: withReason,
      command: (body) => ({ kind: "resume", ...given(body) }),
    }),
    add({
      name: "promote",
      summary: "End the stage now",
      description:
        "In place of its duration, criteria and checklist. Approvals and the window of the next stage still count, and nothing goes up while a trigger is true.",
      scope: "rollouts:approve",
      body: withReason,
      problems: ["NOT_EXPOSED", "TRIGGER_TRUE"],
      command: (body) => ({ kind: "promote", ...given(body) }),
    }),
    add({
      name: "rollback",
      summary: "Roll back to 0 %",
      description:
        "At once, and for everybody. Beats every other command. While nothing can be stored it reaches the connected clients all the same: 202.",
      scope: "rollouts:write",
      lane: "kill",
      isUrgent: true,
      body: withReason,
      command: (body) => ({ kind: "rollback", ...given(body) }),
    }),
    add({
      name: "cancel",
      summary: "Cancel before anybody is on",
      scope: "rollouts:write",
      body: withReason,
      problems: ["ALREADY_EXPOSED"],
      command: (body) => ({ kind: "cancel", ...given(body) }),
    }),
    add({
      name: "acknowledge",
      summary: "Stop the escalation",
      description: "Somebody looks after it.",
      scope: "rollouts:write",
      body: withReason,
      command: (body) => ({ kind: "acknowledge", ...given(body) }),
    }),
  ];
}

function commandRoute<Body extends z.ZodType>(parts: HttpParts, views: RolloutViews, spec: CommandSpec<Body>): Route {
  const {
    name,
    summary,
    description,
    scope,
    lane = "admin",
    body,
    isBodyNeeded = false,
    problems = [],
    isUrgent = false,
    command,
  } = spec;
  return route(
    { scope, reach: "some" },
    {
      method: "post",
      path: `/api/v1/rollouts/{id}/${name}`,
      tag: ROLLOUT_TAG,
      summary,
      ...(description !== undefined && { description }),
      lane,
      anyContentType: true,
      bodyOptional: !isBodyNeeded,
      body,
      answers: {
        200: { description: "The rollout right after", schema: rolloutView },
        ...(isUrgent && { 202: UNSTORED }),
      },
      problems: ["ROLLOUT_NOT_FOUND", "NOT_ALLOWED_NOW", ...problems],
    },
    async ({ grant, params, body: asked }) => {
      const running = await rolloutFor(parts, grant, params.id);
      const outcome = await parts.runner.command(params.id, personOf(grant, running.plan), command(asked, running));
      if (isUrgent && outcome?.kind === "failed" && outcome.told !== undefined)
        return json(202, unstoredView(running.row, outcome.told));
      return outcomeReply(parts, views, params.id, outcome);
    },
  );
}

function personOf({ actor, roles, traceId }: Grant, plan: Plan): Person {
  return {
    by: actor,
    roles: roles.includes(EVERY_ROLE) ? rolesOf(plan) : roles,
    ...(traceId !== undefined && { traceId }),
  };
}

/** Every role that the plan asks for anywhere. */
function rolesOf({ stages, preconditions, rollback, completion }: Plan): readonly string[] {
  const items = [
    ...preconditions.flatMap((one) => (one.kind === "check" ? [one.item] : [])),
    ...stages.flatMap((stage) => stage.checklist),
    ...rollback.checklist,
    ...completion.checklist,
    ...completion.reviews.flatMap((review) => review.checklist),
  ];
  return [
    ...new Set([
      ...stages.flatMap((stage) => stage.approvals.map(({ role: one }) => one)),
      ...items.flatMap((item) => item.roles),
    ]),
  ];
}

/** The fields that were sent: what is undefined was not said. */
function given<T extends object>(fields: T): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [key in keyof T]?: Exclude<T[key], undefined>;
  };
}
