import type { Basis } from "@rampart/core";
import type { Clock } from "../ports/clock.ts";
import type { View } from "../stream/browsers/viewer.ts";
import type { ClientIdentity } from "../stream/clients.ts";
import type { Principal } from "./principal.ts";

/** From being given out to being used. */
export const TICKET_MAX_MS = 60_000;

/** Tickets that are out at once, each with a context of at most 16 KiB; the oldest is void when there is one more. */
const TICKETS_MAX = 4_096;

/** 192 random bits. */
const TICKET_SIZE_BYTES = 24;

/** What a ticket is good for: one stream. */
export interface Ticketed {
  readonly principal: Pick<Principal, "tokenId" | "browsers">;
  readonly environment: string;
  readonly view: View;
  readonly identity: ClientIdentity | undefined;
  readonly basis: Basis | undefined;
}

/** Stands in an address for a key, which must not be there: addresses are logged by whatever is in between. Good once, and on this server. */
export class Tickets {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #randomBytes: (sizeBytes: number) => Uint8Array;
  /** In the order in which they were made. */
  readonly #open = new Map<string, { readonly of: Ticketed; readonly untilMs: number }>();

  constructor(parts: {
    readonly clock: Pick<Clock, "monotonicMs">;
    readonly randomBytes: (sizeBytes: number) => Uint8Array;
  }) {
    this.#clock = parts.clock;
    this.#randomBytes = parts.randomBytes;
  }

  /** A new ticket's text. */
  issue(of: Ticketed): string {
    const nowMs = this.#clock.monotonicMs();
    for (const [text, { untilMs }] of this.#open) {
      if (untilMs > nowMs && this.#open.size < TICKETS_MAX) break;
      this.#open.delete(text);
    }
    const text = Buffer.from(this.#randomBytes(TICKET_SIZE_BYTES)).toString("base64url");
    this.#open.set(text, { of, untilMs: nowMs + TICKET_MAX_MS });
    return text;
  }

  /** Takes a ticket; undefined when there is none such, or its time is over. */
  redeem(text: string): Ticketed | undefined {
    const ticket = this.#open.get(text);
    this.#open.delete(text);
    return ticket !== undefined && ticket.untilMs > this.#clock.monotonicMs() ? ticket.of : undefined;
  }

  /** Voids the tickets of a token that is no longer good. */
  revoke(tokenId: string): void {
    for (const [text, { of }] of this.#open) if (of.principal.tokenId === tokenId) this.#open.delete(text);
  }
}
