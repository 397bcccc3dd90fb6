import { formatDuration } from "../plan/grammar/duration.ts";
import type { Criterion, Plan, Severity } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { SHARED_TEXT } from "./comparison-line.ts";
import { criterionText, viewCriterion, type CriterionView } from "./criterion.ts";
import { stopEscalation, startEscalation } from "./escalation.ts";
import { comparisonsOf, evidenceOf } from "./evidence.ts";
import type { EpochMs } from "./instant.ts";
import type { Recovery, RolloutState, Verifying } from "./state.ts";
import { change, enter, keepEvidence, notify, openStage, record, stageInView, type Turn } from "./turn.ts";

/** Borrowed criteria are given no longer than this to hold after a rollback: a stage's own `for: 24h` would tell nobody in time. */
const BORROWED_FOR_MAX_MS = 120_000;

interface RollbackOptions {
  readonly severity?: Severity;
  /** What made it roll back, said when the percentage is 0 already. */
  readonly announce?: () => void;
}

/**
 * Decides on 0 %. From here nothing raises the percentage any more. Where a rollback is under way or done nothing happens; where nobody
 * was exposed the rollout is over at once.
 */
export function decideRollback(turn: Turn, cause: Cause, { severity, announce }: RollbackOptions = {}): void {
  const { phase } = turn.state;
  switch (phase.kind) {
    case "rollingBack":
    case "verifying":
    case "rolledBack":
    case "cancelled":
      return;
    case "scheduled":
    case "preconditions":
    case "awaiting":
    case "running":
    case "completed":
      break;
  }
  if (turn.state.exposedAt === undefined) {
    announce?.();
    finish(turn, cause, "unchecked");
    return;
  }
  const evidence = evidenceOf(turn.plan, turn.state, openStage(turn.plan, turn.state)?.criteria ?? [], turn.now);
  const comparisons = comparisonsOf(turn.state);
  const said = `rolled back from ${turn.state.percentage} % to 0 %${comparedText(turn, cause)}`;
  turn.effects.push({ kind: "kill", cause });
  change(turn, { percentage: 0, missing: {} });
  enter(turn, { kind: "rollingBack", since: turn.now, cause });
  announce?.();
  record(turn, "rollbackStarted", cause);
  notify(turn, "rollback", said, { cause, ...(severity && { severity }) });
  keepEvidence(turn, {
    what: "rollback",
    stage: stageInView(turn.plan, turn.state)?.name ?? null,
    criteria: evidence,
    cause,
    ...comparisons,
  });
  // A person who rolls back is looking after it already.
  if (cause.kind !== "command") startEscalation(turn, severity ?? "P1", cause);
}

/** ` at 14s · errors: 7 users …`: how long the percentage had been set, and what the comparison says. */
function comparedText({ state, now }: Turn, { comparison, attribution }: Cause): string {
  if (attribution === "shared") return `; ${SHARED_TEXT}`;
  if (comparison === undefined) return "";
  const since = state.phase.kind === "running" ? state.phase.since : (state.exposedAt ?? now);
  return ` at ${formatDuration(Math.round((now - since) / 1000) * 1000)} · ${comparison}`;
}

/** The flag change is durable: now it must be seen that it helped, where the plan says by what. */
export function confirmRollback(turn: Turn): void {
  const { phase } = turn.state;
  if (phase.kind !== "rollingBack") return;
  const { verify } = turn.plan.rollback;
  change(turn, { killedAt: turn.now });
  if (verify === undefined || verificationCriteria(turn.plan, turn.state).length === 0) {
    finish(turn, phase.cause, "unchecked");
    return;
  }
  enter(turn, { kind: "verifying", since: turn.now, until: turn.now + verify.withinMs, cause: phase.cause });
  record(turn, "verifying", phase.cause);
}

/** Looks whether the criteria hold again, or the time for it is up. A sample at the very end still counts. */
export function followRecovery(turn: Turn): void {
  const { phase } = turn.state;
  if (phase.kind !== "verifying") return;
  const views = viewRecovery(turn.plan, turn.state, phase, turn.now);
  const recovered = views.every((view) => view.holds);
  if (!recovered && turn.now < phase.until) return;
  const missing = views.filter((view) => !view.holds).map((view) => criterionText(view.criterion));
  const texts = recovered ? views.map((view) => criterionText(view.criterion)) : missing;
  const seen: Cause = { kind: "criterion", subject: texts.join("; ") };
  keepEvidence(turn, {
    what: "recovery",
    stage: stageInView(turn.plan, turn.state)?.name ?? null,
    criteria: evidenceOf(
      turn.plan,
      turn.state,
      views.map((view) => view.criterion),
      turn.now,
      phase.since,
    ),
    cause: phase.cause,
  });
  record(turn, recovered ? "recovered" : "notRecovered", seen);
  finish(turn, phase.cause, recovered ? "recovered" : "notRecovered");
  if (recovered) {
    stopEscalation(turn);
    notify(turn, "recovered", `recovered: ${seen.subject}`, { cause: seen });
  } else {
    notify(turn, "notRecovered", `rolled back, not recovered: look elsewhere. Still missing: ${seen.subject}`, {
      severity: "P0",
      cause: seen,
    });
    startEscalation(turn, "P0", seen);
  }
}

/** How the criteria stand that must hold after the rollback, counted from it. */
export function viewRecovery(
  plan: Plan,
  state: RolloutState,
  phase: Verifying,
  now: EpochMs,
): readonly CriterionView[] {
  return verificationCriteria(plan, state).map((criterion) =>
    viewCriterion(plan, state, criterion, { from: phase.since, now }),
  );
}

/** Somebody turned the flag off by hand, or it is gone: the rollout is over, and there is nothing to take back. */
export function endByHand(turn: Turn, cause: Cause): void {
  const { kind } = turn.state.phase;
  if (
    kind === "rollingBack" ||
    kind === "verifying" ||
    kind === "rolledBack" ||
    kind === "completed" ||
    kind === "cancelled"
  )
    return;
  // A killed flag keeps its percentage; restoring it later must not expose anybody without a rollout that watches.
  if (cause.kind === "kill" && turn.state.exposedAt !== undefined) turn.effects.push({ kind: "kill", cause });
  change(turn, { percentage: 0, missing: {} });
  finish(turn, cause, "unchecked");
  notify(
    turn,
    "rollback",
    cause.kind === "kill" ? "ended: the flag was killed by hand" : "ended: the flag was deleted",
    { cause },
  );
}

function finish(turn: Turn, cause: Cause, recovery: Recovery): void {
  enter(turn, { kind: "rolledBack", since: turn.now, cause, recovery });
  turn.effects.push({ kind: "release" });
  record(turn, "rolledBack", cause);
}

/** What must hold after a rollback: the plan's criteria, else those of the stage that was rolled back. Comparisons have no second cohort any more. */
export function verificationCriteria(plan: Plan, state: RolloutState): readonly Criterion[] {
  const { verify } = plan.rollback;
  if (!verify) return [];
  const borrowed = verify.criteria.length === 0;
  const criteria = borrowed ? (openStage(plan, state)?.criteria ?? []) : verify.criteria;
  const maxMs = borrowed ? Math.min(BORROWED_FOR_MAX_MS, verify.withinMs) : verify.withinMs;
  return criteria
    .filter((criterion) => criterion.test.kind === "condition")
    .map((criterion) => (criterion.forMs > maxMs ? { ...criterion, forMs: maxMs } : criterion));
}
