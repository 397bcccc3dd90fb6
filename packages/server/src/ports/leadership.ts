/** Which of the servers on one database evaluates rollouts: samples metrics, keeps deadlines, sends messages. */
export interface Leadership {
  /** Others may be on the same database: what is in memory may be older than what is stored. */
  readonly isShared: boolean;
  /** What each step that the evaluator takes by itself carries; undefined: this server does not evaluate. */
  evaluating(): { readonly fence?: number } | undefined;
}

/** The number of a server that watches by itself because the store is away: nothing is ever stored under it. */
export const NO_FENCE = 0;

/** The only server on its store. */
export const soleServer: Leadership = { isShared: false, evaluating: () => ({}) };
