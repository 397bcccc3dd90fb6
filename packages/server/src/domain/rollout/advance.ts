import type { Plan } from "../plan/types.ts";
import { missingApprovals } from "./approval.ts";
import { freezeBaselines } from "./baseline.ts";
import type { Cause } from "./cause.ts";
import { criterionText } from "./criterion.ts";
import { comparisonsOf, evidenceOf } from "./evidence.ts";
import { missingAgain, missingToBegin, missingToClose, missingToOpen } from "./gate.ts";
import { measuresOf } from "./measures.ts";
import { followMissing } from "./no-data.ts";
import { pauseFor } from "./pause.ts";
import { decideRollback } from "./rollback.ts";
import { elapsedMs, startClock } from "./stage-clock.ts";
import type { Awaiting, Running } from "./state.ts";
import { change, enter, keepEvidence, notify, openStage, record, type Turn } from "./turn.ts";
import { windowOf, windowText } from "./window.ts";

/** The rollout starts: the preconditions are looked at from now on. */
export function begin(turn: Turn, cause: Cause): void {
  enter(turn, { kind: "preconditions", since: turn.now });
  if (measuresOf(turn.plan).length > 0) turn.effects.push({ kind: "measure" });
  record(turn, "started", cause);
  notify(turn, "started", `started: ${turn.plan.title}`, { cause });
}

/**
 * Goes one step further if nothing is missing: to exposure, to the end of a stage, to the next one. At most one stage each time it is
 * called, and it is called once a step. `cause` is what just happened, where that can be the reason (an approval).
 */
export function advance(turn: Turn, cause?: Cause): void {
  const { plan, state, now, isBlind } = turn;
  const { phase } = state;
  switch (phase.kind) {
    case "preconditions":
      if (!isBlind && missingToBegin(plan, state, now).length === 0) meetPreconditions(turn);
      return;
    case "awaiting":
      if (!isBlind && phase.pause === undefined) advanceAwaiting(turn, phase, cause);
      return;
    case "running":
      if (phase.pause === undefined) advanceRunning(turn, phase);
      return;
    case "scheduled":
    case "rollingBack":
    case "verifying":
    case "rolledBack":
    case "completed":
    case "cancelled":
      return;
  }
}

/** Ends the open stage on a person's word; approvals, the window and true triggers still count for the next one. */
export function promoteStage(turn: Turn, phase: Running | Awaiting, cause: Cause): void {
  if (phase.kind === "running") {
    finishStage(turn, phase, { promoted: true, cause });
    return;
  }
  const { pause: _, ...rest } = phase;
  const promoted = { ...rest, promoted: true };
  enter(turn, promoted);
  advanceAwaiting(turn, promoted, cause);
}

function meetPreconditions(turn: Turn): void {
  const { plan } = turn;
  const any = plan.preconditions.length > 0;
  if (any) record(turn, "preconditionsMet");
  openOrAwait(turn, 0, {
    promoted: false,
    cause: any ? { kind: "precondition", subject: "all hold" } : { kind: "start", subject: plan.name },
  });
}

function advanceAwaiting(turn: Turn, phase: Awaiting, cause: Cause | undefined): void {
  const { plan, state, now } = turn;
  if (missingAgain(plan, state, phase, now).length > 0 || missingToOpen(plan, state, phase.opens, now).length > 0)
    return;
  open(turn, phase.opens, cause ?? openedBy(plan, phase));
}

function advanceRunning(turn: Turn, phase: Running): void {
  const { plan, state, now } = turn;
  const stage = plan.stages[phase.stage];
  if (!stage) return;
  if (!turn.isBlind && missingToClose(plan, state, phase, now).length === 0) {
    const criteria = stage.criteria.map(criterionText).join("; ");
    const cause: Cause =
      criteria === "" ? { kind: "stage", subject: stage.name } : { kind: "criterion", subject: criteria };
    finishStage(turn, phase, { promoted: false, cause });
    return;
  }
  const spent = elapsedMs(phase.clock, now) - phase.clock.timeoutFromMs;
  if (stage.timeoutMs === undefined || spent < stage.timeoutMs) return;
  const cause: Cause = { kind: "timeout", subject: stage.name };
  const announce = () => {
    record(turn, "timedOut", cause);
    notify(turn, "timeout", `stage ${stage.name} is not done in its time`, { cause });
  };
  if (stage.onTimeout === "rollback") decideRollback(turn, cause, { announce });
  else pauseFor(turn, cause, { announce });
}

interface Closing {
  readonly promoted: boolean;
  readonly cause: Cause;
}

function finishStage(turn: Turn, phase: Running, { promoted, cause }: Closing): void {
  const { plan, state, now } = turn;
  const stage = plan.stages[phase.stage];
  if (!stage) return;
  keepEvidence(turn, {
    what: "stageDone",
    stage: stage.name,
    criteria: evidenceOf(plan, state, stage.criteria, now),
    cause,
    ...comparisonsOf(state),
    ...(promoted && { skipped: missingToClose(plan, state, phase, now) }),
  });
  record(turn, "stageDone", cause);
  notify(turn, "stageDone", `stage ${stage.name} is done`, { cause });
  if (phase.stage === plan.stages.length - 1) complete(turn, cause);
  else
    openOrAwait(turn, phase.stage + 1, { promoted, cause: promoted ? cause : { kind: "stage", subject: stage.name } });
}

function openOrAwait(turn: Turn, index: number, { promoted, cause }: Closing): void {
  const { plan, state, now } = turn;
  const stage = plan.stages[index];
  if (!stage) return;
  if (missingToOpen(plan, state, index, now).length === 0) {
    open(turn, index, cause);
    return;
  }
  enter(turn, { kind: "awaiting", opens: index, since: now, promoted });
  change(turn, { told: { ...state.told, lastReminderAt: now } });
  const roles = missingApprovals(state, stage).map((one) => one.role);
  const window = windowOf(plan, stage);
  const waits: Cause =
    roles.length === 0 && window
      ? { kind: "window", subject: windowText(window) }
      : { kind: "approval", subject: roles.join(", ") };
  record(turn, "awaiting", waits);
  if (roles.length > 0)
    notify(turn, "awaiting", `stage ${stage.name} waits for approval by ${roles.join(", ")}`, { cause: waits });
}

/** Sets the stage's percentage. The only place, with `complete`, from which a percentage rises. */
function open(turn: Turn, index: number, cause: Cause): void {
  const { plan, state, now } = turn;
  const stage = plan.stages[index];
  if (!stage) return;
  const percentage = percentageOf(plan, index, state.percentage);
  turn.effects.push({ kind: "setPercentage", percentage, why: "stage", stage: stage.name, leaseMs: plan.leaseMs });
  if (state.exposedAt === undefined) {
    const conditions = plan.preconditions.flatMap((one) => (one.kind === "criterion" ? [one.criterion] : []));
    const criteria = evidenceOf(plan, state, conditions, now, state.startAt);
    keepEvidence(turn, { what: "exposure", stage: stage.name, criteria, cause });
    change(turn, { exposedAt: turn.from, baselines: freezeBaselines(state.baselines) });
  }
  // What was seen at one percentage says nothing of another.
  change(turn, { stage: index, percentage, ...(state.comparisons && { comparisons: {} }) });
  enter(turn, { kind: "running", stage: index, since: now, clock: startClock(now) });
  // What the stage uses and lacks, it lacks from now on.
  followMissing(turn, turn.from);
  record(turn, "stageStarted", cause);
  notify(turn, "stage", `stage ${stage.name}: ${percentage} %`, { cause });
}

/** What a stage sets. The last one leaves the holdback's share off while it soaks; never less than what is on already. */
export function percentageOf(plan: Plan, index: number, current: number): number {
  const target = plan.stages[index]?.percentage ?? 0;
  if (index < plan.stages.length - 1 || plan.holdbackPercentage === 0) return target;
  // Thousandths of a percent are how fine buckets are; binary fractions are not.
  const kept = Math.round((100 - plan.holdbackPercentage) * 1000) / 1000;
  return Math.max(current, Math.min(target, kept));
}

function complete(turn: Turn, cause: Cause): void {
  const { plan, now } = turn;
  const last = openStage(plan, turn.state);
  const held = last !== undefined && turn.state.percentage < last.percentage;
  if (held) {
    turn.effects.push({
      kind: "setPercentage",
      percentage: last.percentage,
      why: "holdbackReleased",
      stage: last.name,
      leaseMs: undefined,
    });
    change(turn, { percentage: last.percentage });
  }
  enter(turn, { kind: "completed", since: now });
  change(turn, { completedAt: now, missing: {} });
  if (held) record(turn, "holdbackReleased", cause);
  turn.effects.push({ kind: "release" });
  keepEvidence(turn, { what: "completed", stage: last?.name ?? null, criteria: [], cause });
  record(turn, "completed", cause);
  notify(turn, "completed", `completed at ${turn.state.percentage} %`, { cause });
}

function openedBy(plan: Plan, phase: Awaiting): Cause {
  const stage = plan.stages[phase.opens];
  const window = stage && windowOf(plan, stage);
  if (window) return { kind: "window", subject: windowText(window) };
  const before = plan.stages[phase.opens - 1];
  return before ? { kind: "stage", subject: before.name } : { kind: "precondition", subject: "all hold" };
}
