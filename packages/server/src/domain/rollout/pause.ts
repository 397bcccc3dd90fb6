import type { Severity } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { resumeClock, stopClock } from "./stage-clock.ts";
import { change, enter, notify, record, type Turn } from "./turn.ts";

/**
 * Holds the percentage and asks for a decision. A rollout that is paused already stays so, for its first cause; `announce` is said
 * either way, with the rollout already paused.
 */
export function pauseFor(turn: Turn, cause: Cause, severity: Severity | undefined, announce: () => void = () => {}): void {
  const { phase } = turn.state;
  if ((phase.kind !== "running" && phase.kind !== "awaiting") || phase.pause !== undefined) {
    announce();
    return;
  }
  const pause = { since: turn.now, cause };
  enter(turn, phase.kind === "running" ? { ...phase, clock: stopClock(phase.clock, turn.now), pause } : { ...phase, pause });
  change(turn, { told: { ...turn.state.told, lastReminderAt: turn.now } });
  announce();
  record(turn, "paused", cause);
  notify(turn, "paused", "paused: the percentage is held, a person has to decide", { cause, ...(severity && { severity }) });
}

/** Goes on where it was. */
export function resume(turn: Turn, cause: Cause): void {
  const { phase } = turn.state;
  if ((phase.kind !== "running" && phase.kind !== "awaiting") || phase.pause === undefined) return;
  const { pause, ...rest } = phase;
  enter(turn, rest.kind === "running" ? { ...rest, clock: resumeClock(rest.clock, turn.now, pause.cause.kind === "timeout") } : rest);
  record(turn, "resumed", cause);
  notify(turn, "resumed", "resumed", { cause });
}
