import type { ServerResponse } from "node:http";
import type { Timers } from "../ports/timers.ts";
import { encodeEvent, type ServerSentEvent } from "../stream/frame.ts";
import { SECURITY_HEADERS } from "./reply.ts";

/** People and pipelines that follow rollouts; each costs a socket. */
const STREAMS_MAX = 1000;

/** A follower that has this much unread is let go; it comes back and goes on where it was. */
const UNSENT_MAX_BYTES = 256 * 1024;

/** So that nothing in between takes the stream for dead, and a follower that is gone is found. */
const HEARTBEAT_MS = 15_000;

const HEARTBEAT = ": heartbeat\n\n";

/** A stream of events to one follower. */
export interface EventStream {
  readonly isOpen: boolean;
  /** Writes an event; lets go of a follower that does not read. */
  send(event: ServerSentEvent): void;
  close(): void;
}

/** What is told by `open`: the stream's heartbeat, on which lost news can be looked for, and its end. */
export interface StreamEvents {
  readonly onBeat: () => void;
  readonly onClose: () => void;
}

/** The streams of events that people follow, apart from those of SDKs: few, and each with its own content. */
export class EventStreams {
  readonly #timers: Timers;
  readonly #open = new Map<ServerResponse, string>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes a response over as a stream; undefined when there is no room, and nothing was written. */
  open(outgoing: ServerResponse, tokenId: string, { onBeat, onClose }: StreamEvents): EventStream | undefined {
    if (this.#open.size >= STREAMS_MAX) return undefined;
    this.#open.set(outgoing, tokenId);
    outgoing.writeHead(200, {
      ...SECURITY_HEADERS,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      connection: "close",
    });
    outgoing.flushHeaders();
    const stopBeating = this.#timers.every(HEARTBEAT_MS, () => {
      write(HEARTBEAT);
      onBeat();
    });
    outgoing.once("close", () => {
      stopBeating();
      this.#open.delete(outgoing);
      onClose();
    });
    const write = (bytes: Buffer | string): void => {
      if (outgoing.writableLength > UNSENT_MAX_BYTES) outgoing.destroy();
      else outgoing.write(bytes);
    };
    return {
      get isOpen() {
        return !outgoing.destroyed && !outgoing.writableEnded;
      },
      send: (event) => write(encodeEvent(event)),
      close: () => void outgoing.end(),
    };
  }

  /** The tokens that have a stream open. */
  tokenIds(): ReadonlySet<string> {
    return new Set(this.#open.values());
  }

  /** Ends all streams of a token that is no longer good. */
  revoke(tokenId: string): void {
    for (const [outgoing, id] of this.#open) if (id === tokenId) outgoing.end();
  }

  /** Ends all streams. */
  closeAll(): void {
    for (const outgoing of this.#open.keys()) outgoing.end();
  }
}
