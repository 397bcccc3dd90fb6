import type { Socket } from "node:net";
import type { Basis } from "@rampart/core";
import type { StreamEnd } from "../ports/meter.ts";
import type { EpochMs } from "../ports/store.ts";
import type { LiveContact } from "./clients.ts";

/** Bytes that a stream may have unsent before it is left out: a few hundred changes, or a dead peer. */
export const UNSENT_MAX_BYTES = 256 * 1024;

/** A stream that has been left out and not caught up for this long is closed. */
export const BEHIND_MAX_MS = 30_000;

/** What a stream asks of the channel that it is in. */
export interface StreamChannel {
  /** What streams that keep up hold. */
  readonly held: Basis;
  /** When the streams of a heartbeat slot were last written to. */
  contactAt(slot: number): EpochMs;
}

/** One client's open stream. There are ten thousand of them, so that it is one object and holds no closures. */
export class Stream implements LiveContact {
  readonly socket: Socket;
  readonly channel: StreamChannel;
  readonly tokenId: string;
  readonly openedAt: EpochMs;
  /** When in the interval it gets its heartbeats. */
  slot = 0;
  /** Where it stands in its channel, so that it can be taken out without a search. */
  place = 0;
  /** Set while frames are left out because the peer does not read: since when (monotonic), and the last that it was sent. */
  behind: { readonly sinceMs: number; readonly held: Basis } | undefined = undefined;
  /** Why it is being closed, when it is not the client's doing. */
  end: StreamEnd | undefined = undefined;

  constructor(of: Pick<Stream, "socket" | "channel" | "tokenId" | "openedAt">) {
    this.socket = of.socket;
    this.channel = of.channel;
    this.tokenId = of.tokenId;
    this.openedAt = of.openedAt;
  }

  held(): Basis {
    return this.behind?.held ?? this.channel.held;
  }

  lastContactAt(): EpochMs {
    return Math.max(this.openedAt, this.channel.contactAt(this.slot));
  }

  isBehind(): boolean {
    return this.behind !== undefined;
  }
}
