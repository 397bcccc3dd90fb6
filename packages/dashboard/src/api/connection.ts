import { signal } from "@preact/signals";

/** A page that hears nothing for this long is cut off: two beats and some slack. */
const SILENCE_MAX_MS = 12_000;

/** Between two attempts to hear again. */
const RETRY_MS = 2_000;

/** How long ago the server was heard is looked at this often. */
const LOOK_EVERY_MS = 1_000;

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

let source: EventSource | undefined;

/** Begins to listen, and listens again whenever it was cut off. Idempotent. */
export function connect(): void {
  if (source !== undefined) return;
  open();
  setInterval(() => {
    if (heardAt.value !== 0 && Date.now() - heardAt.value > SILENCE_MAX_MS) {
      connection.value = "offline";
      if (source?.readyState === EventSource.OPEN) reopen();
    }
  }, LOOK_EVERY_MS);
}

function open(): void {
  const stream = new EventSource("/api/v1/changes");
  source = stream;
  stream.addEventListener("beat", (event) => {
    const { now } = JSON.parse((event as MessageEvent<string>).data) as { readonly now: string };
    serverAheadMs.value = Date.parse(now) - Date.now();
    heard();
  });
  stream.addEventListener("environment", (event) => {
    const { environment } = JSON.parse((event as MessageEvent<string>).data) as { readonly environment: string };
    heard();
    tell({ kind: "environment", environment });
  });
  stream.addEventListener("rollout", (event) => {
    const { id } = JSON.parse((event as MessageEvent<string>).data) as { readonly id: string };
    heard();
    tell({ kind: "rollout", id });
  });
  stream.addEventListener("error", () => {
    if (source !== stream) return;
    connection.value = "offline";
    // The browser gives up for good after some answers; a server that restarts gives one of them.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => source === stream && reopen(), RETRY_MS);
  });
}

function reopen(): void {
  source?.close();
  open();
}

function heard(): void {
  heardAt.value = Date.now();
  if (connection.value === "live") return;
  const wasAway = connection.value === "offline";
  connection.value = "live";
  if (wasAway) tell({ kind: "all" });
}
