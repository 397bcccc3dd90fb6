import type { Basis } from "@rampart/core";
import type { Stream } from "./stream.ts";
import { BEHIND_MAX_MS, UNSENT_MAX_BYTES } from "./stream.ts";

/** Heartbeats are spread over this many slots of the interval, so that ten thousand of them are never one turn of the loop. */
export const SLOTS = 10;

/** What a channel tells the hub of. */
export interface ChannelEvents {
  /** `stream` does not read fast enough, and is left out from now on. */
  fellBehind(stream: Stream): void;
  /** `stream` has read what it was sent, which ended with `held`: if that is not the present, it needs it. */
  drained(stream: Stream, held: Basis): void;
}

/** When a frame is written (`nowMs` monotonic), and what streams hold that miss it. */
export interface Sending {
  readonly held: Basis;
  readonly nowMs: number;
}

/** The streams of one environment, in slots. */
export class Channel {
  readonly #events: ChannelEvents;
  readonly #slots: readonly Stream[][] = Array.from({ length: SLOTS }, () => []);
  /** When each slot was last written to, epoch milliseconds. */
  readonly #contactAt: number[] = Array.from({ length: SLOTS }, () => 0);
  #size = 0;

  constructor(events: ChannelEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a stream into the emptiest slot; it gets every frame from now on. */
  add(stream: Stream): void {
    let slot = 0;
    for (let i = 1; i < SLOTS; i++) if (this.#slot(i).length < this.#slot(slot).length) slot = i;
    stream.slot = slot;
    stream.index = this.#slot(slot).push(stream) - 1;
    this.#size += 1;
  }

  /** Takes a stream out; once out, does nothing. */
  remove(stream: Stream): void {
    const streams = this.#slot(stream.slot);
    if (streams[stream.index] !== stream) return;
    const last = streams.pop();
    if (last !== undefined && last !== stream) {
      streams[stream.index] = last;
      last.index = stream.index;
    }
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<Stream> {
    for (const streams of this.#slots) yield* streams;
  }

  /** Writes one frame to every stream that keeps up; the others miss it, and get the present once they have read. */
  broadcast(frame: Buffer, sending: Sending): void {
    for (const streams of this.#slots) {
      for (const stream of streams) {
        if (stream.behind === undefined) this.#send(stream, frame, sending);
      }
    }
  }

  /** Writes a heartbeat to the streams of one slot, and closes those that have been behind for too long. */
  beat(slot: number, frame: Buffer, at: Sending & { readonly now: number }): void {
    for (const stream of this.#slot(slot)) {
      if (stream.behind === undefined) this.#send(stream, frame, at);
      else if (at.nowMs - stream.behind.sinceMs >= BEHIND_MAX_MS) {
        stream.end = "slow";
        stream.socket.destroy();
      }
    }
    this.#contactAt[slot] = at.now;
  }

  /** When the stream's slot last had a heartbeat, epoch milliseconds; 0 before the first. */
  contactAt(stream: Stream): number {
    return this.#contactAt[stream.slot] ?? 0;
  }

  #send(stream: Stream, frame: Buffer, sending: Sending): void {
    if (stream.socket.writableLength <= UNSENT_MAX_BYTES) {
      stream.socket.write(frame);
      return;
    }
    const behind = { sinceMs: sending.nowMs, held: sending.held };
    stream.behind = behind;
    this.#events.fellBehind(stream);
    stream.socket.once("drain", () => {
      stream.behind = undefined;
      this.#events.drained(stream, behind.held);
    });
  }

  #slot(index: number): Stream[] {
    const streams = this.#slots[index];
    if (streams === undefined) throw new RangeError(`no heartbeat slot ${index}: there are ${SLOTS}`);
    return streams;
  }
}
