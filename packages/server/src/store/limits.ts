import type { RolloutEvent } from "../domain/rollout/event.ts";

/** Events that come by themselves every few seconds; they are nearly all of a log, and the first to be pruned. */
export const SAMPLING_EVENTS = ["samples", "compared", "tick"] as const satisfies readonly RolloutEvent["kind"][];

/**
 * Revisions that the change log of one environment keeps. A client that was away for longer gets a snapshot: at this many changes
 * that is the smaller answer too.
 */
export const CHANGE_LOG_REVISIONS_MAX = 10_000;

/** A token's last use is written at most this often, so that reads don't become writes. */
export const TOUCH_INTERVAL_MS = 60_000;

/** Audit entries that one query gives at most. */
export const AUDIT_PAGE_MAX = 1000;
