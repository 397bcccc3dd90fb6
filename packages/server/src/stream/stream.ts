import type { Socket } from "node:net";
import type { Basis } from "@rampart/core";
import type { StreamEnd } from "../ports/meter.ts";

/** Bytes that a stream may have unsent before it is left out: a few hundred changes, or a dead peer. */
export const UNSENT_MAX_BYTES = 256 * 1024;

/** A stream that has been left out and not caught up for this long is closed. */
export const BEHIND_MAX_MS = 30_000;

/** One client's open stream. Plain data: there are ten thousand of them, and the loops over them are what has to be fast. */
export interface Stream {
  readonly socket: Socket;
  readonly tokenId: string;
  /** When in the interval it gets its heartbeats. */
  slot: number;
  /** Where it stands in its channel, so that it can be taken out without a search. */
  place: number;
  /** Set while frames are left out because the peer does not read: since when (monotonic), and the last that it was sent. */
  behind: { readonly sinceMs: number; readonly held: Basis } | undefined;
  /** Why it is being closed, when it is not the client's doing. */
  end: StreamEnd | undefined;
}
