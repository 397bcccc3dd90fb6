import type { ConnectionHost } from "./connection.ts";
import { follow } from "./connection.ts";

/** The tab that has the connection speaks this often, so that the others know it is alive. */
export const TELL_EVERY_MS = 5_000;

/** A tab that heard nothing for this long takes the connection over: the browser froze the tab that has it, or it hangs. */
export const SILENT_MAX_MS = 12_000;

/** What tabs say to each other. */
export type TabMessage =
  /** Who has the connection? */
  | "ask"
  /** I have, and it is broken. */
  | "broken"
  /** I have. This is all that I hold, and the server confirmed it so long ago, milliseconds. */
  | { readonly values: string; readonly silenceMs: number };

/** One of the tabs. */
export interface TabsHost extends ConnectionHost {
  /** Tabs with the same name share a connection. */
  readonly name: string;
  /** What to tell the others. */
  told(): TabMessage;
  /** What the tab that has the connection says. */
  overhear(message: Exclude<TabMessage, "ask">): void;
}

/**
 * One connection for all tabs of an origin: whoever holds the Web Lock has it, and broadcasts what it holds. When that tab goes, the
 * browser hands the lock to the next. Until the signal. Returns how to tell the others at once that something changed.
 */
export function joinTabs(host: TabsHost, signal: AbortSignal): () => void {
  const { locks } = navigator as { readonly locks?: LockManager };
  // Locks are missing in old browsers, and on pages without https.
  if (locks === undefined) {
    void follow(host, signal);
    return () => {};
  }
  const channel = new BroadcastChannel(host.name);
  let leading: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (): void => {
    clearTimeout(timer);
    if (signal.aborted) return;
    if (leading === undefined) {
      timer = setTimeout(() => contend({ steal: true }), SILENT_MAX_MS * (1 + Math.random()));
      return;
    }
    timer = setTimeout(tell, TELL_EVERY_MS);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is the origin's own
    channel.postMessage(host.told());
  };
  const contend = (options: LockOptions): void => {
    const held = new AbortController();
    const lead = (): Promise<void> => {
      leading = held;
      tell();
      return follow(host, AbortSignal.any([signal, held.signal]));
    };
    locks.request(host.name, options, lead).catch(() => {
      if (signal.aborted) return;
      // Forbidden here, as in a frame without an origin.
      if (leading !== held) return lead();
      // Another tab stole it.
      held.abort();
      leading = undefined;
      if (options.steal !== true) contend({ signal });
    });
  };
  channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => {
    if (leading === undefined ? data === "ask" : data !== "ask") return;
    if (data !== "ask") host.overhear(data);
    tell();
  });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    channel.close();
  });
  contend({ signal });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- as above
  channel.postMessage("ask" satisfies TabMessage);
  tell();
  return tell;
}
