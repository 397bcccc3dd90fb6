import { usageError } from "../errors.ts";

/** Reads a whole number from 1 to `max`. Throws a usage error that says what is allowed. */
export function parseCount(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max)
      throw usageError(`"${text}" is not a count that is allowed here`, `allowed: 1 to ${max}`);
    return value;
  };
}

/** Reads a revision, or the number of an audit entry: a whole number. Throws a usage error that says where to find one. */
export function parseNumber(where: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,15}$/.test(text))
      throw usageError(`"${text}" is not a whole number`, `it is the one that ${where} shows`);
    return Number(text);
  };
}
