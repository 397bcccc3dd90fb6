import { nearest } from "../../nearest.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** What editors check a time of day with. */
export const TIME_PATTERN = "^(?:[01]?\\d|2[0-3]):[0-5]\\d$";

/** ISO order: the index + 1 is the weekday's number. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** `02:00`, `9:30`: minutes after midnight, 0…1,439. */
export function parseTimeOfDay(text: string): Parsed<number> {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  const hour = Number(match?.[1]);
  const minute = Number(match?.[2]);
  if (match && hour <= 23 && minute <= 59) return parsed(hour * 60 + minute);
  return refused(
    `${JSON.stringify(text)} is not a time of day`,
    match && hour === 24 && minute === 0 ? 'write "00:00"' : timeHint(text),
  );
}

function timeHint(text: string): string {
  const clock = /^\s*(\d{1,2})(?::(\d{2}))?\s*(am|pm)\s*$/i.exec(text);
  const hour = Number(clock?.[1]);
  if (!clock || hour < 1 || hour > 12) return 'write hours and minutes from "00:00" to "23:59", for example "02:00"';
  const turned = (hour % 12) + (clock[3]?.toLowerCase() === "pm" ? 12 : 0);
  return `write "${String(turned).padStart(2, "0")}:${clock[2] ?? "00"}"`;
}

/** An IANA time zone (`UTC`, `Europe/Istanbul`), checked against those this runtime knows. */
export function parseTimeZone(text: string): Parsed<string> {
  if (isTimeZone(text)) return parsed(text);
  const suggestions = nearest(text, Intl.supportedValuesOf("timeZone"));
  const meant =
    suggestions.length > 0 ? `did you mean ${suggestions.map((zone) => JSON.stringify(zone)).join(" or ")}? ` : "";
  return refused(
    `${JSON.stringify(text.slice(0, 80))} is not a time zone`,
    `${meant}use an IANA name, for example "UTC" or "Europe/Berlin"`,
  );
}

function isTimeZone(text: string): boolean {
  // Offsets such as "+03:00" are accepted by newer runtimes only, and don't know summer time.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
