import { signal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "./call.ts";
import { answered, connection, type News, onNews } from "./connection.ts";
import { type Failure, failureOf } from "./problem.ts";
import { shared } from "./shared.ts";

/** While changes are not heard of, what is shown is asked for this often. */
const POLL_MS = 5_000;

/** The same is asked for this often at most, however much is heard; more than anybody could read. */
const ASK_EVERY_MS = 300;

/** What is kept of answers that no page shows any more; the oldest goes. */
const KEPT_MAX = 100;

/** What is known of something that the server has. An old answer stays while a newer one is asked for, and when that fails. */
export interface Answer<T> {
  readonly data?: T;
  /** When `data` came, epoch milliseconds. */
  readonly at?: number;
  readonly failure?: Failure;
  readonly isLoading: boolean;
}

/** Which news make an answer stale. */
export type Topic = "environments" | "rollouts" | `rollout:${string}` | `environment:${string}`;

interface Entry {
  readonly answer: Signal<Answer<unknown>>;
  readonly read: Read<unknown>;
  isAsking: boolean;
  isStale: boolean;
  users: number;
}

const entries = new Map<string, Entry>();

/** Asks for what is newer than what is known, and makes one of both. */
export type Read<T> = (known: T | undefined) => Promise<T>;

/** When an answer is asked for again, and how long it is kept. */
export interface ResourceOptions<T> {
  /** Asked for again with these news. */
  readonly on?: readonly Topic[];
  /** Asked for again this often, whatever is heard; milliseconds. */
  readonly everyMs?: number;
  /** The answer is forgotten once nothing shows it: it is never shown again. */
  readonly isPassing?: boolean;
  /** In place of asking for all of it; of a path always the same. */
  readonly read?: Read<T>;
}

/** An answer that is kept up to date while somebody shows it. */
export interface Resource<T> extends Answer<T> {
  /** Asks again. */
  readonly reload: () => void;
}

/** What `GET path` answers, kept up to date while it is shown; nothing is asked for while `path` is undefined. */
export function useResource<T>(path: string | undefined, options: ResourceOptions<T> = {}): Resource<T> {
  const topics = options.on?.join(" ") ?? "";
  const { everyMs, isPassing = false } = options;
  const read = options.read as Read<unknown> | undefined;
  useEffect(() => {
    if (path === undefined) return undefined;
    const entry = entryOf(path, read);
    entry.users += 1;
    ask(entry);
    // A page that nobody sees asks for nothing; once it is seen again, anything may have changed.
    const seen = (): void => void (document.hidden || ask(entry));
    const stopNews = onNews((news) => concerns(topics.split(" "), news) && seen());
    const poll = setInterval(() => connection.value !== "live" && seen(), POLL_MS);
    const clock = everyMs === undefined ? undefined : setInterval(seen, everyMs);
    return () => {
      entry.users -= 1;
      if (isPassing && entry.users === 0) entries.delete(path);
      stopNews();
      clearInterval(poll);
      clearInterval(clock);
    };
  }, [path, topics, everyMs, isPassing]);
  if (path === undefined) return { isLoading: false, reload: () => undefined };
  const entry = entryOf(path, read);
  return { ...(entry.answer.value as Answer<T>), reload: () => ask(entry) };
}

/** Puts an answer in that came another way, so that a page shows the outcome of a command at once. */
export function put(path: string, data: unknown): void {
  const { answer } = entryOf(path);
  answer.value = { data: shared(answer.value.data, data), at: Date.now(), isLoading: false };
}

/** Asks again for everything that is shown and begins with `prefix`. */
export function refresh(prefix: string): void {
  for (const [path, entry] of entries) if (entry.users > 0 && path.startsWith(prefix)) ask(entry);
}

function entryOf(path: string, read: Read<unknown> = () => call("GET", path)): Entry {
  const known = entries.get(path);
  if (known !== undefined) return known;
  if (entries.size >= KEPT_MAX) {
    for (const [old, { users }] of entries) {
      if (users > 0) continue;
      entries.delete(old);
      break;
    }
  }
  const entry: Entry = {
    answer: signal<Answer<unknown>>({ isLoading: true }),
    read,
    isAsking: false,
    isStale: false,
    users: 0,
  };
  entries.set(path, entry);
  return entry;
}

function ask(entry: Entry): void {
  if (entry.isAsking) {
    entry.isStale = true;
    return;
  }
  void askNow(entry);
}

async function askNow(entry: Entry): Promise<void> {
  entry.isAsking = true;
  do {
    entry.isStale = false;
    const pause = new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    try {
      const known = entry.answer.value.data;
      const data = shared(known, await entry.read(known));
      entry.answer.value = { data, at: Date.now(), isLoading: false };
      answered();
    } catch (thrown) {
      const failure = failureOf(thrown);
      entry.answer.value = { ...entry.answer.value, failure, isLoading: false };
    }
    await pause;
  } while (entry.isStale && entry.users > 0);
  entry.isAsking = false;
}

function concerns(topics: readonly string[], news: News): boolean {
  switch (news.kind) {
    case "all":
      return true;
    case "environment":
      return topics.includes("environments") || topics.includes(`environment:${news.environment}`);
    case "rollout":
      return topics.includes("rollouts") || topics.includes(`rollout:${news.id}`);
  }
}
