/** Between two attempts to hear again. */
const RETRY_MS = 2_000;

/** What the server tells, by the names of its events. */
const EVENTS = ["beat", "environment", "rollout"] as const;

/** An event: its name, its content as JSON, and how long ago it came, milliseconds. */
export interface Heard {
  readonly event: (typeof EVENTS)[number];
  readonly json: string;
  readonly ageMs: number;
}

/** Whoever follows the news. */
export interface Follower {
  readonly onHeard: (heard: Heard) => void;
  /** It was cut off; it is tried again by itself. */
  readonly onCut: () => void;
}

/** What is heard of the server, until it is closed. */
export interface Stream {
  /** Begins anew where it only seems to be open. */
  readonly renew: () => void;
  readonly close: () => void;
}

/** The server's news, by a connection of this page's own. */
export function openStream({ onHeard, onCut }: Follower): Stream {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    const opened = new EventSource("/api/v1/changes");
    source = opened;
    for (const event of EVENTS)
      opened.addEventListener(event, ({ data }: MessageEvent<string>) => onHeard({ event, json: data, ageMs: 0 }));
    opened.addEventListener("error", () => {
      if (source !== opened) return;
      onCut();
      // The browser gives up for good after some answers; a server that restarts gives one of them.
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  };
  open();
  return {
    renew: () => {
      if (source?.readyState === EventSource.OPEN) open();
    },
    close,
  };
}
