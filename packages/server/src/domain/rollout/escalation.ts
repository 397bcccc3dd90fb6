import type { Plan, Severity } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";
import { change, notify, record, type Turn } from "./turn.ts";

/** Calls people in, step by step, until somebody acknowledges. One that is under way begins anew: something worse has happened. */
export function startEscalation(turn: Turn, severity: Severity, cause: Cause): void {
  if (turn.plan.escalation.length === 0) return;
  change(turn, { told: { ...turn.state.told, escalation: { since: turn.now, severity, cause, nextStep: 0 } } });
}

/** Nobody needs to be called any more. Answers whether somebody was being called. */
export function stopEscalation(turn: Turn): boolean {
  const { escalation, ...told } = turn.state.told;
  if (escalation) change(turn, { told });
  return escalation !== undefined;
}

/** Takes the steps whose time has come. */
export function followEscalation(turn: Turn): void {
  for (
    let due = escalationAt(turn.plan, turn.state);
    due !== undefined && due <= turn.now;
    due = escalationAt(turn.plan, turn.state)
  ) {
    const { told } = turn.state;
    const { escalation } = told;
    if (!escalation) return;
    change(turn, { told: { ...told, escalation: { ...escalation, nextStep: escalation.nextStep + 1 } } });
    const step = turn.plan.escalation[escalation.nextStep];
    if (!step || (step.severity.length > 0 && !step.severity.includes(escalation.severity))) continue;
    const { severity, cause, nextStep } = escalation;
    record(turn, "escalated", {
      kind: "escalation",
      subject: step.to.join(", "),
      reason: `${cause.kind} ${cause.subject}`,
    });
    notify(turn, "escalation", step.message ?? "nobody has acknowledged yet", {
      severity,
      cause,
      escalationStep: nextStep,
    });
  }
}

/** When the next step is due; undefined: nobody is being called, or all were. */
export function escalationAt(plan: Plan, state: RolloutState): EpochMs | undefined {
  const { escalation } = state.told;
  const step = escalation && plan.escalation[escalation.nextStep];
  return escalation && step && escalation.since + step.afterMs;
}
