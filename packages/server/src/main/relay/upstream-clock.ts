import type { Clock } from "../../ports/clock.ts";

/** What an exchange with the upstream server shows of its clock. All epoch milliseconds. */
export interface ClockSeen {
  /** By this machine, when it was asked. */
  readonly askedAt: number;
  /** By the upstream server, while it answered. */
  readonly theirs: number;
  /** By this machine, when the answer was there. */
  readonly answeredAt: number;
}

/**
 * The upstream server's wall clock, as well as it is known here: every instant in a tree of relays is by the clock at its root, so that what is said of
 * when clients applied a change, and from when on leases are over, can be compared there. Off by no more than the quickest exchange took, whatever this
 * machine's clock says.
 */
export class UpstreamClock implements Clock {
  readonly #own: Clock;
  #offsetMs = 0;

  constructor(own: Clock) {
    this.#own = own;
  }

  now(): number {
    return this.ownNow() + this.#offsetMs;
  }

  /** This machine's wall clock. */
  ownNow(): number {
    return this.#own.now();
  }

  monotonicMs(): number {
    return this.#own.monotonicMs();
  }

  /** Moves no further than the exchange proves. */
  learn({ askedAt, theirs, answeredAt }: ClockSeen): void {
    const [leastMs, mostMs] = [theirs - answeredAt, theirs - askedAt];
    this.#offsetMs = Math.min(Math.max(this.#offsetMs, leastMs), mostMs);
  }
}
