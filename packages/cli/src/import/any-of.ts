import type { Clause, Operator } from "@rampart/core";

/** Lists of clauses, any of which must hold wholly; none: for nobody. One that is empty: for everybody. */
export type AnyOf = readonly (readonly Clause[])[];

/** Lists that a condition may come to, as `and` multiplies. */
const ALTERNATIVES_MAX = 100;

/** Where all of the parts hold; undefined: that would be too many lists. */
export function productOf(parts: readonly AnyOf[]): AnyOf | undefined {
  let all: AnyOf = [[]];
  for (const part of parts) {
    all = all.flatMap((left) => part.map((right) => [...left, ...right]));
    if (all.length > ALTERNATIVES_MAX) return undefined;
  }
  return all;
}

/** How numbers, or versions, are compared. */
export type Order = "<" | "<=" | ">" | ">=";

/** The operators here that compare numbers. */
export const NUMBER_OPERATORS: { readonly [order in Order]: Operator } = {
  "<": "lessThan",
  "<=": "lessThanOrEqual",
  ">": "greaterThan",
  ">=": "greaterThanOrEqual",
};
/** The operators here that compare versions. */
export const VERSION_OPERATORS: { readonly [order in Order]: Operator } = {
  "<": "semverLessThan",
  "<=": "semverLessThanOrEqual",
  ">": "semverGreaterThan",
  ">=": "semverGreaterThanOrEqual",
};
/** What holds where an order does not. */
export const OPPOSITE: { readonly [order in Order]: Order } = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** Whether zero meets a comparison: what JavaScript takes nothing for where it compares with a number. */
export function holdsForZero(order: Order, limit: number): boolean {
  switch (order) {
    case "<":
      return 0 < limit;
    case "<=":
      return 0 <= limit;
    case ">":
      return 0 > limit;
    case ">=":
      return 0 >= limit;
  }
}
