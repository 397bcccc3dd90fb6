import type { ReceiptsBook } from "../../packages/server/src/main/receipts-exchange.ts";
import type { LeaseBook } from "../../packages/server/src/ports/lease-book.ts";
import type { ReceiptsPart } from "../../packages/server/src/stream/receipt-parts.ts";
import type { Clockwork } from "./clockwork.ts";

/** A server that was not heard of for so long has no clients left, as with PostgreSQL. */
const LATELY_MS = 30_000;

/** The evaluator's lease, timed by the store's clock. */
export class LeaseTable implements LeaseBook {
  readonly #clockwork: Clockwork;
  /** The newest number that was given out. */
  fence = 0;
  #holder = "";
  #untilMs = 0;

  constructor(clockwork: Clockwork) {
    this.#clockwork = clockwork;
  }

  isHeld(fence: number): boolean {
    return fence === this.fence && this.#untilMs > this.#clockwork.nowMs;
  }

  async take(holder: string, ttlMs: number): Promise<number | undefined> {
    if (this.isHeld(this.fence)) return undefined;
    this.fence += 1;
    this.#holder = holder;
    this.#untilMs = this.#clockwork.nowMs + ttlMs;
    return this.fence;
  }

  async renew(fence: number, ttlMs: number): Promise<boolean> {
    if (!this.isHeld(fence)) return false;
    this.#untilMs = this.#clockwork.nowMs + ttlMs;
    return true;
  }

  async giveBack(fence: number): Promise<void> {
    if (this.isHeld(fence)) this.#untilMs = this.#clockwork.nowMs;
  }

  async end(holder: string): Promise<void> {
    if (holder === this.#holder) this.#untilMs = Math.min(this.#untilMs, this.#clockwork.nowMs);
  }
}

/** One server's book of receipts, and how it says that it is there. */
export interface SharedBook extends ReceiptsBook {
  beat(): Promise<void>;
}

/** What the servers tell each other of receipts. */
export class ReceiptsTable {
  readonly #clockwork: Clockwork;
  readonly #seenMs = new Map<string, number>();
  readonly #parts = new Map<string, { readonly instance: string; readonly part: ReceiptsPart }>();

  constructor(clockwork: Clockwork) {
    this.#clockwork = clockwork;
  }

  of(self: string): SharedBook {
    const parts = this.#parts;
    return {
      beat: async () => void this.#seenMs.set(self, this.#clockwork.nowMs),
      peers: async () =>
        [...this.#seenMs]
          .filter(([instance, seenMs]) => instance !== self && this.#clockwork.nowMs - seenMs < LATELY_MS)
          .map(([instance]) => instance),
      save: async ({ environment, revision }, text) =>
        void parts.set(`${self}/${environment}/${revision}`, {
          instance: self,
          part: JSON.parse(text) as ReceiptsPart,
        }),
      ofOthers: async (environments) =>
        [...parts.values()].filter(
          ({ instance, part }) => instance !== self && environments.includes(part.environment),
        ),
    };
  }
}
