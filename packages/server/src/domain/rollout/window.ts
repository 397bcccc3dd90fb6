import type { Plan, Stage, Window } from "../plan/types.ts";
import type { EpochMs } from "./instant.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A window that names a weekday opens within a week; one more for days on which the clocks skip it. */
const SEARCH_DAYS = 15;

/** Formatters are dear to make; a server sees few time zones. */
const ZONES_MAX = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** A wall clock's reading, as the instant at which a clock in UTC would show the same. */
type WallMs = number;

/** When a stage may begin: its own window, else the plan's; undefined: at any time. */
export function windowOf(plan: Plan, stage: Stage): Window | undefined {
  return stage.window ?? plan.window;
}

/** Whether a stage may begin at this instant: `from` is inside, `to` is not, the weekday is that of the opening. */
export function isOpen(window: Window, at: EpochMs): boolean {
  const wall = wallOf(window.timezone, at);
  const minute = Math.floor((((wall % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
  const today = opensOn(window, wall);
  if (window.fromMinute < window.toMinute) return today && minute >= window.fromMinute && minute < window.toMinute;
  // Over midnight: the second half belongs to the day before.
  return (today && minute >= window.fromMinute) || (opensOn(window, wall - DAY_MS) && minute < window.toMinute);
}

/**
 * The first instant at or after `at` at which the window is open; undefined: never in the next two weeks. Where the clocks are put
 * forward over the opening, it opens when they are; where they are put back, an hour can open twice.
 */
export function nextOpening(window: Window, at: EpochMs): EpochMs | undefined {
  if (isOpen(window, at)) return at;
  const midnight = Math.floor(wallOf(window.timezone, at) / DAY_MS) * DAY_MS;
  let found: EpochMs | undefined;
  for (let day = 0; day <= SEARCH_DAYS; day++) {
    const before = found;
    const openings = candidates(window, midnight + day * DAY_MS).filter((one) => one > at && isOpen(window, one));
    found = Math.min(...openings, before ?? Infinity);
    if (found === Infinity) found = undefined;
    // A jump that one day finds can lie after the next day's opening.
    if (before !== undefined) break;
  }
  return found;
}

/** Where a window can begin on the day that starts at this midnight: its time of day, midnight for weekdays, a jump of the clocks. */
function candidates({ timezone, fromMinute }: Window, midnight: WallMs): readonly EpochMs[] {
  return [...instantsOf(timezone, midnight), ...instantsOf(timezone, midnight + fromMinute * MINUTE_MS)];
}

function opensOn(window: Window, wall: WallMs): boolean {
  const weekday = new Date(wall).getUTCDay();
  return window.days.length === 0 || window.days.includes(weekday === 0 ? 7 : weekday);
}

/**
 * The instants at which a clock on the wall shows `wall`: one, two when it was put back, and the jump itself when it was put forward
 * over that time. A jump within the day before or after counts too, because a window can begin with it.
 */
function instantsOf(timezone: string, wall: WallMs): readonly EpochMs[] {
  const early = wall - offsetAt(timezone, wall - DAY_MS);
  const late = wall - offsetAt(timezone, wall + DAY_MS);
  return early === late ? [early] : [early, late, jumpBetween(timezone, wall - DAY_MS, wall + DAY_MS)];
}

/** The first instant with the offset that `to` has, where `from` has another. */
function jumpBetween(timezone: string, from: EpochMs, to: EpochMs): EpochMs {
  const after = offsetAt(timezone, to);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timezone, middle) === after) high = middle;
    else low = middle;
  }
  return high;
}

const wallOf = (timezone: string, at: EpochMs): WallMs => at + offsetAt(timezone, at);

/** Milliseconds that the zone's clocks are ahead of UTC. */
function offsetAt(timezone: string, at: EpochMs): number {
  if (timezone === "UTC") return 0;
  const second = Math.floor(at / 1000) * 1000;
  const parts = new Map(
    formatterOf(timezone)
      .formatToParts(second)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - second;
}

function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = formatters.get(timezone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formatters.size >= ZONES_MAX) formatters.clear();
  formatters.set(timezone, formatter);
  return formatter;
}

/** `02:00–04:00 UTC`. */
export function windowText({ fromMinute, toMinute, timezone }: Window): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  return `${clock(fromMinute)}–${clock(toMinute)} ${timezone}`;
}
