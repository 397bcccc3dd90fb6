import type { QuantilesView, ReceiptsVerdict } from "@rampart/core";
import type { EpochMs } from "./records.ts";

/** What was written to a client before the change may reach it this much later, and renew its lease once more. */
export const TRANSIT_MAX_MS = 2_000;

/** The time within which a rollback is to be everywhere: before it is over no verdict but `proven` is given. */
export const PROMISE_MS = 30_000;

/** Receipts that come later than everything else allows are waited for so much longer. */
export const LATE_RECEIPT_MS = 5_000;

/**
 * When a client that hears nothing any more is off by itself, at the latest. `contactAt`: the latest instant at which something that does
 * not hold the change was written to it. Without a lease: never (`Infinity`).
 */
export function offByLeaseAt(contactAt: EpochMs, leaseMs: number | undefined): EpochMs {
  return leaseMs === undefined ? Number.POSITIVE_INFINITY : contactAt + leaseMs + TRANSIT_MAX_MS;
}

/** When a client applied a change, as it says by its own clock, and what is known here of that clock. */
export interface Applied {
  /** By the client's clock. */
  readonly appliedAt: EpochMs;
  readonly committedAt: EpochMs;
  readonly receivedAt: EpochMs;
  /** The server's clock is ahead of the client's by at most this: the least `receivedAt − appliedAt` of all its receipts. */
  readonly offsetMaxMs: number;
}

/**
 * Milliseconds from the commit to the moment at which a client applied it, by the server's clock. A client's clock is believed as far as it
 * can be right, that is, neither before the commit nor after the receipt came; otherwise the latest instant that its receipts allow is taken,
 * so that a wrong clock makes the time longer, never shorter.
 */
export function appliedAfterMs({ appliedAt, committedAt, receivedAt, offsetMaxMs }: Applied): number {
  const isPlausible = appliedAt >= committedAt && offsetMaxMs >= 0;
  const at = isPlausible ? appliedAt : appliedAt + offsetMaxMs;
  return Math.max(0, Math.min(at, receivedAt) - committedAt);
}

/** The median, the 99th percentile (nearest rank) and the greatest of numbers; undefined when there are none. */
export function quantilesOf(values: Float64Array): QuantilesView | undefined {
  const { length } = values;
  if (length === 0) return undefined;
  const sorted = values.toSorted();
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(length * share) - 1)] ?? 0;
  return { p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}

/**
 * How far an urgent change has come: the clients that could have been on when it was made, each by its number, and which of them applied it.
 * The order of receipts makes no difference, nor do repeated ones. Noting a receipt takes the same time however many clients there are.
 */
export class Convergence {
  /** From this instant on the verdict does not change any more. */
  readonly deadline: EpochMs;
  readonly #offAt: Float64Array;
  /** Milliseconds from the commit; NaN while no receipt came. */
  readonly #appliedAfterMs: Float64Array;
  #acknowledged = 0;

  /** `offAt`: for each client that is expected, what `offByLeaseAt` says. */
  constructor(committedAt: EpochMs, offAt: Float64Array) {
    this.#offAt = offAt;
    this.#appliedAfterMs = new Float64Array(offAt.length).fill(Number.NaN);
    const lastLease = offAt.reduce((last, at) => (at < Number.POSITIVE_INFINITY ? Math.max(last, at) : last), 0);
    this.deadline = Math.max(committedAt + PROMISE_MS, lastLease) + LATE_RECEIPT_MS;
  }

  get expected(): number {
    return this.#offAt.length;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get isComplete(): boolean {
    return this.#acknowledged === this.#offAt.length;
  }

  /** Client number `index` applied the change. Returns whether that is news. Of several times the earliest counts: it was off by then. */
  acknowledge(index: number, afterMs: number): boolean {
    const known = this.#appliedAfterMs[index];
    if (known === undefined) throw new RangeError(`no client number ${index}: ${this.expected} are expected`);
    const isNews = Number.isNaN(known);
    if (isNews) this.#acknowledged += 1;
    if (isNews || afterMs < known) this.#appliedAfterMs[index] = afterMs;
    return isNews;
  }

  /** From when on everybody from whom no receipt came is off by the lease: `Infinity` when one of them has none, undefined when nobody is missing. */
  boundedAt(): EpochMs | undefined {
    if (this.isComplete) return undefined;
    let last = 0;
    for (const index of this.missing()) last = Math.max(last, this.#offAt[index] ?? 0);
    return last;
  }

  /** `isFinal`: nothing more will be heard, whatever the time. */
  verdict(now: EpochMs, isFinal = false): ReceiptsVerdict {
    if (this.isComplete) return "proven";
    if (!isFinal && now < this.deadline) return "open";
    return (this.boundedAt() ?? 0) <= now ? "bounded" : "unproven";
  }

  /** Numbers of the clients from which no receipt came. */
  *missing(): Generator<number> {
    for (const [index, afterMs] of this.#appliedAfterMs.entries()) if (Number.isNaN(afterMs)) yield index;
  }

  /** When the client is off by its lease; `Infinity`: it has none. */
  offAt(index: number): EpochMs {
    return this.#offAt[index] ?? Number.POSITIVE_INFINITY;
  }

  /** Milliseconds from the commit by number of the client; NaN where no receipt came. A copy. */
  times(): Float64Array {
    return this.#appliedAfterMs.slice();
  }

  /** Milliseconds from the commit to each client that applied it, in no order. */
  applied(): Float64Array {
    return this.#appliedAfterMs.filter((afterMs) => !Number.isNaN(afterMs));
  }
}
