const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2})))?$/;

/** The Gregorian calendar repeats after 400 years. */
const CYCLE_MS = 146_097 * 86_400_000;

/**
 * An instant as epoch milliseconds: a number that is one, a `Date`, an RFC 3339 date-time, or a date alone (its first instant in
 * UTC). Undefined for anything else, also for days and times that don't exist. Digits beyond milliseconds are dropped.
 */
export function parseInstant(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value instanceof Date) return parseInstant(value.getTime());
  const parts = typeof value === "string" ? RFC_3339.exec(value) : null;
  if (parts === null) return undefined;
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  if (!isDay(year, month, day) || !isTime(hour, minute, second)) return undefined;
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (parts[8] === "-" ? -1 : 1);
  const fractionMs = Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  // Date.UTC takes the years 0 to 99 for 1900 to 1999, hence the detour by a cycle.
  return Date.UTC(year + 400, month - 1, day, hour, minute, second, fractionMs) - CYCLE_MS - offsetMs;
}

function isDay(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** Second 60 is a leap second; it counts as the first of the next minute. */
function isTime(hour: number, minute: number, second: number): boolean {
  return hour <= 23 && minute <= 59 && second <= 60;
}
