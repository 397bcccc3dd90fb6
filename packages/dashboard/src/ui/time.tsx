import { signal } from "@preact/signals";
import { serverAheadMs } from "../api/connection.ts";

/** The server's time as this page knows it, epoch milliseconds; moves on every second, so that what shows ages is drawn again. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now() + serverAheadMs.value;
}, 1000);

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
];

/** A duration in its two largest units: `1 h 20 m`. Below a second: `340 ms`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [unitMs, name] of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) {
      parts.push(`${count} ${name}`);
      rest -= count * unitMs;
    } else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** How long ago an instant was, kept up to date; the whole instant on hover. */
export function Ago({ at }: { readonly at: string }) {
  const ms = now.value - Date.parse(at);
  return (
    <time dateTime={at} title={full(at)}>
      {ms < 5000 ? "just now" : `${duration(ms)} ago`}
    </time>
  );
}

/** How long until an instant, kept up to date. */
export function In({ at }: { readonly at: string }) {
  const ms = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={full(at)}>
      {ms <= 0 ? "now" : `in ${duration(ms)}`}
    </time>
  );
}

/** The time of day in the reader's zone, with the date where it is not today. */
export function Clock({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={full(at)}>
      {clock(at)}
    </time>
  );
}

function clock(at: string): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? time : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}

const full = (at: string): string => new Date(at).toLocaleString([], { dateStyle: "full", timeStyle: "long" });
