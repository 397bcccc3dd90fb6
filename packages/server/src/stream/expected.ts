import type { Basis } from "@rampart/core";
import { offByLeaseAt } from "../domain/receipts.ts";
import type { EpochMs } from "../ports/store.ts";
import type { Standing } from "./clients.ts";
import type { UrgentChange } from "./feed.ts";
import type { HeldLease } from "./leases.ts";
import { BEHIND_MAX_MS } from "./stream.ts";

/** Between two heartbeats a stream may have had other frames, of which no time is noted. */
const UNNOTED_CONTACT_MS = 5_000;

/** A stream that is behind may go on reading what it was sent before for as long as it is let be, and until the beat that sees it. */
const OLD_NEWS_MAX_MS = BEHIND_MAX_MS + UNNOTED_CONTACT_MS;

/** The moment after an urgent change was written to every stream. */
export interface Written {
  readonly epoch: string;
  /** What streams that keep up held until then. */
  readonly before: Basis;
  readonly now: EpochMs;
  readonly nowMs: number;
}

/** That it was sent the change does not mean that it has it. */
export const withoutIt = (standing: Standing, { before }: Written): Standing =>
  standing.isLive && !standing.isBehind ? { ...standing, held: before } : standing;

/** Whether a client was never told of what changed: a page, of flags that are not for pages. */
export const knowsNothing = (standing: Standing, { hiddenSince }: UrgentChange, at: Written): boolean => {
  const { isPage, held } = withoutIt(standing, at);
  return isPage && hiddenSince !== undefined && held.epoch === at.epoch && held.revision >= hiddenSince;
};

/** When a client that does not hear of the change is off by its lease. */
export function offByItselfAt(standing: Standing, change: UrgentChange, at: Written): EpochMs {
  const { held, lastContactAt, isLive, isBehind } = withoutIt(standing, at);
  const leaseMs = holdsLease(held, change.lease, at.epoch) ? change.lease?.leaseMs : undefined;
  if (isBehind) return offByLeaseAt(at.now + OLD_NEWS_MAX_MS, leaseMs);
  // What is written to a stream from now on comes after the change, and so can't be contact without it.
  return offByLeaseAt(isLive ? at.now : Math.min(change.committedAt, lastContactAt + UNNOTED_CONTACT_MS), leaseMs);
}

/** A client that is older than the lease may be on without one. */
export const holdsLease = (held: Basis, lease: HeldLease | undefined, epoch: string): boolean =>
  lease !== undefined && held.epoch === epoch && held.revision >= lease.since;
