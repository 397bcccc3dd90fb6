import type { FlagView } from "@rampart/core";

const DAY_MS = 86_400_000;

/** A flag that is on for everybody for this long can probably go. */
const SETTLED_DAYS = 14;

/** A program that runs asks for its flags within a week. */
const SILENT_DAYS = 7;

/** So far back is known when a flag was asked for. */
const KEPT_DAYS = 30;

/** Why a flag may have outlived its use, the surest first. `now`: epoch milliseconds. */
export function staleness(flag: FlagView, environment: string, now: number): readonly string[] {
  const { expectedEnd, updatedAt } = flag;
  const state = flag.environments[environment];
  const isOver = expectedEnd !== undefined && Date.parse(`${expectedEnd}T23:59:59Z`) < now;
  const days = daysSince(updatedAt, now);
  const isSettled = days >= SETTLED_DAYS && state !== undefined;
  const hints = [
    isOver && `was to go by ${expectedEnd}`,
    isSettled && state.enabled && state.percentage === 100 && state.rules === 0 && `100 % for ${days} days`,
    isSettled && !state.enabled && `killed for ${days} days`,
    state !== undefined && silence(flag.createdAt, state.lastEvaluatedAt, now),
  ];
  return hints.filter((hint) => typeof hint === "string");
}

function silence(createdAt: string, lastEvaluatedAt: string | undefined, now: number): string | false {
  const age = daysSince(createdAt, now);
  if (lastEvaluatedAt === undefined)
    return age > 0 && (age < KEPT_DAYS ? "never asked for" : `not asked for in ${KEPT_DAYS} days`);
  const days = daysSince(lastEvaluatedAt, now);
  return days >= SILENT_DAYS && `not asked for in ${days} days`;
}

const daysSince = (at: string, now: number): number => Math.floor((now - Date.parse(at)) / DAY_MS);
