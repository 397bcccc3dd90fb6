import { usageError } from "../errors.ts";

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `10s`, `15m`, `24h`, `90d` in milliseconds. Throws a usage error that says what is allowed. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const amount = Number(match?.[1]);
  const unit = match?.[2] as keyof typeof UNITS_MS | undefined;
  if (unit === undefined || amount === 0) {
    throw usageError(
      `"${text}" is not a duration`,
      "allowed: a number above 0 and a unit: 500ms, 10s, 15m, 24h or 90d",
    );
  }
  return amount * UNITS_MS[unit];
}
