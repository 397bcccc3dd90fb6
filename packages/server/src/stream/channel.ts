import type { Basis } from "@rampart/core";
import type { EpochMs } from "../ports/store.ts";
import type { Stream } from "./stream.ts";
import { BEHIND_MAX_MS, UNSENT_MAX_BYTES } from "./stream.ts";

/** Heartbeats are spread over this many slots of the interval, so that ten thousand of them are never one turn of the loop. */
export const SLOTS = 10;

/** What a channel tells its room of. */
export interface ChannelEvents {
  /** `stream` does not read fast enough, and is left out from now on. */
  fellBehind(stream: Stream): void;
  /** `stream` has read what it was sent, which ended with `held`: if that is not the present, it needs it. */
  drained(stream: Stream, held: Basis): void;
}

/** The streams of one environment. */
export class Channel {
  /** What streams that keep up hold: the last change that was broadcast. */
  held: Basis;
  readonly #events: ChannelEvents;
  /** In the order of their arrival, as far as nobody left: their sockets lie in memory in that order, which makes a broadcast a quarter faster. */
  readonly #streams: Stream[] = [];
  readonly #slotSizes: number[] = Array.from({ length: SLOTS }, () => 0);
  /** When each slot was last written to, epoch milliseconds. */
  readonly #contactAt: number[] = Array.from({ length: SLOTS }, () => 0);

  constructor(held: Basis, events: ChannelEvents) {
    this.held = held;
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

  /**
   * Writes one frame, after which streams hold `held`, to every stream that keeps up; the others miss it, and get the present once they
   * have read. `nowMs` is monotonic.
   */
  broadcast(frame: Buffer, held: Basis, nowMs: number): void {
    for (const stream of this.#streams) {
      if (stream.behind === undefined) this.#send(stream, frame, nowMs);
    }
    this.held = held;
  }

  /** Writes a heartbeat to the streams of one slot, and closes those that have been behind for too long. `nowMs` is monotonic. */
  beat(slot: number, frame: Buffer, at: { readonly now: EpochMs; readonly nowMs: number }): void {
    for (const stream of this.#streams) {
      if (stream.slot !== slot) continue;
      if (stream.behind === undefined) this.#send(stream, frame, at.nowMs);
      else if (at.nowMs - stream.behind.sinceMs >= BEHIND_MAX_MS) {
        stream.end = "slow";
        stream.socket.destroy();
      }
    }
    this.#contactAt[slot] = at.now;
  }

  /** When a slot last had a heartbeat; 0 before the first. */
  contactAt(slot: number): EpochMs {
    return this.#contactAt[slot] ?? 0;
  }

  #send(stream: Stream, frame: Buffer, nowMs: number): void {
    if (stream.socket.writableLength <= UNSENT_MAX_BYTES) {
      stream.socket.write(frame);
      return;
    }
    const behind = { sinceMs: nowMs, held: this.held };
    stream.behind = behind;
    this.#events.fellBehind(stream);
    stream.socket.once("drain", () => {
      stream.behind = undefined;
      this.#events.drained(stream, behind.held);
    });
  }
}
