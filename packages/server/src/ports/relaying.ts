/** A relay's question for changes waits for one so long at most: it is what its freshness is measured by. */
export const WAIT_MAX_MS = 1_000;

/** Tokens that a relay asks about at once. */
export const KEYS_ASKED_MAX = 1_000;

/** Whom a relay has, and who of them applied what: some 25,000 clients. */
export const RELAY_REPORT_MAX_BYTES: number = 16 * 1024 * 1024;

/** A client's report as it came. */
export interface ForwardedReport {
  readonly path: string;
  /** Those that say whose it is. */
  readonly headers: { readonly [name: string]: string };
  readonly body: unknown;
}

/** What the server that counts it answered. */
export interface ForwardedAnswer {
  readonly status: number;
  /** Of a refusal. */
  readonly body: string;
  readonly retryAfter?: string;
}

/** Hands reports on to the server that counts them. Rejects with a `StoreError` when it can't be reached: the client keeps its report and tries again. */
export interface Forwarder {
  forward(report: ForwardedReport): Promise<ForwardedAnswer>;
}
