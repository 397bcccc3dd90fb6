/** Whether the flag was on for a user. */
export type Cohort = "on" | "off";

/** Calls of users whom the percentage put where they are, of one flag under a rollout, by unit and never by id. */
export interface UnitsReport {
  readonly flag: string;
  /** A tracked metric, or `run` (`RUN_METRIC`). */
  readonly metric: string;
  /** The percentage that the client knew, in thousandths of a percent. The server leaves out what was measured at another than the present one. */
  readonly thousandths: number;
  /** See `decodeUnits`. */
  readonly data: string;
}

/** A tracked metric of all users of one cohort of a flag under a rollout, whatever put them there. */
export interface CohortReport {
  readonly flag: string;
  readonly metric: string;
  readonly cohort: Cohort;
  readonly count: number;
  readonly failures: number;
  /** `[bin, count]` of the values, where there were any; see `valueBin`. */
  readonly valueBins: readonly (readonly [bin: number, count: number])[];
}
