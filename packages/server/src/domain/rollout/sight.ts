import type { EpochMs } from "./instant.ts";
import type { RolloutState } from "./state.ts";

/**
 * Whether nobody has looked since a server came up: the newest sampling is still the one that it found. How old that is, no clock can tell: one that was
 * set back during the outage, or that stood still with its machine, makes an hour look like a moment.
 */
export function isUnseen(state: RolloutState, foundSampleAt: EpochMs | undefined): boolean {
  return foundSampleAt !== undefined && state.lastSampleAt === foundSampleAt;
}
