import { epochAt, EPOCH_RANDOM_BYTES } from "@rampart/core";
import type { EpochMs } from "../ports/store.ts";

/** The environments that a new store has, in the order in which a change travels. */
export const FIRST_ENVIRONMENTS = ["development", "staging", "production"] as const;

/** The epoch of a history that begins `at`; with `after`, the one before it, it is the later of the two whatever the clock says. */
export function mintEpoch(
  random: (sizeBytes: number) => Uint8Array,
  { at, after }: { readonly at: EpochMs; readonly after?: string },
): string {
  return epochAt(at, random(EPOCH_RANDOM_BYTES), after);
}
