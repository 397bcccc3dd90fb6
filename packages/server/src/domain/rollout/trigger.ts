import type { Severity, Stage, Trigger } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { conditionKey, triggerKey } from "./conditions.ts";
import type { EpochMs } from "./instant.ts";
import { own, type Dictionary } from "./lookup.ts";
import { decideRollback } from "./rollback.ts";
import { pauseFor } from "./pause.ts";
import { isExposed, type RolloutState, type Streak } from "./state.ts";
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
 * Fires the armed triggers whose condition has been true on every sample for their `for`, once for each streak. `looked` are the
 * streaks that the newest observation at `at` made or prolonged: a trigger fires at a sample, never in between.
 */
export function fireTriggers(turn: Turn, at: EpochMs): void {
  const stage = armedStage(turn.state);
  if (stage === undefined) return;
  const due = dueTriggers(turn, stage, at);
  change(turn, { fired: { ...keepLive(turn.state), ...Object.fromEntries(due.map(({ key, since }) => [key, since])) } });
  act(turn, due.map(({ fired }) => fired));

  function armedStage(state: RolloutState): Stage | undefined {
    return isExposed(state) ? openStage(turn.plan, state) : undefined;
  }
}

interface Due {
  readonly key: string;
  readonly since: EpochMs;
  readonly fired: Fired;
}

function dueTriggers(turn: Turn, stage: Stage, at: EpochMs): readonly Due[] {
  return stage.triggers.flatMap((trigger) => {
    const { test } = trigger;
    if (test.kind !== "condition") return [];
    const key = triggerKey(trigger);
    const streak = own(turn.state.streaks, conditionKey(test.condition));
    if (!streak || streak.lastAt !== at || own(turn.state.fired, key) === streak.since) return [];
    if (at - heldSince(turn.state, streak) < trigger.forMs) return [];
    return [{ key, since: streak.since, fired: firedBy(turn, trigger, streak, at) }];
  });
}

/** A trigger is armed from exposure on; what was true before counts from then. */
export function heldSince(state: RolloutState, streak: Streak): EpochMs {
  return Math.max(streak.since, state.exposedAt ?? streak.since);
}

function firedBy(turn: Turn, trigger: Trigger, streak: Streak, at: EpochMs): Fired {
  const { test } = trigger;
  const verdict = test.kind === "condition" ? judge(turn.plan, turn.state, test.condition, at) : undefined;
  const text = test.kind === "condition" ? test.condition.text : "";
  return {
    action: trigger.action,
    severity: trigger.severity,
    subject: `trigger ${trigger.name} fired: ${text}`,
    cause: {
      kind: "trigger",
      subject: trigger.name,
      condition: text,
      ...(verdict?.kind === "pass" && { value: verdict.value, threshold: verdict.threshold }),
      since: heldSince(turn.state, streak),
    },
  };
}

/** Fires the armed triggers that wait for this signal as an event. */
export function fireOnSignal(turn: Turn, signal: string, value: number | undefined): void {
  if (!isExposed(turn.state)) return;
  const triggers = openStage(turn.plan, turn.state)?.triggers ?? [];
  const hit = triggers.filter(({ test }) => test.kind === "signal" && test.signal === signal);
  act(
    turn,
    hit.map((trigger) => ({
      action: trigger.action,
      severity: trigger.severity,
      subject: `trigger ${trigger.name} fired: signal ${signal}`,
      cause: { kind: "trigger" as const, subject: trigger.name, condition: `signal ${signal}`, ...(value !== undefined && { value }) },
    })),
  );
}

/**
 * Does what fired asks for. One rollback is enough and beats the rest; of several the most severe is the cause. What only pauses or
 * tells is done for each.
 */
export function act(turn: Turn, all: readonly Fired[]): void {
  const rollbacks = all.filter((one) => one.action === "rollback").toSorted((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0));
  const [first] = rollbacks;
  if (first) decideRollback(turn, first.cause, { severity: first.severity, announce: () => announce(turn, rollbacks) });
  else {
    for (const one of all) {
      if (one.action === "pause") pauseFor(turn, one.cause, one.severity, () => announce(turn, [one]));
      else announce(turn, [one]);
    }
  }
}

function announce(turn: Turn, all: readonly Fired[]): void {
  for (const { cause, subject, severity } of all) {
    record(turn, cause.kind === "alert" ? "alert" : "triggerFired", cause);
    notify(turn, "trigger", subject, { severity, cause });
  }
}

/** Firings of streaks that are over are forgotten, or the list would grow with every edit of the plan. */
function keepLive(state: RolloutState): Dictionary<EpochMs> {
  const live = new Set(Object.values(state.streaks).map((streak) => streak.since));
  return Object.fromEntries(Object.entries(state.fired).filter(([, since]) => live.has(since)));
}
