/** All of a whole, in the unit percentages are computed in: a thousandth of a percent, which is one bucket. */
export const THOUSANDTHS = 100_000;

/**
 * A percentage as an integer of thousandths of a percent, 0…100,000; undefined when it is not a number from 0 to 100 with
 * at most three decimals. Exact: a literal with three decimals and the quotient are the same nearest double.
 */
export function thousandthsOf(percentage: unknown): number | undefined {
  if (typeof percentage !== "number" || !(percentage >= 0 && percentage <= 100)) return undefined;
  const thousandths = Math.round(percentage * 1000);
  return thousandths / 1000 === percentage ? thousandths : undefined;
}

/** What a percentage may be, for messages. */
export const PERCENTAGE_HINT = "a number from 0 to 100 with at most three decimals, such as 0.5 or 25";

/** What is wrong with a value that `thousandthsOf` does not take. */
export function percentageFault(value: unknown): string {
  if (value === undefined) return "is no percentage: it is missing";
  if (typeof value !== "number" || Number.isNaN(value)) return "is not a number";
  if (value < 0) return "is below 0";
  return value > 100 ? "is above 100" : "has more than three decimals";
}
