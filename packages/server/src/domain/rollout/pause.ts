import type { Severity } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { resumeClock, stopClock } from "./stage-clock.ts";
import { change, enter, notify, record, type Turn } from "./turn.ts";

interface PauseOptions {
  readonly severity?: Severity;
  /** What made it pause, said when the rollout is paused, or was already. */
  readonly announce?: () => void;
}

/** Holds the percentage and asks for a decision. A rollout that is paused already stays so, for its first cause. */
export function pauseFor(turn: Turn, cause: Cause, { severity, announce }: PauseOptions = {}): void {
  const { phase } = turn.state;
  const pauses = (phase.kind === "running" || phase.kind === "awaiting") && phase.pause === undefined;
  if (pauses) {
    const pause = { since: turn.now, cause };
    enter(
      turn,
      phase.kind === "running" ? { ...phase, clock: stopClock(phase.clock, turn.now), pause } : { ...phase, pause },
    );
    change(turn, { told: { ...turn.state.told, lastReminderAt: turn.now } });
  }
  announce?.();
  if (!pauses) return;
  record(turn, "paused", cause);
  notify(turn, "paused", "paused: the percentage is held until a person decides", {
    cause,
    ...(severity && { severity }),
  });
}

/** Goes on where it was. */
export function resume(turn: Turn, cause: Cause): void {
  const { phase } = turn.state;
  if ((phase.kind !== "running" && phase.kind !== "awaiting") || phase.pause === undefined) return;
  const { pause, ...rest } = phase;
  const timedOut = pause.cause.kind === "timeout";
  enter(turn, rest.kind === "running" ? { ...rest, clock: resumeClock(rest.clock, turn.now, timedOut) } : rest);
  change(turn, { told: { ...turn.state.told, lastReminderAt: turn.now } });
  record(turn, "resumed", cause);
  notify(turn, "resumed", "resumed", { cause });
}
