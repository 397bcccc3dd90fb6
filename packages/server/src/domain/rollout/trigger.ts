import { compareText, testKey } from "../plan/compared.ts";
import type { CompareWorse, Condition, Severity, Trigger } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { comparisonLine, SHARED_TEXT } from "./comparison-line.ts";
import { markRung } from "./comparison.ts";
import { alarmOf, isShared, type Ringing } from "./comparing.ts";
import { conditionKey } from "./conditions.ts";
import type { EpochMs } from "./instant.ts";
import { own } from "./lookup.ts";
import { pauseFor } from "./pause.ts";
import { decideRollback } from "./rollback.ts";
import { isExposed, type RolloutState, type Streak } from "./state.ts";
import { markFired } from "./streak.ts";
import { change, notify, openStage, record, type Turn } from "./turn.ts";
import { judge } from "./verdict.ts";

/** Something that acts on a rollout by itself: a trigger that fires, or an alert that comes in. */
export interface Fired {
  readonly action: Trigger["action"];
  readonly severity: Severity;
  readonly cause: Cause;
  readonly subject: string;
}

/**
 * Fires the armed triggers whose condition has been true on every sample for their `for`, once for each streak. `at` is the instant of
 * the newest observation: a trigger fires at a sample, never in between.
 */
export function fireTriggers(turn: Turn, at: EpochMs): void {
  const due = armed(turn).flatMap((trigger) => {
    if (trigger.test.kind !== "condition") return [];
    const { condition } = trigger.test;
    const key = conditionKey(condition);
    const streak = own(turn.state.streaks, key);
    if (!streak || streak.lastAt !== at || at - heldSince(turn.state, streak) < trigger.forMs) return [];
    const firing = { trigger, condition, streak, at, isShared: isShared(turn.plan, turn.state, condition, at) };
    // What was only held goes down after all when it turns out not to be shared.
    const id = isHeld(turn, firing) ? `${firingId(trigger)}/held` : firingId(trigger);
    return streak.fired.includes(id) ? [] : [{ key, id, fired: firedBy(turn, firing) }];
  });
  if (due.length === 0) return;
  change(turn, { streaks: markFired(turn.state.streaks, due) });
  act(
    turn,
    due.map(({ fired }) => fired),
  );
}

/** Fires the armed triggers whose comparison rings, once for each alarm. */
export function fireOnComparison(turn: Turn): void {
  const { plan, state, now } = turn;
  const due = armed(turn).flatMap((trigger) => {
    if (trigger.test.kind !== "compare") return [];
    const { compare } = trigger.test;
    const ringing = alarmOf(plan, state, compare, now);
    const id = firingId(trigger);
    if (!ringing || ringing.alarm.fired.includes(id)) return [];
    return [{ metric: compare.metric, key: testKey(compare), id, fired: rungBy(trigger, compare, ringing, state) }];
  });
  if (due.length === 0) return;
  change(turn, { comparisons: markRung(state.comparisons ?? {}, due) });
  act(
    turn,
    due.map(({ fired }) => fired),
  );
}

/** Fires the armed triggers that wait for this signal as an event. */
export function fireOnSignal(turn: Turn, signal: string, value: number | undefined): void {
  const hit = armed(turn).filter(({ test }) => test.kind === "signal" && test.signal === signal);
  act(
    turn,
    hit.map((trigger) => ({
      action: trigger.action,
      severity: trigger.severity,
      subject: `trigger ${trigger.name} fired: signal ${signal}`,
      cause: {
        kind: "trigger" as const,
        subject: trigger.name,
        condition: `signal ${signal}`,
        ...(value !== undefined && { value }),
      },
    })),
  );
}

/**
 * Does what fired asks for, and tells of all of it. One rollback is enough and beats the rest; of several the most severe is the
 * cause.
 */
export function act(turn: Turn, all: readonly Fired[]): void {
  const rollbacks = all
    .filter((one) => one.action === "rollback")
    .toSorted((a, b) => a.severity.localeCompare(b.severity));
  const [first] = rollbacks;
  if (first) {
    const others = all.filter((one) => one.action !== "rollback");
    const tellAll = () => [...rollbacks, ...others].forEach((one) => announce(turn, one));
    decideRollback(turn, first.cause, { severity: first.severity, announce: tellAll });
    return;
  }
  for (const one of all) {
    if (one.action === "pause")
      pauseFor(turn, one.cause, { severity: one.severity, announce: () => announce(turn, one) });
    else announce(turn, one);
  }
}

/** From when a streak counts for triggers: they are armed from exposure on. */
export function heldSince(state: RolloutState, streak: Streak): EpochMs {
  return Math.max(streak.since, state.exposedAt ?? streak.since);
}

/** What a streak remembers of a trigger that fired for it. A stage may replace a trigger by one of the same name and condition that does something else. */
export const firingId = ({ name, action, forMs }: Trigger): string => `${name}/${action}/${forMs}`;

/** Triggers are watched while users can be on, also while paused or awaiting approval. */
function armed(turn: Turn): readonly Trigger[] {
  return isExposed(turn.state) ? (openStage(turn.plan, turn.state)?.triggers ?? []) : [];
}

interface Firing {
  readonly trigger: Trigger;
  readonly condition: Condition;
  readonly streak: Streak;
  readonly at: EpochMs;
  /** Users without the flag fare as badly. */
  readonly isShared: boolean;
}

/** The plan wants what is not the flag's to be looked at by a person, and the percentage held meanwhile. */
function isHeld({ plan }: Turn, { trigger, isShared: shared }: Firing): boolean {
  return shared && trigger.action === "rollback" && plan.onSharedIncident === "hold";
}

function firedBy(turn: Turn, firing: Firing): Fired {
  const { trigger, condition, streak, at } = firing;
  const verdict = judge(turn.plan, turn.state, condition, at);
  const blame = firing.isShared ? `; ${SHARED_TEXT}` : "";
  return {
    action: isHeld(turn, firing) ? "pause" : trigger.action,
    severity: trigger.severity,
    subject: `trigger ${trigger.name} fired: ${condition.text}${blame}`,
    cause: {
      kind: "trigger",
      subject: trigger.name,
      condition: condition.text,
      ...(verdict.kind === "pass" && { value: verdict.value, threshold: verdict.threshold }),
      since: heldSince(turn.state, streak),
      ...(firing.isShared && { attribution: "shared" as const }),
    },
  };
}

function rungBy(trigger: Trigger, compare: CompareWorse, { alarm, test, kept }: Ringing, state: RolloutState): Fired {
  const comparison = comparisonLine(compare.metric, state.percentage, kept, test);
  return {
    action: trigger.action,
    severity: trigger.severity,
    subject: `trigger ${trigger.name} fired: ${compareText(compare)}`,
    cause: {
      kind: "trigger",
      subject: trigger.name,
      condition: compareText(compare),
      since: alarm.since,
      comparison,
      attribution: "flag",
    },
  };
}

function announce(turn: Turn, { cause, subject, severity }: Fired): void {
  record(turn, cause.kind === "alert" ? "alert" : "triggerFired", cause);
  notify(turn, "trigger", subject, { severity, cause });
}
