import { usageError } from "../errors.ts";

const ALLOWED = "allowed: 0 to 100 with at most three decimals, such as 5, 12.5 or 0.001; a % sign may follow";

/** `25`, `25%`, `0.001`: a percentage that a flag can be ramped to. Throws a usage error that says what is allowed. */
export function parsePercentage(text: string): number {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*%?\s*$/.exec(text);
  if (match?.[1] === undefined) throw usageError(`"${text}" is not a percentage`, ALLOWED);
  const value = Number(match[1]);
  if (value < 0 || value > 100) throw usageError(`percentage ${value} is out of range`, ALLOWED);
  const decimals = match[1].split(".")[1]?.replace(/0+$/, "").length ?? 0;
  if (decimals > 3) throw usageError(`percentage ${match[1]} has ${decimals} decimals`, ALLOWED);
  return value === 0 ? 0 : value;
}
