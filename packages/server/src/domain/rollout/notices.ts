import type { Plan } from "../plan/types.ts";
import { missingApprovals } from "./approval.ts";
import { itemsDue } from "./checklist.ts";
import { evidenceOf } from "./evidence.ts";
import type { EpochMs } from "./instant.ts";
import { isOver, statusOf, type RolloutState } from "./state.ts";
import { change, keepEvidence, notify, record, type Turn } from "./turn.ts";

/** Tells people what has become due by the clock: moments and summaries of the plan's `notify`, reminders, late checklist items. */
export function followNotices(turn: Turn): void {
  followMoments(turn);
  followReminder(turn);
  for (const { item, dueAt } of itemsDue(turn.plan, turn.state)) {
    if (dueAt > turn.now) continue;
    change(turn, { told: { ...turn.state.told, overdue: [...turn.state.told.overdue, item.id] } });
    notify(turn, "overdue", `not ticked in time: ${item.text}`, { cause: { kind: "checklist", subject: item.text } });
  }
}

/** Holds the reviews whose time has come, on a sampling that was taken at that time or after it. */
export function followReviews(turn: Turn): void {
  const { lastSampleAt } = turn.state;
  for (const { review, at } of openReviews(turn.plan, turn.state)) {
    if (lastSampleAt === undefined || at > lastSampleAt) continue;
    const criteria = evidenceOf(turn.plan, turn.state, review.criteria, turn.now);
    change(turn, { told: { ...turn.state.told, reviews: [...turn.state.told.reviews, review.name] } });
    const failed = criteria.filter((one) => one.verdict !== "pass").map((one) => one.criterion);
    const cause = { kind: "review" as const, subject: review.name };
    keepEvidence(turn, { what: "review", stage: null, criteria, cause });
    record(turn, "reviewed", cause);
    const found = failed.length === 0 ? "everything holds" : `doesn't hold: ${failed.join("; ")}`;
    notify(turn, "review", `review ${review.name}: ${found}`, { cause });
  }
}

/** When the next review's sampling is due; undefined: there is none left. */
export function reviewAt(plan: Plan, state: RolloutState): EpochMs | undefined {
  return earliest(openReviews(plan, state).map((one) => one.at));
}

/** When the clock alone gives people something to hear; undefined: never. */
export function noticeAt(plan: Plan, state: RolloutState): EpochMs | undefined {
  const moments = momentsAfter(plan, state, state.told.momentsUntil).map((one) => one.at);
  const due = itemsDue(plan, state).map((one) => one.dueAt);
  return earliest([...moments, reminderAt(plan, state), ...due]);
}

/** The first of the instants that are there. */
export function earliest(instants: readonly (EpochMs | undefined)[]): EpochMs | undefined {
  const known = instants.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function openReviews(plan: Plan, state: RolloutState) {
  if (state.phase.kind !== "completed") return [];
  const { since } = state.phase;
  return plan.completion.reviews
    .filter((review) => !state.told.reviews.includes(review.name))
    .map((review) => ({ review, at: since + review.afterMs }));
}

interface Moment {
  readonly rule: number;
  readonly at: EpochMs;
  readonly event: "notice" | "summary";
}

function followMoments(turn: Turn): void {
  const due = momentsAfter(turn.plan, turn.state, turn.state.told.momentsUntil).filter((one) => one.at <= turn.now);
  change(turn, { told: { ...turn.state.told, momentsUntil: turn.now } });
  for (const { rule, event } of due) {
    const message = turn.plan.notify[rule]?.message;
    notify(turn, event, message ?? `${turn.plan.title}: ${statusOf(turn.state)} at ${turn.state.percentage} %`, {
      rule,
    });
  }
}

/** The next moment of each rule after an instant; what was missed in between is told once. */
function momentsAfter(plan: Plan, state: RolloutState, after: EpochMs): readonly Moment[] {
  const { kind } = state.phase;
  if (kind === "rolledBack" || kind === "cancelled" || kind === "rollingBack" || kind === "verifying") return [];
  return plan.notify.flatMap(({ atMs, from, everyMs }, rule): readonly Moment[] => {
    const base = from === "start" ? state.startAt : state.completedAt;
    const once = base === undefined ? [] : atMs.map((offset) => base + offset).filter((at) => at > after);
    const every =
      everyMs === undefined || isOver(state)
        ? []
        : [{ rule, at: nextEvery(state.startAt, everyMs, after), event: "summary" as const }];
    return [...once.map((at) => ({ rule, at, event: "notice" as const })), ...every];
  });
}

function nextEvery(start: EpochMs, everyMs: number, after: EpochMs): EpochMs {
  return start + Math.max(1, Math.floor((after - start) / everyMs) + 1) * everyMs;
}

function followReminder(turn: Turn): void {
  const at = reminderAt(turn.plan, turn.state);
  if (at === undefined || at > turn.now) return;
  change(turn, { told: { ...turn.state.told, lastReminderAt: turn.now } });
  const { phase } = turn.state;
  const pause = phase.kind === "running" || phase.kind === "awaiting" ? phase.pause : undefined;
  const roles = rolesAwaited(turn.plan, turn.state);
  const cause = pause?.cause ?? { kind: "approval" as const, subject: roles.join(", ") };
  record(turn, "reminded", cause);
  notify(
    turn,
    "reminder",
    pause ? "still paused: a person has to decide" : `still waiting for approval by ${roles.join(", ")}`,
    { cause },
  );
}

/** Approvals and decisions never time out; people are reminded of them. */
function reminderAt(plan: Plan, state: RolloutState): EpochMs | undefined {
  const { phase } = state;
  if (plan.remindEveryMs <= 0 || (phase.kind !== "awaiting" && phase.kind !== "running")) return undefined;
  if (phase.pause === undefined && rolesAwaited(plan, state).length === 0) return undefined;
  return (state.told.lastReminderAt ?? phase.since) + plan.remindEveryMs;
}

function rolesAwaited(plan: Plan, state: RolloutState): readonly string[] {
  const stage = state.phase.kind === "awaiting" ? plan.stages[state.phase.opens] : undefined;
  return stage ? missingApprovals(state, stage).map((one) => one.role) : [];
}
