/** Distinct units that failed in an epoch at one share: all that a ribbon needs. */
export interface Failed {
  readonly on: number;
  readonly total: number;
  readonly share: number;
}

/** The odds ratio as it stands, and its anytime interval: `low` 2^−4 and `high` 2^6 are the ends of what is looked at. */
export interface Odds {
  /** Undefined when nobody failed; Infinity when nobody off did. */
  readonly estimate: number | undefined;
  readonly low: number;
  readonly high: number;
}

/** `alpha` 0.01 for a 99 % ribbon. */
export function oddsOf(_failed: Failed, _alpha = 0.01): Odds {
  throw new Error("not yet");
}

export interface EvidenceLine {
  /** What the metric is called: "errors". */
  readonly metric: string;
  readonly percentage: number;
  readonly failed: Failed;
  readonly logEvidence: number;
  readonly logNeeded: number;
  /** From the stage's start, or from what the reader counts from. */
  readonly afterMs: number;
  /** What is said about control: "control healthy". */
  readonly control: string;
  /** Requests on that failed. */
  readonly failedRequests?: number;
}

/** The evidence in one line, for people. */
export function sayEvidence(_line: EvidenceLine): string {
  throw new Error("not yet");
}
