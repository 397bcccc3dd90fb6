/** The first try again after this long; then twice as long each time … */
const FIRST_MS = 1000;

/** … up to this. */
const LONGEST_MS = 10 * 60_000;

/** Tries in all: with the waits between them, about an hour. Then somebody has to look. */
export const TRIES_MAX = 18;

/** How long to wait after the `failures`th failure, 1 or more. `chance` (0…1) spreads it over its second half. */
export function backOffMs(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(longest / 2 + (chance * longest) / 2);
}
