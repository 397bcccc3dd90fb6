/** A relay's question for changes waits for one so long at most: it is what its freshness is measured by. */
export const WAIT_MAX_MS = 1_000;

/** Tokens that a relay asks about at once. */
export const KEYS_ASKED_MAX = 1_000;

/** Whom a relay has, and who of them applied what: some 25,000 clients. */
export const RELAY_REPORT_MAX_BYTES: number = 16 * 1024 * 1024;
