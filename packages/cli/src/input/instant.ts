import { usageError } from "../errors.ts";
import { parseDuration } from "./duration.ts";

/** RFC 3339 with its offset, the seconds left out or not. */
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})$/;

/** `2026-01-05T02:00:00Z`, `2026-01-05T03:00+01:00`, or `+2h` from `now` on, as an instant in UTC. Throws a usage error. */
export function parseInstant(text: string, now: number): string {
  if (text.startsWith("+")) return new Date(now + parseDuration(text.slice(1))).toISOString();
  const at = INSTANT.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (Number.isNaN(at)) {
    throw usageError(
      `"${text}" is not an instant`,
      "allowed: date and time with their offset, as 2026-01-05T02:00:00Z or 2026-01-05T03:00+01:00, or a time from now on, as +2h",
    );
  }
  return new Date(at).toISOString();
}
