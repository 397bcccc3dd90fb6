import { UNITS, unitSides } from "@rampart/core";

/** A number for users who are on, and one for those who are off. */
export interface BySide {
  readonly on: number;
  readonly off: number;
}

/**
 * The configured share rho of a percentage (in thousandths of a percent) among the units that are compared, 0…1: what the coin
 * lands on when the flag changes nothing. It differs from `percentage / 100` by what the unit that straddles the threshold would
 * add, less than 1/65,536; at 0 or 1 there is nothing to compare.
 */
export function shareOf(thousandths: number): number {
  const { onEnd, offStart } = unitSides(thousandths);
  return onEnd / (onEnd + UNITS - offStart);
}
