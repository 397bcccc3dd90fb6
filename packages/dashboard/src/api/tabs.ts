import { type Follower, type Heard, openStream, type Stream } from "./stream.ts";

/** Of the lock, and of the channel. */
const NAME = "rampart.changes";

/** A tab that hears nothing of the one with the connection for this long takes it over: the browser froze it, or it hangs. */
const SILENT_MAX_MS = 12_000;

/** What tabs tell each other. */
type Message =
  | Heard
  /** Who has the connection? Answered with the last beat, so that a new tab need not wait for the next. */
  | "ask"
  /** I have, and it was cut off. */
  | "cut"
  /** I have it now. Before I had it, something may have gone unheard. */
  | "anew";

/** What a tab hears, beside the server's news. */
export interface TabFollower extends Follower {
  /** The connection changed hands: anything may have changed. */
  readonly onAnew: () => void;
}

/**
 * The server's news by one connection for all tabs: a browser opens six to a server, and a kill must always find one of them free. Whoever
 * holds the Web Lock has it, and broadcasts what it hears; when that tab goes, the browser hands the lock to the next.
 */
export function joinTabs(follower: TabFollower): Stream {
  const { locks } = navigator as { readonly locks?: LockManager };
  // Missing without https: then each page has its own while it is seen.
  return locks === undefined ? openWhileSeen(follower) : openTogether(locks, follower);
}

function openTogether(locks: LockManager, { onHeard, onCut, onAnew }: TabFollower): Stream {
  const channel = new BroadcastChannel(NAME);
  let own: Stream | undefined;
  let beat: { readonly json: string; readonly at: number } | undefined;
  let othersAt = Date.now();
  let hasFollowed = false;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is the origin's own
  const tell = (message: Message): void => channel.postMessage(message);

  const lead = (): void => {
    let isTakenOver = hasFollowed;
    own ??= openStream({
      onHeard: (heard) => {
        if (heard.event === "beat") beat = { json: heard.json, at: Date.now() };
        onHeard(heard);
        tell(heard);
        if (!isTakenOver) return;
        isTakenOver = false;
        onAnew();
        tell("anew");
      },
      onCut: () => {
        onCut();
        tell("cut");
      },
    });
  };
  const contend = (options: LockOptions): void => {
    const hold = async (): Promise<void> => {
      lead();
      await new Promise<never>(() => undefined);
    };
    locks.request(NAME, options, hold).catch(() => {
      // Forbidden here.
      if (own === undefined) return lead();
      // Another tab stole it.
      own.close();
      own = undefined;
      othersAt = Date.now();
      if (options.steal !== true) contend({});
    });
  };
  const answer = (): void => {
    if (beat !== undefined) tell({ event: "beat", json: beat.json, ageMs: Date.now() - beat.at });
  };
  channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if (data === "ask") {
      if (own !== undefined) answer();
      return;
    }
    if (own !== undefined) return;
    othersAt = Date.now();
    hasFollowed = true;
    if (data === "cut") onCut();
    else if (data === "anew") onAnew();
    else onHeard(data);
  });
  contend({});
  tell("ask");
  return {
    renew: () => {
      if (own !== undefined) own.renew();
      else if (Date.now() - othersAt > SILENT_MAX_MS) {
        othersAt = Date.now();
        contend({ steal: true });
      }
    },
    close: () => own?.close(),
  };
}

function openWhileSeen(follower: TabFollower): Stream {
  let own: Stream | undefined;
  const look = (): void => {
    if (document.hidden) {
      own?.close();
      own = undefined;
    } else own ??= openStream(follower);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return { renew: () => own?.renew(), close: () => own?.close() };
}
