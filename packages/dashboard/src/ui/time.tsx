import { computed, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { serverAheadMs } from "../api/connection.ts";
import { age, duration } from "./duration.ts";

/** The server's time as this page knows it, epoch milliseconds; moves on every second, so that what shows ages is drawn again. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now() + serverAheadMs.value;
}, 1000);

/** How long ago an instant was, kept up to date; the whole instant on hover. */
export function Ago({ at }: { readonly at: string }) {
  return <Moving at={at} says={ago} />;
}

const ago = (ms: number): string => (ms < 5000 ? "just now" : `${age(ms)} ago`);

/** How long until an instant, kept up to date. */
export function In({ at }: { readonly at: string }) {
  return <Moving at={at} says={ahead} />;
}

const ahead = (ms: number): string => (ms >= 0 ? "now" : `in ${duration(-ms)}`);

/** Only its text is written anew as time goes, and only when it says something else: a list of a thousand ages costs nothing. */
function Moving({ at, says }: { readonly at: string; readonly says: (ms: number) => string }) {
  const text = useMemo(() => computed(() => says(now.value - Date.parse(at))), [at, says]);
  return (
    <time dateTime={at} title={full(at)}>
      {text}
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

// Making a formatter takes a thousand times as long as using it.
const TIME = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "long" });

function clock(at: string): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? TIME.format(date) : `${DAY.format(date)} ${TIME.format(date)}`;
}

const full = (at: string): string => FULL.format(new Date(at));
