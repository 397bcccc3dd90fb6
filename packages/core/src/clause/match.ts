/** Tests one present value of an attribute (an element, for a list). Must take any value whatever. */
export type Match = (value: unknown) => boolean;

/** Why a clause's value doesn't suit its operator. */
export interface LiteralProblem {
  readonly detail: string;
  readonly hint: string;
}

/** Whether any of an attribute's values matches: the value itself, or any element of a list. */
export function anyMatches(value: unknown, match: Match): boolean {
  if (!Array.isArray(value)) return match(value);
  for (const element of value) if (match(element)) return true;
  return false;
}

/** JSON's null, and what JSON has no word for, count as missing. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && typeof value !== "function" && typeof value !== "symbol";
}
