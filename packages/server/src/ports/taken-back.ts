/** A rollback that is stored, and the legs of the way there by the monotonic clock. */
export interface TakenBack {
  /** Id of the rollout. */
  readonly rollout: string;
  readonly environment: string;
  /** The environment's revision at which the flag is off. */
  readonly revision: number;
  /** Of the oldest value that it was decided on, when it was asked for; missing when it was not decided on values. */
  readonly dataAgeMs?: number;
  /** From asking for the values, or from the command, to the decision. */
  readonly decideMs: number;
  /** From the decision to its being stored. */
  readonly commitMs: number;
  /** Monotonic. */
  readonly committedAtMs: number;
}
