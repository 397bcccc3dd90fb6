import { parsed, refused, type Parsed } from "./parsed.ts";

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
type Unit = keyof typeof UNITS_MS;
const UNITS = ["d", "h", "m", "s", "ms"] as const satisfies readonly Unit[];

/** A plan that takes longer than this is a mistake: nobody watches it any more. */
export const DURATION_MAX_MS = 366 * UNITS_MS.d;

/** What editors check a duration with; `parseDuration` says more. */
export const DURATION_PATTERN =
  "^(?=.)(?:\\d+(?:\\.\\d+)?d)?(?:\\d+(?:\\.\\d+)?h)?(?:\\d+(?:\\.\\d+)?m(?!s))?(?:\\d+(?:\\.\\d+)?s)?(?:\\d+(?:\\.\\d+)?ms)?$";

const EXAMPLES = "500ms, 90s, 15m, 1h30m, 24h or 6d";

/** `90s`, `15m`, `1h30m`, `500ms` in whole milliseconds: units from the largest to the smallest, each at most once. */
export function parseDuration(text: string): Parsed<number> {
  const sum = sumOf(text);
  if (sum === undefined) return refused(`${quote(text)} is not a duration`, hintFor(text));
  const ms = Math.round(sum);
  if (Math.abs(sum - ms) > 1e-6)
    return refused(`${quote(text)} is not a whole number of milliseconds`, `write ${formatDuration(ms)}`);
  if (ms > DURATION_MAX_MS)
    return refused(`${quote(text)} is longer than a year`, `the longest is ${formatDuration(DURATION_MAX_MS)}`);
  return parsed(ms);
}

/** The shortest form that `parseDuration` reads back: `1h30m`, `2m12.6s`, `500ms`, `0s`. Whole milliseconds; a minus sign for what lies before. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  let rest = Math.round(ms);
  let text = "";
  for (const unit of ["d", "h", "m"] as const) {
    // Hours up to two days read better than "1d": plans say 24h and 48h.
    if (unit === "d" && rest <= 2 * UNITS_MS.d) continue;
    const amount = Math.floor(rest / UNITS_MS[unit]);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * UNITS_MS[unit];
  }
  if (rest >= UNITS_MS.s) text += `${rest / UNITS_MS.s}s`;
  else if (rest > 0) text += `${rest}ms`;
  return text === "" ? "0s" : text;
}

function sumOf(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) return undefined;
  let sum = 0;
  let last = -1;
  for (const part of parts) {
    const unit = part[2] as Unit;
    const index = UNITS.indexOf(unit);
    if (index <= last) return undefined;
    last = index;
    sum += Number(part[1]) * UNITS_MS[unit];
  }
  return sum;
}

const WORDS: readonly (readonly [RegExp, Unit])[] = [
  [/(?:ms|msecs?|millis|milliseconds?)$/, "ms"],
  [/(?:s|secs?|seconds?)$/, "s"],
  [/(?:m|mins?|minutes?)$/, "m"],
  [/(?:h|hrs?|hours?)$/, "h"],
  [/(?:d|days?)$/, "d"],
];

/** Wiki pages say "15 minutes", "15-30 min" and "2 weeks": name the form that was meant. */
function hintFor(text: string): string {
  const spelled = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\.?\s*$/i.exec(text);
  const word = spelled?.[2]?.toLowerCase() ?? "";
  const unit = WORDS.find(([pattern]) => new RegExp(`^${pattern.source}`).test(word))?.[1];
  if (spelled?.[1] !== undefined && unit !== undefined) return `write ${spelled[1]}${unit}`;
  if (spelled?.[1] !== undefined && /^w(?:eeks?)?$/.test(word)) return `write ${Number(spelled[1]) * 7}d`;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(text))
    return `a duration needs a unit: ${text.trim()}s, ${text.trim()}m or ${text.trim()}h`;
  if (/^\s*\d+\s*(?:[-–—]|to)\s*\d+/.test(text))
    return "a duration is one length, not a range: give a stage `duration` the lower bound and `timeout` the upper one";
  return `for example ${EXAMPLES}`;
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
