import type { CohortReport, RunReport, UnitsReport } from "@rampart/core";

/** What one SDK reports at a time, as far as it is taken in here. */
export interface MeasuredReport {
  readonly instanceId: string;
  readonly seq: number;
  readonly runs: readonly RunReport[];
  readonly cohorts?: readonly CohortReport[] | undefined;
  readonly units?: readonly UnitsReport[] | undefined;
}
