import { signal } from "@preact/signals";
import { serverAheadMs } from "../api/connection.ts";
import { duration } from "./duration.ts";

/** The server's time as this page knows it, epoch milliseconds; moves on every second, so that what shows ages is drawn again. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now() + serverAheadMs.value;
}, 1000);

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
