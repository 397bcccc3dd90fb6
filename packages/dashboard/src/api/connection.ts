import { signal } from "@preact/signals";
import type { Heard, Stream } from "./stream.ts";
import { joinTabs } from "./tabs.ts";

/** A page that hears nothing for this long is cut off: two beats and some slack. */
const SILENCE_MAX_MS = 12_000;

/** How long ago the server was heard is looked at this often. */
const LOOK_EVERY_MS = 1_000;

/** Whether what is shown is of now; `offline`: nothing was heard for too long. */
export type ConnectionState = "connecting" | "live" | "offline";

/** Whether the page hears of changes as they come. */
export const connection = signal<ConnectionState>("connecting");

/** When the server was heard last, by this machine's clock; epoch milliseconds, 0: never. */
export const heardAt = signal(0);

/** How far the server's clock is ahead of this machine's, in milliseconds. */
export const serverAheadMs = signal(0);

/** What changed: an environment's flags and segments, or a rollout. */
export type News =
  | { readonly kind: "environment"; readonly environment: string }
  | { readonly kind: "rollout"; readonly id: string }
  /** The stream was away: anything may have changed. */
  | { readonly kind: "all" };

type Listener = (news: News) => void;

const listeners = new Set<Listener>();

/** Calls `listener` with what changes; returns how to stop it. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(news: News): void {
  for (const listener of listeners) listener(news);
}

let stream: Stream | undefined;

/** Begins to listen, and listens again whenever it was cut off. Idempotent. */
export function connect(): void {
  if (stream !== undefined) return;
  const begunAt = Date.now();
  stream = joinTabs({
    onHeard: hear,
    onCut: () => (connection.value = "offline"),
    onAnew: () => tell({ kind: "all" }),
  });
  setInterval(() => {
    if (document.hidden || Date.now() - Math.max(heardAt.value, begunAt) <= SILENCE_MAX_MS) return;
    connection.value = "offline";
    stream?.renew();
  }, LOOK_EVERY_MS);
  // What came while nobody saw the page was not asked for.
  document.addEventListener("visibilitychange", () => document.hidden || tell({ kind: "all" }));
}

function hear({ event, json, ageMs }: Heard): void {
  const said: unknown = JSON.parse(json);
  heard(ageMs);
  switch (event) {
    case "beat":
      serverAheadMs.value = Date.parse((said as { readonly now: string }).now) + ageMs - Date.now();
      return;
    case "environment":
      return tell({ kind: event, environment: (said as { readonly environment: string }).environment });
    case "rollout":
      return tell({ kind: event, id: (said as { readonly id: string }).id });
  }
}

/** The API answered. Until the first news, what a page shows is as old as the first answer at most. */
export function answered(): void {
  if (heardAt.value === 0) heardAt.value = Date.now();
}

function heard(ageMs: number): void {
  heardAt.value = Date.now() - ageMs;
  if (connection.value === "live") return;
  const wasAway = connection.value === "offline";
  connection.value = "live";
  if (wasAway) tell({ kind: "all" });
}
