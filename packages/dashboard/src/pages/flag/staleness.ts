import type { FlagView } from "@rampart/core";

/** A flag that is on for everybody for this long can probably go. */
const SETTLED_MS = 14 * 86_400_000;

/** Why a flag may have outlived its use; undefined: nothing says so. `now`: epoch milliseconds. */
export function staleness(flag: FlagView, environment: string, now: number): string | undefined {
  const { expectedEnd, updatedAt } = flag;
  if (expectedEnd !== undefined && Date.parse(`${expectedEnd}T23:59:59Z`) < now) return `was to go by ${expectedEnd}`;
  const state = flag.environments[environment];
  const unchangedMs = now - Date.parse(updatedAt);
  if (unchangedMs < SETTLED_MS || state === undefined) return undefined;
  const days = Math.floor(unchangedMs / 86_400_000);
  if (state.enabled && state.percentage === 100 && state.rules === 0) return `100 % for ${days} days`;
  if (!state.enabled) return `killed for ${days} days`;
  return undefined;
}
