import { z } from "@hono/zod-openapi";
import { RECORD_EVENTS } from "../domain/rollout/effect.ts";
import { STATUSES } from "../domain/rollout/state.ts";
import { comparisonView } from "./schemas-comparisons.ts";
import { receiptsView } from "./schemas-receipts.ts";

const COMMANDS = [
  "start",
  "approve",
  "reject",
  "tick",
  "pause",
  "resume",
  "promote",
  "rollback",
  "cancel",
  "acknowledge",
] as const;

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const ms = z.number().openapi({ description: "Milliseconds" });
const count = z.number().int();
const status = z.enum(STATUSES);
const action = z.enum(["rollback", "pause", "notify"]);
const severity = z.enum(["P0", "P1", "P2", "P3"]);
const unit = z.enum(["ratio", "percent", "seconds", "milliseconds", "count", "none"]);
const verdict = z.enum(["pass", "fail", "inconclusive", "error"]);
const percentage = z.number().openapi({ minimum: 0, maximum: 100 });
const roles = z.array(z.string());

/** What core calls `CauseView`. */
export const cause = z
  .object({
    kind: z.string(),
    subject: z.string(),
    condition: z.string().optional(),
    value: z.number().optional(),
    threshold: z.number().optional(),
    since: instant.optional(),
    by: z.string().optional(),
    traceId: z.string().optional(),
    reason: z.string().optional(),
    comparison: z.string().optional(),
    attribution: z.enum(["flag", "shared"]).optional(),
  })
  .openapi("Cause", { description: "Why something happened: what sort of thing did it, and which one" });

/** The revision of the plan that a rollout runs by. */
export const rolloutPlan = z
  .object({ name: z.string(), title: z.string(), digest: z.string(), version: count })
  .openapi("RolloutPlan");

/** A rollout in lists. */
export const rolloutSummary = z
  .object({
    id: z.string(),
    flag: z.string(),
    environment: z.string(),
    plan: rolloutPlan,
    status,
    percentage,
    stage: z.object({ name: z.string(), index: count }).nullable(),
    sentence: z.string().openapi({ description: "Where it is and what it waits for" }),
    cause: cause.optional(),
    recovery: z
      .object({ state: z.enum(["verifying", "recovered", "notRecovered", "unchecked"]), until: instant.optional() })
      .optional(),
    createdAt: instant,
    createdBy: z.string(),
    startAt: instant,
    exposedAt: instant.optional(),
    killedAt: instant.optional(),
    endedAt: instant.optional(),
  })
  .openapi("RolloutSummary");

const stage = z
  .object({
    name: z.string(),
    description: z.string().optional(),
    percentage,
    durationMs: ms,
    timeoutMs: ms.optional(),
    state: z.enum(["done", "current", "opening", "next", "stopped"]),
    elapsedMs: ms.optional(),
    remainingMs: ms.optional(),
  })
  .openapi("Stage");

/** What a condition came to at the last sampling; `value` and `threshold` in the metric's unit. */
export const judged = {
  verdict,
  value: z.number().optional(),
  threshold: z.number().optional(),
  reason: z.string().optional(),
};

const criterion = z
  .object({
    text: z.string(),
    of: z.enum(["precondition", "stage", "recovery"]),
    metric: z.string(),
    unit,
    ...judged,
    forMs: ms,
    heldMs: ms,
    holds: z.boolean(),
    ageMs: ms.optional(),
  })
  .openapi("Criterion");

const trigger = z
  .object({
    name: z.string(),
    action,
    severity,
    text: z.string(),
    metric: z.string().optional(),
    unit: unit.optional(),
    value: z.number().optional(),
    threshold: z.number().optional(),
    reason: z.string().optional(),
    isArmed: z.boolean(),
    isTrue: z.boolean(),
    forMs: ms,
    trueForMs: ms,
    hasFired: z.boolean(),
    firedAt: instant.optional(),
    ageMs: ms.optional(),
  })
  .openapi("Trigger");

const metric = z
  .object({
    name: z.string(),
    source: z.enum(["prometheus", "http", "signal", "sdk"]),
    unit,
    description: z.string().optional(),
    query: z.string(),
    state: z.enum(["value", "noData", "error"]),
    value: z.number().optional(),
    reason: z.string().optional(),
    ageMs: ms.optional(),
    baseline: z.number().optional(),
  })
  .openapi("Metric");

const approval = z
  .object({
    stage: z.string(),
    role: z.string(),
    needed: count,
    given: z.array(z.object({ by: z.string(), at: instant })),
    isOpen: z.boolean(),
  })
  .openapi("Approval");

const checklistItem = z
  .object({
    id: z.string(),
    text: z.string(),
    roles,
    run: z.string().optional(),
    ticked: z.object({ by: z.string(), at: instant }).optional(),
    dueAt: instant.optional(),
  })
  .openapi("ChecklistItem");

const waitingCriterion = z.object({
  kind: z.literal("criterion"),
  criterion: z.string(),
  metric: z.string(),
  forMs: ms,
  heldMs: ms,
  ...judged,
});

const item = { item: z.string(), text: z.string(), roles };

/** One thing that a rollout waits for; core calls it `WaitingView`. */
export const waiting = z
  .union([
    z.object({ kind: z.literal("start"), at: instant }),
    z.object({ kind: z.literal("check"), ...item }),
    z.object({
      kind: z.literal("drill"),
      withinMs: ms,
      underMs: ms,
      found: z.enum(["none", "failed", "tooOld", "tooSlow"]),
    }),
    waitingCriterion,
    z.object({ kind: z.literal("checklist"), ...item }),
    z.object({ kind: z.literal("duration"), remainingMs: ms, durationMs: ms }),
    z.object({ kind: z.literal("sample") }),
    z.object({ kind: z.literal("approval"), stage: z.string(), role: z.string(), needed: count, given: count }),
    z.object({ kind: z.literal("window"), stage: z.string(), opensAt: instant.optional() }),
    z.object({ kind: z.literal("trigger"), trigger: z.string(), condition: z.string(), value: z.number() }),
    z.object({ kind: z.literal("alert"), alert: z.string() }),
    z.object({ kind: z.literal("comparison"), metric: z.string(), reason: z.string() }),
    z.object({
      kind: z.literal("data"),
      metric: z.string(),
      error: z.boolean(),
      reason: z.string(),
      since: instant.optional(),
    }),
    z.object({ kind: z.literal("decision"), cause }),
    z.object({ kind: z.literal("commit") }),
    z.object({ kind: z.literal("recovery"), until: instant, criteria: z.array(waitingCriterion) }),
  ])
  .openapi("Waiting", { description: "One thing that a rollout waits for" });

/** A rollout with all there is to show of it now. */
export const rolloutView = rolloutSummary
  .extend({
    now: instant,
    stages: z.array(stage),
    waitingFor: z.array(waiting),
    allowed: z.array(z.enum(COMMANDS)).openapi({ description: "The commands that it takes now" }),
    criteria: z.array(criterion),
    triggers: z.array(trigger),
    comparisons: z.array(comparisonView),
    metrics: z.array(metric),
    approvals: z.array(approval),
    checklist: z.array(checklistItem),
    alerts: z.array(z.object({ name: z.string(), action, severity, since: instant })),
    escalation: z.object({ since: instant, severity, cause }).optional(),
    rollback: receiptsView.optional().openapi({ description: "Who applied the rollback, and where the time went" }),
    window: z.string().optional(),
    intervalMs: ms,
    lastSampleAt: instant.optional(),
    nextSampleAt: instant.optional(),
    leaseMs: ms.optional(),
  })
  .openapi("Rollout");

/** One line of a rollout's history. */
export const rolloutEvent = z
  .object({
    id: count,
    at: instant,
    event: z.string().openapi({ examples: [...RECORD_EVENTS] }),
    state: status,
    stage: z.string().nullable(),
    percentage,
    cause: cause.optional(),
  })
  .openapi("RolloutEvent");

const planProblem = z
  .object({
    line: count,
    column: count,
    endColumn: count,
    path: z.string(),
    value: z.string().optional(),
    message: z.string(),
    hint: z.string(),
  })
  .openapi("PlanProblem");

const planOutline = z
  .object({
    name: z.string(),
    title: z.string(),
    digest: z.string(),
    flag: z.string(),
    environment: z.string(),
    stages: z.array(
      z.object({
        name: z.string(),
        percentage,
        durationMs: ms,
        approvals: z.array(z.object({ role: z.string(), count })),
      }),
    ),
    variables: z.array(z.object({ name: z.string(), isSet: z.boolean() })),
  })
  .openapi("PlanOutline");

/** What is wrong with a plan's text; the outline when nothing is. */
export const planValidation = z
  .object({
    valid: z.boolean(),
    problems: z.array(planProblem),
    warnings: z.array(planProblem),
    plan: planOutline.optional(),
  })
  .openapi("PlanValidation");

/** The newest revision of a plan, in lists. */
export const planSummary = z
  .object({
    name: z.string(),
    title: z.string(),
    version: count,
    digest: z.string(),
    flag: z.string(),
    environment: z.string(),
    createdAt: instant,
    createdBy: z.string(),
  })
  .openapi("PlanSummary");

/** A revision of a plan with its text, and which revisions there are. */
export const planView = planSummary
  .extend({
    text: z.string(),
    outline: planOutline,
    warnings: z.array(planProblem),
    revisions: z.array(z.object({ version: count, digest: z.string(), createdAt: instant, createdBy: z.string() })),
  })
  .openapi("Plan");

/** How a scenario went; `at` is an ISO 8601 duration from its start. */
export const simulationView = z
  .object({
    outcome: status,
    timeline: z.array(
      z.object({
        at: z.string().openapi({ example: "PT26H2M" }),
        event: z.string(),
        state: status,
        stage: z.string().nullable(),
        percentage,
        cause: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
    ),
    summary: z.string(),
    notes: z.array(z.string()),
  })
  .openapi("Simulation");

const reached = z
  .object({ id: z.string(), flag: z.string(), environment: z.string(), status, percentage })
  .openapi("ReachedRollout");

/** Which rollouts heard a signal. */
export const signalResult = z
  .object({ name: z.string(), value: z.number().optional(), at: instant, heard: z.array(reached) })
  .openapi("SignalResult");

/** What each alert of a delivery led to. */
export const alertsResult = z
  .object({
    alerts: z.array(
      z.object({
        name: z.string(),
        status: z.enum(["firing", "resolved"]),
        action: action.optional(),
        outcome: z.enum(["told", "killed", "unmapped", "noTarget", "nothing"]),
        rollouts: z.array(reached),
        detail: z.string().optional(),
      }),
    ),
    unmapped: count,
  })
  .openapi("AlertsResult");

/** A message on its way to a channel. */
export const outboxView = z
  .object({
    key: z.string(),
    rolloutId: z.string(),
    event: z.string(),
    severity: severity.optional(),
    stage: z.string().optional(),
    subject: z.string(),
    status: z.enum(["waiting", "sent", "dead"]),
    attempts: count,
    createdAt: instant,
    dueAt: instant,
    lastError: z.string().optional(),
    channel: z.string().openapi({ example: "eng-slack" }),
  })
  .openapi("OutboxMessage");
