import type { Instant } from "./types.ts";

/**
 * How an urgent change (a kill, a rollback) ended. `proven`: every client that could have been on said that it applied the change. `bounded`: some
 * said nothing, and the exposure lease of each of them is over, so that they are off by themselves. `unproven`: some said nothing, and nothing
 * says that they are off. `open`: it can still change.
 */
export type ReceiptsVerdict = "open" | "proven" | "bounded" | "unproven";

/** A client that could have been on and from which no receipt came. */
export interface StragglerView {
  readonly instanceId: string;
  /** `node/0.1.0`. */
  readonly sdk: string;
  readonly address: string;
  /** As of `ClientView`. */
  readonly relay?: string;
  /** What it was last sent, or last said it had, before the change. */
  readonly revision: number;
  readonly lastContactAt: Instant;
  /** From when on its lease keeps it off, at the latest; missing: it holds no lease. */
  readonly offAt?: Instant;
}

/** Milliseconds, at least 0. */
export interface QuantilesView {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Where the time between what a metric says and the last client went. The first three are known for changes of a rollout only. */
export interface LegsView {
  /** Age of the oldest value that it was decided on, when it was asked for; missing also when a person or an alert decided. */
  readonly dataAgeMs?: number;
  /** From asking the metrics, or from the command, to the decision. */
  readonly decideMs?: number;
  /** From the decision to its being stored. */
  readonly commitMs?: number;
  /** From there to the last socket write. By hand: from the request's being accepted, so that it holds the commit too. */
  readonly writeMs: number;
  /** From the last socket write to the clients' having applied it; missing while no receipt came. */
  readonly apply?: QuantilesView;
}

/** Who applied an urgent change, and when. `GET /api/v1/environments/:env/receipts/:revision`; an item of `…/receipts`. */
export interface ReceiptsView {
  readonly environment: string;
  readonly epoch: string;
  readonly revision: number;
  /** The flags that the change took back. */
  readonly flags: readonly string[];
  /** The rollout that rolled back; missing: somebody did it by hand. */
  readonly rollout?: string;
  readonly committedAt: Instant;
  readonly verdict: ReceiptsVerdict;
  /** Missing while it is open. */
  readonly closedAt?: Instant;
  /** Clients that could have been on when the change was made. */
  readonly expected: number;
  readonly acknowledged: number;
  /** Clients that are remembered, and whose lease was over before the change. They are not expected. */
  readonly alreadyOff: number;
  /** From the commit to the clients' having applied it; missing while no receipt came. */
  readonly applied?: QuantilesView;
  /** With somebody missing: from when on all of the missing are off by their leases; missing when one of them holds none. */
  readonly boundedAt?: Instant;
  /** At most 50 of those who are missing, the longest silent first; `expected` − `acknowledged` are missing. */
  readonly stragglers: readonly StragglerView[];
  readonly legs: LegsView;
}

/** `GET /api/v1/environments/:env/receipts`: the newest first, as far as this server remembers; the audit keeps them all. */
export interface ReceiptsList {
  readonly items: readonly ReceiptsView[];
}
