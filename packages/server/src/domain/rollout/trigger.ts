import type { Condition, Severity, Trigger } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
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
    if (!streak || streak.lastAt !== at || streak.fired.includes(firingId(trigger))) return [];
    if (at - heldSince(turn.state, streak) < trigger.forMs) return [];
    return [{ key, id: firingId(trigger), fired: firedBy(turn, { trigger, condition, streak, at }) }];
  });
  if (due.length === 0) return;
  change(turn, { streaks: markFired(turn.state.streaks, due) });
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
}

function firedBy(turn: Turn, { trigger, condition, streak, at }: Firing): Fired {
  const verdict = judge(turn.plan, turn.state, condition, at);
  return {
    action: trigger.action,
    severity: trigger.severity,
    subject: `trigger ${trigger.name} fired: ${condition.text}`,
    cause: {
      kind: "trigger",
      subject: trigger.name,
      condition: condition.text,
      ...(verdict.kind === "pass" && { value: verdict.value, threshold: verdict.threshold }),
      since: heldSince(turn.state, streak),
    },
  };
}

function announce(turn: Turn, { cause, subject, severity }: Fired): void {
  record(turn, cause.kind === "alert" ? "alert" : "triggerFired", cause);
  notify(turn, "trigger", subject, { severity, cause });
}
