import type { Basis } from "@rampart/core";
import type { EpochMs } from "../ports/store.ts";
import type { Stream } from "./stream.ts";
import { BEHIND_MAX_MS, UNSENT_MAX_BYTES } from "./stream.ts";

/** Heartbeats are spread over this many slots of the interval, so that ten thousand of them are never one turn of the loop. */
export const SLOTS = 10;

/** What a channel tells its room of. */
export interface ChannelEvents<S extends Stream = Stream> {
  /** `stream` does not read fast enough, and is left out from now on. */
  fellBehind(stream: S): void;
  /** `stream` has read what it was sent, which ended with `held`: if that is not the present, it needs it. */
  drained(stream: S, held: Basis): void;
}

/** The streams of one environment. */
export class Channel<S extends Stream = Stream> {
  /** What streams that keep up hold: the last change that was broadcast. */
  held: Basis;
  readonly #events: ChannelEvents<S>;
  /** In the order of their arrival, as far as nobody left: their sockets lie in memory in that order, which makes a broadcast a quarter faster. */
  readonly #streams: S[] = [];
  readonly #slotSizes: number[] = Array.from({ length: SLOTS }, () => 0);
  /** When each slot was last written to, epoch milliseconds. */
  readonly #contactAt: number[] = Array.from({ length: SLOTS }, () => 0);

  constructor(held: Basis, events: ChannelEvents<S>) {
    this.held = held;
    this.#events = events;
  }

  get size(): number {
    return this.#streams.length;
  }

  /** Gives a stream the emptiest slot; it gets every frame from now on. */
  add(stream: S): void {
    const sizes = this.#slotSizes;
    stream.slot = sizes.indexOf(Math.min(...sizes));
    sizes[stream.slot] = (sizes[stream.slot] ?? 0) + 1;
    stream.place = this.#streams.push(stream) - 1;
  }

  /** Takes a stream out; once out, does nothing. */
  remove(stream: Stream): void {
    const placed: Stream | undefined = this.#streams[stream.place];
    if (placed !== stream) return;
    const last = this.#streams.pop();
    if (last !== undefined && last !== stream) {
      this.#streams[stream.place] = last;
      last.place = stream.place;
    }
    this.#slotSizes[stream.slot] = (this.#slotSizes[stream.slot] ?? 1) - 1;
  }

  [Symbol.iterator](): Iterator<S> {
    return this.#streams.values();
  }

  /**
   * Writes one frame, after which streams hold `held`, to every stream that keeps up; the others miss it, and get the present once they
   * have read. `nowMs` is monotonic.
   */
  broadcast(frame: Buffer, held: Basis, nowMs: number): void {
    for (const stream of this.#streams) {
      if (stream.behind === undefined) this.send(stream, frame, nowMs);
    }
    this.held = held;
  }

  /** Writes heartbeats to the streams of one slot, and closes those that have been behind for too long. `nowMs` is monotonic. */
  beat(slot: number, frameFor: (stream: S) => Buffer, at: { readonly now: EpochMs; readonly nowMs: number }): void {
    for (const stream of this.#streams) {
      if (stream.slot !== slot) continue;
      if (stream.behind === undefined) this.send(stream, frameFor(stream), at.nowMs);
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

  /** Writes a frame to a stream that keeps up. False: it does not any more, and did not get it. */
  send(stream: S, frame: Buffer, nowMs: number): boolean {
    if (stream.socket.writableLength <= UNSENT_MAX_BYTES) {
      stream.socket.write(frame);
      return true;
    }
    const behind = { sinceMs: nowMs, held: this.held };
    stream.behind = behind;
    this.#events.fellBehind(stream);
    stream.socket.once("drain", () => {
      stream.behind = undefined;
      this.#events.drained(stream, behind.held);
    });
    return false;
  }
}
