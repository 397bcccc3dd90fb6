import type {
  CriterionView,
  ReceiptsView,
  RolloutEventView,
  RolloutSummary,
  RolloutView,
  StageView,
  TriggerView,
} from "@rampart/core";
import { fakeApi, type Routes } from "./fake-api.ts";
import { rampart, type FakeOptions } from "./fake-io.ts";

export const ROLLOUT_ID = "7f3c2a100b1e";
export const BY_ID = `/api/v1/rollouts/${ROLLOUT_ID}`;

/** The newest rollout on a flag is the one below … */
export const FOUND = { "GET /api/v1/rollouts": { body: { items: [rolloutSummary()] } } };
/** … or there is none. */
export const NONE = { "GET /api/v1/rollouts": { body: { items: [] } } };

/** Runs the program against canned answers. */
export async function run(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart([...argv, "--url", api.url], options)), seen: api.seen };
}

/** A rollout on checkout in production, in the second of three stages. */
export function rolloutSummary(more: Partial<RolloutSummary> = {}): RolloutSummary {
  return {
    id: ROLLOUT_ID,
    flag: "checkout",
    environment: "production",
    plan: { name: "new-checkout", title: "New checkout", digest: "ab".repeat(32), version: 3 },
    status: "running",
    percentage: 25,
    stage: { name: "quarter", index: 1 },
    sentence: "Running quarter (25 %): waits for 30m more of 2h.",
    createdAt: "2026-01-05T09:00:00.000Z",
    createdBy: "anna",
    startAt: "2026-01-05T09:00:00.000Z",
    exposedAt: "2026-01-05T09:10:00.000Z",
    ...more,
  };
}

/** The same, whole. */
export function rolloutView(more: Partial<RolloutView> = {}): RolloutView {
  return {
    ...rolloutSummary(),
    now: "2026-01-05T12:00:00.000Z",
    stages: [
      stageView({ name: "canary", percentage: 5, state: "done" }),
      stageView({
        name: "quarter",
        percentage: 25,
        state: "current",
        durationMs: 7_200_000,
        elapsedMs: 5_400_000,
        remainingMs: 1_800_000,
      }),
      stageView({ name: "full", percentage: 100, state: "next" }),
    ],
    waitingFor: [{ kind: "duration", remainingMs: 1_800_000, durationMs: 7_200_000 }],
    allowed: ["approve", "tick", "pause", "promote", "rollback", "acknowledge"],
    criteria: [criterionView()],
    triggers: [triggerView()],
    comparisons: [],
    metrics: [],
    approvals: [],
    checklist: [],
    alerts: [],
    intervalMs: 10_000,
    ...more,
  };
}

export function stageView(more: Partial<StageView> = {}): StageView {
  return { name: "canary", percentage: 5, durationMs: 3_600_000, state: "next", ...more };
}

/** It passes, for 80 s of 2 min. */
export function criterionView(more: Partial<CriterionView> = {}): CriterionView {
  return {
    text: "p95 < 500ms",
    of: "stage",
    metric: "p95",
    unit: "seconds",
    verdict: "pass",
    value: 0.212,
    threshold: 0.5,
    forMs: 120_000,
    heldMs: 80_000,
    holds: false,
    ageMs: 4000,
    ...more,
  };
}

/** Armed, and quiet. */
export function triggerView(more: Partial<TriggerView> = {}): TriggerView {
  return {
    name: "errors",
    action: "rollback",
    severity: "P0",
    text: "error_rate >= 5%",
    metric: "error_rate",
    unit: "ratio",
    value: 0.002,
    threshold: 0.05,
    isArmed: true,
    isTrue: false,
    forMs: 120_000,
    trueForMs: 0,
    hasFired: false,
    ageMs: 4000,
    ...more,
  };
}

export function rolloutEvent(id: number, event: string, more: Partial<RolloutEventView> = {}): RolloutEventView {
  return {
    id,
    at: "2026-01-05T11:59:00.000Z",
    event,
    state: "running",
    stage: "quarter",
    percentage: 25,
    ...more,
  };
}

/** Two of three clients applied a rollback. */
export function receiptsView(more: Partial<ReceiptsView> = {}): ReceiptsView {
  return {
    environment: "production",
    epoch: "e1",
    revision: 4711,
    flags: ["checkout"],
    committedAt: "2026-01-05T11:59:00.000Z",
    verdict: "unproven",
    expected: 3,
    acknowledged: 2,
    alreadyOff: 0,
    applied: { p50Ms: 210, p99Ms: 1900, maxMs: 1900 },
    stragglers: [
      {
        instanceId: "node-7",
        sdk: "node/0.1.0",
        address: "10.0.0.7",
        revision: 4710,
        lastContactAt: "2026-01-05T11:58:00.000Z",
      },
    ],
    legs: { writeMs: 3 },
    ...more,
  };
}
