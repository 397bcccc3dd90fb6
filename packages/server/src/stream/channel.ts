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

/** The streams of one environment. */
export class Channel {
  readonly #events: ChannelEvents;
  /** In the order of their arrival, as far as nobody left: their sockets lie in memory in that order, which makes a broadcast a quarter faster. */
  readonly #streams: Stream[] = [];
  readonly #slotSizes: number[] = Array.from({ length: SLOTS }, () => 0);
  /** When each slot was last written to, epoch milliseconds. */
  readonly #contactAt: number[] = Array.from({ length: SLOTS }, () => 0);

  constructor(events: ChannelEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#streams.length;
  }

  /** Gives a stream the emptiest slot; it gets every frame from now on. */
  add(stream: Stream): void {
    const sizes = this.#slotSizes;
    stream.slot = sizes.indexOf(Math.min(...sizes));
    sizes[stream.slot] = (sizes[stream.slot] ?? 0) + 1;
    stream.place = this.#streams.push(stream) - 1;
  }

  /** Takes a stream out; once out, does nothing. */
  remove(stream: Stream): void {
    if (this.#streams[stream.place] !== stream) return;
    const last = this.#streams.pop();
    if (last !== undefined && last !== stream) {
      this.#streams[stream.place] = last;
      last.place = stream.place;
    }
    this.#slotSizes[stream.slot] = (this.#slotSizes[stream.slot] ?? 1) - 1;
  }

  [Symbol.iterator](): Iterator<Stream> {
    return this.#streams.values();
  }

  /** Writes one frame to every stream that keeps up; the others miss it, and get the present once they have read. */
  broadcast(frame: Buffer, sending: Sending): void {
    for (const stream of this.#streams) {
      if (stream.behind === undefined) this.#send(stream, frame, sending);
    }
  }

  /** Writes a heartbeat to the streams of one slot, and closes those that have been behind for too long. */
  beat(slot: number, frame: Buffer, at: Sending & { readonly now: number }): void {
    for (const stream of this.#streams) {
      if (stream.slot !== slot) continue;
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
}
