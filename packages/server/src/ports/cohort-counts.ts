import type { Cohorts, CohortTotal } from "../domain/intake/cohort-ring.ts";
import type { EpochMs } from "../domain/records.ts";
import type { Measured } from "./unit-intake.ts";

/** Every call that SDKs reported of flags under a rollout, by cohort and by when the report arrived. */
export interface CohortCounts {
  /** Undefined: no SDK has reported any since the server started or the rollout began. */
  total(
    measured: Measured,
    range: { readonly from: EpochMs; readonly to: EpochMs },
    cohorts: Cohorts,
  ): CohortTotal | undefined;
}
