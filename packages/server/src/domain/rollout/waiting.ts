import type { WaitingCriterionOf, WaitingOf } from "@rampart/core";
import type { Cause } from "./cause.ts";
import type { EpochMs } from "./instant.ts";
import type { Verdict } from "./verdict.ts";

/** How a criterion was judged at the newest sampling. */
interface Judged {
  readonly verdict: Verdict;
}

/** One thing that a rollout waits for. */
export type Waiting = WaitingOf<EpochMs, Cause, Judged>;

/** A criterion that is waited for. */
export type WaitingCriterion = WaitingCriterionOf<Judged>;
