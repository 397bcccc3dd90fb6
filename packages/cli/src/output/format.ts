import type { Cell } from "./table.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `25 %`, `0.001 %`. */
export function percent(value: number): string {
  return `${value} %`;
}

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 rule`, `2 rules`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`; `in 3 d` for what is to come. Unreadable instants are given back as they are. */
export function ago(instant: string, now: number): string {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return instant;
  const distanceMs = Math.abs(now - at);
  if (distanceMs < SECOND_MS) return "now";
  const text = span(distanceMs);
  return at > now ? `in ${text}` : `${text} ago`;
}

/** The largest whole unit: `12 s`, `3 min`, `2 h`, `5 d`. */
export function span(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** `2026-01-05 02:00:00` in UTC, to the second. Unreadable instants are given back as they are. */
export function moment(instant: string): string {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? instant : new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

/** A dash for nothing, so that an empty cell is seen to be empty. */
export function orDash(value: string | number | undefined): Cell {
  return value === undefined || value === "" ? { text: "-", paint: "dim" } : String(value);
}
